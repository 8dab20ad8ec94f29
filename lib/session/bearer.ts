import { hash } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { type Scope, scopes } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { env } from '../env.ts'
import { introspect, issuerKeys, issuerMetadata, isUnreachable } from './issuer.ts'

/** What a valid token says: whose it is, and what it may be used for. */
interface Claims {
  subject: string
  scopes: ReadonlySet<Scope>
  /** Milliseconds since 1970. */
  expiresAt: number
}

const tokenCharactersMax = 8_192
// RFC 6750 §2.1: b64token. Two Authorization headers arrive joined by a comma and do not fit.
const bearer = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const clockToleranceSeconds = 10

/** The token of an Authorization header; null when there is no such header. */
export function bearerTokenIn(header: string | null): string | null {
  if (header === null) return null
  const token = bearer.exec(header.trim())?.[1]
  if (!token || token.length > tokenCharactersMax)
    invalid('Send the token as: Authorization: Bearer <token>.')
  return token
}

/** Who acts with a bearer token. The account and its role are read anew for every request. */
export async function actorOfToken(token: string): Promise<Actor> {
  const claims = await claimsOf(token)
  const { subject } = claims
  const issuer = env().OIDC_ISSUER
  const machine = await db().serviceAccount.findUnique({
    where: { issuer_clientId: { issuer, clientId: subject } },
  })
  if (machine) {
    if (machine.revokedAt) throw new Problem('access.no-membership', 'This client was removed.')
    const { id, name, organisationId, role } = machine
    return { kind: 'machine', id, name, organisationId, role, scopes: claims.scopes, sessionId: null }
  }
  const user = await db().user.findUnique({
    where: { issuer_subject: { issuer, subject } },
    include: { memberships: { where: { revokedAt: null }, orderBy: { createdAt: 'asc' }, take: 1 } },
  })
  const membership = user?.memberships[0]
  if (!user || !membership) {
    throw new Problem('access.no-membership', 'The token is valid, but nobody here goes by its subject.')
  }
  const { organisationId, role } = membership
  return {
    kind: 'user',
    id: user.id,
    name: user.name,
    organisationId,
    role,
    scopes: claims.scopes,
    sessionId: null,
  }
}

function claimsOf(token: string): Promise<Claims> {
  return token.split('.').length === 3 ? verifyLocally(token) : introspectCached(token)
}

// Symmetric algorithms and none are not here: the issuer's published keys are public.
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

async function verifyLocally(token: string): Promise<Claims> {
  const { issuer } = await issuerMetadata()
  const keys = await issuerKeys()
  const { HEXGATE_PORTAL_URL, OIDC_CLIENT_ID } = env()
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: [HEXGATE_PORTAL_URL, OIDC_CLIENT_ID],
    algorithms,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', 'sub'],
  }).catch(refuse)
  // An ID token has our audience too, but it was made to say who signed in, not to be sent around.
  if (payload['nonce'] !== undefined || payload['at_hash'] !== undefined || payload['typ'] === 'ID') {
    invalid('This is an ID token; send an access token.')
  }
  const { scope = '', sub = '', exp = 0 } = payload
  return { subject: sub, scopes: known(typeof scope === 'string' ? scope : ''), expiresAt: exp * 1000 }
}

function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) invalid('The token has expired.')
  if (error instanceof errors.JWTClaimValidationFailed) {
    invalid(`The token does not fit this portal (${error.claim}).`)
  }
  if (isUnreachable(error)) {
    throw new Problem('issuer.unavailable', 'The keys of the identity provider cannot be fetched.')
  }
  invalid('The token is not one of ours.')
}

interface Cached {
  claims: Claims | null
  until: number
}

// So long a token that was revoked at the issuer may go on working here.
const cachedMs = 10_000
const cachedMax = 2_000
const cache = new Map<string, Cached>()
const asking = new Map<string, Promise<Claims | null>>()
// Each unknown token costs a question to the issuer; more at once than this are turned away.
const askingMax = 64

async function introspectCached(token: string): Promise<Claims> {
  const key = hash('sha256', `${env().OIDC_ISSUER} ${token}`)
  const known = cache.get(key)
  const claims = known && known.until > Date.now() ? known.claims : await askOnce(key, token)
  if (!claims || claims.expiresAt <= Date.now()) invalid('The token is not active.')
  return claims
}

function askOnce(key: string, token: string): Promise<Claims | null> {
  const running = asking.get(key)
  if (running) return running
  if (asking.size >= askingMax) {
    throw new Problem('issuer.unavailable', 'Too many unknown tokens are being checked; try again.')
  }
  const answer = askIssuer(token)
    .then((claims) => remember(key, claims))
    .finally(() => asking.delete(key))
  asking.set(key, answer)
  return answer
}

async function askIssuer(token: string): Promise<Claims | null> {
  const answer = await introspect(token)
  const subject = answer.sub ?? answer.client_id
  if (!answer.active || !subject) return null
  if (answer.iss !== undefined && answer.iss !== (await issuerMetadata()).issuer) return null
  const expiresAt = answer.exp === undefined ? Date.now() + cachedMs : answer.exp * 1000
  return { subject, scopes: known(answer.scope), expiresAt }
}

function remember(key: string, claims: Claims | null): Claims | null {
  const until = Math.min(Date.now() + cachedMs, claims?.expiresAt ?? Number.POSITIVE_INFINITY)
  cache.delete(key)
  cache.set(key, { claims, until })
  if (cache.size > cachedMax) {
    const oldest = cache.keys().next().value
    if (oldest !== undefined) cache.delete(oldest)
  }
  return claims
}

function known(scope: string): ReadonlySet<Scope> {
  const given = new Set(scope.split(' '))
  return new Set(scopes.filter((name) => given.has(name)))
}

function invalid(detail: string): never {
  throw new Problem('token.invalid', detail)
}
