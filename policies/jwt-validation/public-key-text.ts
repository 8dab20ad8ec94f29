import { base64url } from 'jose'
import { keyOfJwk, type VerificationKey } from './key.ts'

/** A public key as people paste it: a PEM of a SubjectPublicKeyInfo (RFC 5280 §4.1), its bare base64, or a JWK. */
export function keyOfText(text: string): VerificationKey | string {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return keyOfJwkText(trimmed)
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(trimmed)?.[1]
  if (label === 'CERTIFICATE')
    return 'a certificate is not taken here, only its public key (openssl x509 -pubkey -noout)'
  if (label?.includes('PRIVATE') === true) return 'a private key must not be given to those who only verify'
  if (label === 'RSA PUBLIC KEY')
    return 'PKCS#1 is not taken here (openssl rsa -RSAPublicKey_in -pubout makes it the usual form)'
  if (label !== undefined && label !== 'PUBLIC KEY') return `a PEM of ${label} is not a public key`
  const body =
    /^(?:-----BEGIN PUBLIC KEY-----)?([A-Za-z0-9+/\s]+={0,2})\s*(?:-----END PUBLIC KEY-----)?$/.exec(trimmed)
  try {
    const jwk = body === null ? undefined : jwkOfSpki(bytesOfBase64(body[1] ?? ''))
    return jwk === undefined ? 'it is neither a public key in PEM nor a JWK' : keyOfJwk(jwk)
  } catch {
    return 'it is not a whole public key'
  }
}

function keyOfJwkText(text: string): VerificationKey | string {
  try {
    return keyOfJwk(JSON.parse(text))
  } catch {
    return 'it is not JSON'
  }
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/\s/g, '')), (letter) => letter.charCodeAt(0))
}

const rsaEncryption = '2a864886f70d010101'
const ecPublicKey = '2a8648ce3d0201'
const ed25519 = '2b6570'
const curves: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  '2a8648ce3d030107': { name: 'P-256', bytes: 32 },
  '2b81040022': { name: 'P-384', bytes: 48 },
  '2b81040023': { name: 'P-521', bytes: 66 },
}

/** Reads the parts of a SubjectPublicKeyInfo that a JWK is made of; undefined for kinds that are not used. */
function jwkOfSpki(bytes: Uint8Array): Record<string, string> | undefined {
  const [info] = elements(bytes, 0x30)
  if (info === undefined) return undefined
  const [algorithm, key] = elements(info.content)
  if (algorithm?.tag !== 0x30 || key?.tag !== 0x03 || key.content[0] !== 0) return undefined
  const [kind, parameters] = elements(algorithm.content)
  const bits = key.content.subarray(1)
  switch (hex(kind?.content)) {
    case rsaEncryption:
      return jwkOfRsa(bits)
    case ecPublicKey:
      return jwkOfPoint(bits, hex(parameters?.content))
    case ed25519:
      return { kty: 'OKP', crv: 'Ed25519', x: base64url.encode(bits) }
    default:
      return { kty: 'of that algorithm' }
  }
}

function jwkOfRsa(bits: Uint8Array): Record<string, string> | undefined {
  const [sequence] = elements(bits, 0x30)
  if (sequence === undefined) return undefined
  const [n, e] = elements(sequence.content, 0x02)
  return n && e && { kty: 'RSA', n: unsigned(n.content), e: unsigned(e.content) }
}

function jwkOfPoint(bits: Uint8Array, oid: string): Record<string, string> | undefined {
  const curve = Object.hasOwn(curves, oid) ? curves[oid] : undefined
  if (curve === undefined) return { kty: 'EC', crv: 'another' }
  if (bits[0] !== 4 || bits.length !== 1 + 2 * curve.bytes) return undefined
  const x = base64url.encode(bits.subarray(1, 1 + curve.bytes))
  return { kty: 'EC', crv: curve.name, x, y: base64url.encode(bits.subarray(1 + curve.bytes)) }
}

function unsigned(bytes: Uint8Array): string {
  const first = bytes.findIndex((byte) => byte !== 0)
  return base64url.encode(bytes.subarray(Math.max(0, first)))
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

/** The DER elements that stand one behind the other (X.690 §8.1); all of one tag where it is given. */
function elements(bytes: Uint8Array, wanted?: number): Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    const { length, start } = lengthAt(bytes, at + 1)
    if (start + length > bytes.length || (wanted !== undefined && tag !== wanted))
      throw new RangeError('not DER')
    found.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return found
}

function lengthAt(bytes: Uint8Array, at: number): { length: number; start: number } {
  const first = bytes[at] ?? 0
  if (first < 0x80) return { length: first, start: at + 1 }
  const count = first & 0x7f
  if (count === 0 || count > 3) throw new RangeError('not DER')
  let length = 0
  for (let i = 1; i <= count; i++) length = length * 256 + (bytes[at + i] ?? 0)
  return { length, start: at + 1 + count }
}
