import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Secret } from '#domain/secret.ts'
import { env } from './env.ts'

const version = 'v1'
// Without it Node takes shortened tags, which are easier to forge.
const authTagLength = 16

/**
 * Seals a secret for the database: AES-256-GCM under the master key, with a fresh nonce.
 * `purpose` is bound to it, so that a sealed value moved to another column does not open.
 */
export function seal(plain: string, purpose: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', masterKey(), nonce, { authTagLength })
  cipher.setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return [version, ...[nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
    '.',
  )
}

/** Opens what `seal` made for the same purpose. Throws when it was altered or sealed under another key. */
export function unseal(text: string, purpose: string): Secret {
  const [found, nonce, sealed, tag] = text.split('.')
  if (found !== version || !nonce || sealed === undefined || !tag)
    throw new Error(`unreadable secret for ${purpose}`)
  const decipher = createDecipheriv('aes-256-gcm', masterKey(), Buffer.from(nonce, 'base64url'), {
    authTagLength,
  })
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(Buffer.from(tag, 'base64url'))
  const plain = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()])
  return new Secret(plain.toString('utf8'))
}

function masterKey(): Buffer {
  return Buffer.from(env().HEXGATE_MASTER_KEY, 'base64')
}
