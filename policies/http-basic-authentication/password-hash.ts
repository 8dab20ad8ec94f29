/**
 * Hashed passwords as `$pbkdf2-sha256$…` writes them: PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), as passlib
 * (`$pbkdf2-sha256$600000$salt$hash`) and PHC strings (`$pbkdf2-sha256$i=600000$salt$hash`) have it.
 */
export interface PasswordHash {
  readonly iterations: number
  readonly salt: Uint8Array<ArrayBuffer>
  readonly hash: Uint8Array<ArrayBuffer>
}

const form = /^\$pbkdf2-sha256\$(?:i=)?([1-9]\d{0,7})(?:,l=\d+)?\$([A-Za-z0-9./+]+)\$([A-Za-z0-9./+]+)$/
const iterationsMin = 10_000
const iterationsMax = 5_000_000
const saltBytesMin = 8
const hashBytes = 32

/** Reads a hash, or says what is wrong with it. */
export function readPasswordHash(text: string): PasswordHash | string {
  const match = form.exec(text)
  if (match === null) return 'must be of the form $pbkdf2-sha256$iterations$salt$hash'
  const iterations = Number(match[1])
  const salt = bytesOf(match[2] ?? '')
  const hash = bytesOf(match[3] ?? '')
  if (iterations < iterationsMin || iterations > iterationsMax)
    return `must have between ${iterationsMin} and ${iterationsMax} iterations`
  if (salt === undefined || salt.length < saltBytesMin)
    return `must have a salt of at least ${saltBytesMin} bytes`
  if (hash === undefined || hash.length !== hashBytes) return `must have a hash of ${hashBytes} bytes`
  return { iterations, salt, hash }
}

// passlib writes . where base64 has +, and leaves the padding away.
function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('.', '+')), (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** Says whether a password is the one that was hashed. Takes a thread of the pool for about 100 ms. */
export async function passwordFits(
  password: string,
  { iterations, salt, hash }: PasswordHash,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(password)
  const key = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  const derived = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, hash.length * 8))
  return sameBytes(derived, hash)
}

/** Compares in a time that depends on the lengths alone. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0)
  return difference === 0
}
