import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

// Without it Node takes shortened tags, which are easier to forge.
const authTagLength = 16

/** Encrypts with AES-256-GCM under a fresh nonce: `nonce.ciphertext.tag`, each in base64url. `bound` opens it again. */
export function encrypted(plain: Buffer, key: Buffer, bound: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength })
  cipher.setAAD(Buffer.from(bound))
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return [nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

/** Throws where it was altered, or made under another key or for something else. */
export function decrypted(text: string, key: Buffer, bound: string): Buffer {
  const [nonce, sealed, tag, ...rest] = text.split('.')
  if (!nonce || sealed === undefined || !tag || rest.length > 0) throw new Error('not a sealed text')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength })
  decipher.setAAD(Buffer.from(bound)).setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()])
}
