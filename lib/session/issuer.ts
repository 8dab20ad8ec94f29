import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { Problem } from '#domain/problem.ts'
import { env } from '../env.ts'
import { log } from '../log.ts'

const metadata = z.object({
  issuer: z.string(),
  token_endpoint: z.url({ protocol: /^https?$/ }),
  jwks_uri: z.url({ protocol: /^https?$/ }),
  introspection_endpoint: z.url({ protocol: /^https?$/ }).optional(),
  end_session_endpoint: z.url({ protocol: /^https?$/ }).optional(),
  scopes_supported: z.array(z.string()).default([]),
  id_token_signing_alg_values_supported: z.array(z.string()).default(['RS256']),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})
export type IssuerMetadata = z.output<typeof metadata>

// Shorter than the database waits for a row lock, under which a refresh asks the issuer.
const answerWithinMs = 3_000
const freshMs = 10 * 60_000
// An issuer that is away is not asked by every request.
const retryAfterMs = 2_000

interface Known {
  issuer: string
  found: IssuerMetadata | null
  keys: JWTVerifyGetKey | null
  foundAt: number
  failedAt: number
  asking: Promise<IssuerMetadata> | null
}

let known: Known | undefined

function state(): Known {
  const issuer = env().OIDC_ISSUER
  if (known?.issuer !== issuer) {
    known = { issuer, found: null, keys: null, foundAt: 0, failedAt: 0, asking: null }
  }
  return known
}

/** The issuer's own description; the last good one while the issuer is away, unless it must answer now. */
export async function issuerMetadata(options: { mustAnswer?: boolean } = {}): Promise<IssuerMetadata> {
  const current = state()
  if (options.mustAnswer) return discoverOnce(current)
  const now = Date.now()
  const mayAsk = now - current.failedAt >= retryAfterMs
  if (!current.found) return mayAsk ? discoverOnce(current) : unavailable()
  // Nobody waits for a description that is merely old.
  if (now - current.foundAt >= freshMs && mayAsk) discoverOnce(current).catch(() => undefined)
  return current.found
}

function discoverOnce(current: Known): Promise<IssuerMetadata> {
  current.asking ??= discover(current).finally(() => {
    current.asking = null
  })
  return current.asking
}

async function discover(current: Known): Promise<IssuerMetadata> {
  const address = `${current.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const response = await ask(address, { headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`${address} answered ${response.status}`)
    const found = metadata.parse(await response.json())
    // RFC 8414 §3.3: a description of another issuer must not be used.
    if (found.issuer.replace(/\/$/, '') !== current.issuer.replace(/\/$/, '')) {
      throw new Error(`${address} describes ${found.issuer}`)
    }
    if (found.jwks_uri !== current.found?.jwks_uri) {
      current.keys = lastingKeys(new URL(found.jwks_uri))
    }
    Object.assign(current, { found, foundAt: Date.now(), failedAt: 0 })
    return found
  } catch (error) {
    current.failedAt = Date.now()
    log.warn({ err: error }, 'the identity provider does not answer')
    return unavailable()
  }
}

function unavailable(): never {
  throw new Problem('issuer.unavailable', 'The identity provider does not answer; try again in a moment.')
}

/** How long keys that were fetched count while the issuer cannot be asked for new ones. */
export const staleKeysMs = 60 * 60_000

function lastingKeys(address: URL): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(address, { timeoutDuration: answerWithinMs, cacheMaxAge: freshMs })
  let freshAt = 0
  return async (header, token) => {
    try {
      const key = await remote(header, token)
      freshAt = Date.now()
      return key
    } catch (error) {
      const kept = remote.jwks()
      if (!isUnreachable(error) || !kept || Date.now() - freshAt > staleKeysMs) throw error
      return createLocalJWKSet(kept)(header, token)
    }
  }
}

/** Whether keys could not be fetched, as opposed to: were fetched, and none fits. */
export function isUnreachable(error: unknown): boolean {
  // jose passes on what fetch threw, and a plain JOSEError when the answer was not 200.
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return true
  return error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'
}

/** The issuer's keys for signatures; fetched when needed, at most every 30 s for unknown ones. */
export async function issuerKeys(): Promise<JWTVerifyGetKey> {
  await issuerMetadata()
  return state().keys ?? unavailable()
}

const tokens = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  id_token: z.string().min(1).optional(),
  expires_in: z.number().positive().default(300),
})
export type Tokens = z.output<typeof tokens>

/** New tokens for a refresh token; null when the issuer refuses it. */
export async function refreshTokens(refreshToken: string): Promise<Tokens | null> {
  const { token_endpoint } = await issuerMetadata()
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken }
  const response = await postAsClient(token_endpoint, fields)
  if (response.status === 400) return null
  if (!response.ok) return unavailable()
  const parsed = tokens.safeParse(await response.json().catch(() => null))
  return parsed.success ? parsed.data : unavailable()
}

const introspection = z.object({
  active: z.boolean(),
  sub: z.string().optional(),
  client_id: z.string().optional(),
  scope: z.string().default(''),
  exp: z.number().optional(),
  iss: z.string().optional(),
})
export type Introspection = z.output<typeof introspection>

/** What the issuer says of an opaque token. */
export async function introspect(token: string): Promise<Introspection> {
  const { introspection_endpoint } = await issuerMetadata()
  if (!introspection_endpoint) {
    throw new Problem('token.invalid', 'The identity provider does not introspect opaque tokens; send a JWT.')
  }
  const response = await postAsClient(introspection_endpoint, { token, token_type_hint: 'access_token' })
  if (response.status === 400) return { active: false, scope: '' }
  if (!response.ok) return unavailable()
  const parsed = introspection.safeParse(await response.json().catch(() => null))
  return parsed.success ? parsed.data : unavailable()
}

async function postAsClient(address: string, fields: Record<string, string>): Promise<Response> {
  const { OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = env()
  // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
  const credentials = `${encodeURIComponent(OIDC_CLIENT_ID)}:${encodeURIComponent(OIDC_CLIENT_SECRET)}`
  const headers = {
    accept: 'application/json',
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
  }
  try {
    return await ask(address, { method: 'POST', headers, body: new URLSearchParams(fields) })
  } catch (error) {
    log.warn({ err: error }, 'the identity provider does not answer')
    return unavailable()
  }
}

function ask(address: string, init: RequestInit): Promise<Response> {
  return fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) })
}

/** Where a browser goes to end its login at the issuer too; null when the issuer offers no such place. */
export async function endSessionAddress(idToken: string | null, returnTo: string): Promise<string | null> {
  const { end_session_endpoint } = await issuerMetadata()
  if (!end_session_endpoint) return null
  const address = new URL(end_session_endpoint)
  if (idToken) address.searchParams.set('id_token_hint', idToken)
  else address.searchParams.set('client_id', env().OIDC_CLIENT_ID)
  address.searchParams.set('post_logout_redirect_uri', returnTo)
  return address.href
}
