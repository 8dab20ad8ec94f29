import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'

/** What a client shows, and what a proxy judges it by. */
export interface Credentials {
  readonly apiKey: string
  /** A signed token (RS256) that is good for a day. */
  readonly token: string
  readonly issuer: string
  readonly audience: string
  /** PEM. */
  readonly publicKey: string
  /** The same key as a JSON Web Key Set. */
  readonly jwks: string
}

export async function makeCredentials(): Promise<Credentials> {
  const issuer = 'https://issuer.bench.example'
  const audience = 'https://api.bench.example'
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2_048 })
  const kid = 'bench'
  const token = await new SignJWT({ scope: 'orders.read' })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('bench')
    .setIssuedAt()
    .setExpirationTime('1 day')
    .sign(privateKey)
  return {
    apiKey: 'bench-key-000000000000000000000001',
    token,
    issuer,
    audience,
    publicKey: await exportSPKI(publicKey),
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }] }),
  }
}
