import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

/**
 * Lines of text under AES-256-GCM: magic, nonce, ciphertext, tag. The purpose is bound to it, so that a file
 * put in the place of another does not open.
 */

const magic = Buffer.from('HEXGATE1')
const nonceLength = 12
const tagLength = 16
/** Gives way to traffic after about so many characters. */
const sliceCharacters = 262_144

function aadOf(purpose: string): Buffer {
  return Buffer.concat([magic, Buffer.from(purpose)])
}

/** Seals lines piece by piece, so that a large configuration does not hold the event loop. */
export async function* sealLines(
  key: Buffer,
  purpose: string,
  lines: Iterable<string>,
): AsyncGenerator<Buffer> {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
  cipher.setAAD(aadOf(purpose))
  yield Buffer.concat([magic, nonce])
  let slice = ''
  for (const line of lines) {
    slice += `${line}\n`
    if (slice.length < sliceCharacters) continue
    yield cipher.update(slice, 'utf8')
    slice = ''
    await setImmediate()
  }
  yield Buffer.concat([cipher.update(slice, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Opens what `sealLines` made for the same purpose. Throws with the reason when it was altered in any way. */
export function openLines(key: Buffer, purpose: string, sealed: Buffer): string[] {
  const bodyStart = magic.length + nonceLength
  if (sealed.length === 0) throw new Error('it is empty')
  if (sealed.length < bodyStart + tagLength) throw new Error('it is cut short')
  if (!sealed.subarray(0, magic.length).equals(magic)) throw new Error('it is of another kind or version')
  const nonce = sealed.subarray(magic.length, bodyStart)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
  decipher.setAAD(aadOf(purpose)).setAuthTag(sealed.subarray(-tagLength))
  const plain = decipher.update(sealed.subarray(bodyStart, -tagLength))
  try {
    decipher.final()
  } catch {
    throw new Error('it was altered, cut short or sealed with another key')
  }
  return plain.toString('utf8').split('\n').slice(0, -1)
}
