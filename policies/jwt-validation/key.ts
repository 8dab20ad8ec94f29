import { base64url, importJWK, type JWK } from 'jose'

/** Keys that tokens are verified with, each bound to the algorithms that its kind is for. */

export const algorithms = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS384', 'HS512',
] as const // biome-ignore format: a list of words
export type Algorithm = (typeof algorithms)[number]

export function isAlgorithm(text: string): text is Algorithm {
  return (algorithms as readonly string[]).includes(text)
}

export function isSymmetric(algorithm: Algorithm): boolean {
  return algorithm.startsWith('HS')
}

/** The algorithms of each elliptic curve that is known here (RFC 7518 §3.4, RFC 8037 §3.1). */
const ofCurve: Readonly<Record<string, Algorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
}
const rsaAlgorithms = algorithms.filter((name) => name.startsWith('RS') || name.startsWith('PS'))
const rsaBitsMin = 2_048
// A verification with a longer key takes so long that tokens would be a cheap way to keep a processor busy.
const rsaBitsMax = 8_192

/** A key that was looked at and found good. It is imported at its first use. */
export class VerificationKey {
  readonly id: string | undefined
  readonly #algorithms: readonly Algorithm[]
  readonly #jwk: JWK
  readonly #imported = new Map<Algorithm, Promise<CryptoKey | Uint8Array>>()

  constructor(jwk: JWK, fits: readonly Algorithm[]) {
    this.id = jwk.kid
    this.#jwk = jwk
    this.#algorithms = fits
  }

  fits(algorithm: Algorithm): boolean {
    return this.#algorithms.includes(algorithm)
  }

  /** Rejects where the key is broken in a way that only cryptography finds out (a point beside the curve). */
  importFor(algorithm: Algorithm): Promise<CryptoKey | Uint8Array> {
    const known = this.#imported.get(algorithm)
    if (known !== undefined) return known
    const imported = importJWK(this.#jwk, algorithm)
    this.#imported.set(algorithm, imported)
    return imported
  }
}

/** A key out of a JWK (RFC 7517), or the reason why it is not used. */
export function keyOfJwk(value: unknown): VerificationKey | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object'
  // An object; what is read of it is checked below.
  const jwk = value as Readonly<Record<string, unknown>>
  const { kty, use, key_ops: operations, alg, kid } = jwk
  if (kid !== undefined && typeof kid !== 'string') return 'its id is not a text'
  if (use !== undefined && use !== 'sig') return 'it is not for signatures'
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'it is not for verifying'
  if ('d' in jwk) return 'it is a private key, which must not be published'
  const fitting = kty === 'RSA' ? algorithmsOfRsa(jwk) : algorithmsOfCurve(jwk)
  if (typeof fitting === 'string') return fitting
  const named = alg === 'Ed25519' ? 'EdDSA' : alg
  const fits = named === undefined ? fitting : fitting.filter((name) => name === named)
  if (fits.length === 0) return 'its algorithm is not one of its kind'
  // Ours says which algorithm is meant; one in the key would only be compared again.
  const { alg: _, use: __, key_ops: ___, ...rest } = jwk
  return new VerificationKey(rest as JWK, fits)
}

function algorithmsOfRsa({ n, e }: Readonly<Record<string, unknown>>): readonly Algorithm[] | string {
  const modulus = bytesOf(n)
  const exponent = bytesOf(e)
  if (modulus === undefined || exponent === undefined) return 'it is not a whole RSA key'
  const bits = bitsOf(modulus)
  if (bits < rsaBitsMin) return `it has ${bits} bits and ${rsaBitsMin} are the least`
  if (bits > rsaBitsMax) return `it has ${bits} bits and ${rsaBitsMax} are the most`
  const lowest = exponent.at(-1) ?? 0
  // With e = 1 the signature is the padded digest itself, which anybody can write down.
  if ((lowest & 1) === 0 || bitsOf(exponent) < 2 || bitsOf(exponent) > 32)
    return 'its exponent is not a sound one'
  return rsaAlgorithms
}

function algorithmsOfCurve({
  kty,
  crv,
  x,
  y,
}: Readonly<Record<string, unknown>>): readonly Algorithm[] | string {
  const name = typeof crv === 'string' && Object.hasOwn(ofCurve, crv) ? ofCurve[crv] : undefined
  if (kty !== 'EC' && kty !== 'OKP')
    return `keys of type ${typeof kty === 'string' ? kty.slice(0, 20) : 'none'} are not used`
  if (name === undefined || (name === 'EdDSA') !== (kty === 'OKP')) return 'its curve is not used'
  if (bytesOf(x) === undefined || (kty === 'EC' && bytesOf(y) === undefined)) return 'it is not a whole key'
  return [name]
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,2000}$/.test(value)) return undefined
  return base64url.decode(value)
}

/** The length of an unsigned big-endian number. */
function bitsOf(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24
}

/** The key of a shared secret; the reason where it is too short for an algorithm (RFC 7518 §3.2). */
export function keyOfSecret(secret: string, allowed: readonly Algorithm[]): VerificationKey | string {
  const bytes = new TextEncoder().encode(secret)
  const needed = Math.max(...allowed.map((name) => Number(name.slice(2)) / 8))
  if (/-----BEGIN|"kty"/.test(secret))
    return 'a key of another kind cannot be a shared secret: everybody may know a public key'
  if (bytes.length < needed) return `a secret for ${allowed.join(', ')} has at least ${needed} bytes`
  return new VerificationKey({ kty: 'oct', k: base64url.encode(bytes) }, allowed)
}
