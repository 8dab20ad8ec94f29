import { decodeText } from '#domain/text-encoding.ts'

/** Certificates as they come from people: files of any form, or pasted text. */

export type Content = ({ text: string } | { base64: string }) & { password?: string }

export interface Given {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Brought {
  /** The names of the files. */
  readonly name: string
  readonly content: Content
}

const bytesMax = 1_000_000

/**
 * What to send of the files that were given: texts together, so that a certificate and its key may lie in two files; a
 * PKCS#12 file or DER alone, as it is. A text says why they cannot be taken.
 */
export function broughtBy(files: readonly Given[]): Brought | string {
  const [only, another] = files
  if (!only) return 'There is no file.'
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (total > bytesMax)
    return `${namesOf(files)} has ${total.toLocaleString('en')} bytes; ${bytesMax.toLocaleString('en')} are taken at most.`
  const texts = files.map(({ bytes }) => textIn(bytes))
  const isBinary = texts.includes(null)
  if (isBinary && another) return 'A PKCS#12 or DER file is taken alone; drop one file.'
  if (isBinary) return { name: only.name, content: { base64: base64Of(only.bytes) } }
  return { name: namesOf(files), content: { text: texts.join('\n') } }
}

/** A name for a certificate out of the name of its file. */
export function nameFrom(file: string): string {
  const [first = ''] = file.split(', ')
  return first.replace(/\.(?:pem|crt|cer|der|p12|pfx|ya?ml|json|key)$/i, '').slice(0, 100)
}

/** A Certificate of cert-manager instead of a certificate: it says what there is to be. */
export function isCertManagerDocument({ content }: Brought): boolean {
  return 'text' in content && /^\s*["']?kind["']?\s*:\s*["']?Certificate["']?,?\s*$/m.test(content.text)
}

function namesOf(files: readonly Given[]): string {
  return files.map(({ name }) => name).join(', ')
}

// DER may be text by chance; nobody calls it so who does not see a word that belongs there.
function textIn(bytes: Uint8Array): string | null {
  const text = decodeText(bytes)
  if (text === null || text.includes('\0')) return null
  return text
}

const chunkBytes = 8_192

function base64Of(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += chunkBytes)
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes))
  return btoa(binary)
}
