import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWK } from 'jose'

/** An issuer for tests, which signs whatever it is told, however wrong that is. */
export interface TestIssuer {
  readonly algorithm: string
  readonly jwk: JWK
  readonly pem: string
  /** Signs texts as they stand; objects are written as JSON. */
  sign(header: object | string, claims: object | string): Promise<string>
}

const subtleNames: Readonly<Record<string, AlgorithmIdentifier | EcdsaParams | RsaPssParams>> = {
  RS256: 'RSASSA-PKCS1-v1_5',
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  EdDSA: 'Ed25519',
}

export async function testIssuer(
  algorithm = 'ES256',
  kid?: string,
  modulusLength = 2_048,
): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { modulusLength, extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) }
  const name = subtleNames[algorithm]
  if (name === undefined) throw new Error(`tests do not sign with ${algorithm}`)
  return {
    algorithm,
    jwk,
    pem: await exportSPKI(publicKey),
    async sign(header, claims) {
      const input = `${part(header)}.${part(claims)}`
      const signature = await crypto.subtle.sign(name, privateKey, new TextEncoder().encode(input))
      return `${input}.${base64url.encode(new Uint8Array(signature))}`
    },
  }
}

/** Signs with a secret, whatever the header says. */
export async function signedBySecret(
  secret: Uint8Array<ArrayBuffer>,
  header: object,
  claims: object,
): Promise<string> {
  const input = `${part(header)}.${part(claims)}`
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}

export function part(value: object | string): string {
  return base64url.encode(typeof value === 'string' ? value : JSON.stringify(value))
}
