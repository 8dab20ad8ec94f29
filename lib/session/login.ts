import { createHash, randomBytes } from 'node:crypto'
import NextAuthModule, { type Account, type AuthOptions, type TokenSet } from 'next-auth'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { Problem } from '#domain/problem.ts'
import { transaction } from '../db.ts'
import { toProblem } from '../endpoint.ts'
import { env } from '../env.ts'
import { log } from '../log.ts'
import { admit, type Profile, profile } from './admit.ts'
import { openSession, revokeSession } from './browser-session.ts'
import { absoluteMs, authSecret, cookieName, cookieOptions, parseCookies, sessionIdIn } from './cookie.ts'
import { endSessionAddress, type IssuerMetadata, issuerMetadata, type Tokens } from './issuer.ts'
import { callNextAuth, type NextAuthAnswer } from './next-auth-call.ts'

// Node gives the CommonJS module whole, a bundler its default export.
const nextAuth =
  'default' in NextAuthModule ? (NextAuthModule.default as typeof NextAuthModule) : NextAuthModule

const providerId = 'oidc'
export const signedOutPath = '/signin/signed-out'

/** Answers GET and POST under /api/auth: begin to sign in, come back from the issuer, sign out. */
export async function serveAuth(request: Request): Promise<Response> {
  const url = new URL(request.url)
  const action = `${request.method} ${url.pathname.replace(/^\/api\/auth/, '')}`
  if (action === `GET /signin/${providerId}`) return beginLogin(request, url)
  if (action === `GET /callback/${providerId}`) return finishLogin(request, url)
  if (action === 'POST /logout') return logout(request)
  return new Response('Not found\n', { status: 404 })
}

async function beginLogin(request: Request, url: URL): Promise<Response> {
  const moved = ownAddress(request, url)
  if (moved)
    return new Response(null, { status: 303, headers: { location: moved, 'cache-control': 'no-store' } })
  const next = localPath(url.searchParams.get('next'))
  try {
    // The issuer must answer now: sending somebody to a page that does not come up explains nothing.
    const metadata = await issuerMetadata({ mustAnswer: true })
    const secret = await authSecret()
    const options = nextAuthOptions(metadata, secret, {})
    const csrf = ownCsrf(secret)
    const answer = await callNextAuth(nextAuth, options, {
      method: 'POST',
      action: ['signin', providerId],
      query: url.searchParams.get('prompt') === 'login' ? { prompt: 'login' } : {},
      body: { csrfToken: csrf.token, callbackUrl: env().HEXGATE_PORTAL_URL + next },
      cookies: { ...cookiesOf(request), [cookieName('csrf')]: csrf.cookie },
    })
    return leave(answer, next)
  } catch (error) {
    return toSignIn(errorWord(error), next)
  }
}

// The way back ends at the portal's own address, and cookies that are set at another, say 127.0.0.1 instead of
// localhost, would be missing there. Once only, since a proxy may well ask us by another name.
function ownAddress(request: Request, url: URL): string | null {
  const portal = new URL(env().HEXGATE_PORTAL_URL)
  if (request.headers.get('host') === portal.host || url.searchParams.has('moved')) return null
  const query = new URLSearchParams([...url.searchParams, ['moved', '1']])
  return `${portal.origin}${url.pathname}?${query}`
}

// next-auth starts a login for forms that carry its token. Starting one changes nothing yet: what must not be
// forged is the way back, which state, nonce and PKCE protect.
function ownCsrf(secret: string): { token: string; cookie: string } {
  const token = randomBytes(32).toString('hex')
  return {
    token,
    cookie: `${token}|${createHash('sha256')
      .update(token + secret)
      .digest('hex')}`,
  }
}

async function finishLogin(request: Request, url: URL): Promise<Response> {
  let next = '/'
  try {
    const cookies = cookiesOf(request)
    next = localPath(URL.parse(cookies[cookieName('return')] ?? '')?.pathname ?? null)
    const previous = await sessionIdIn(request.headers.get('cookie'))
    const attempt: Attempt = {}
    const metadata = await issuerMetadata()
    const secret = await authSecret()
    const answer = await callNextAuth(nextAuth, nextAuthOptions(metadata, secret, attempt), {
      method: 'GET',
      action: ['callback', providerId],
      query: Object.fromEntries(url.searchParams),
      body: {},
      cookies,
    })
    if (attempt.failure) throw attempt.failure
    const response = leave(answer, next)
    // Whoever signs in anew leaves the session before; its cookie is worth nothing from here on.
    if (previous && isSessionSet(answer)) await revokeSession(previous)
    return response
  } catch (error) {
    return toSignIn(errorWord(error), next)
  }
}

function isSessionSet(answer: NextAuthAnswer): boolean {
  return answer.cookies.some((cookie) => cookie.startsWith(`${cookieName('session')}=`))
}

async function logout(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) return new Response('Sign out from the portal itself.\n', { status: 403 })
  const portal = env().HEXGATE_PORTAL_URL
  const sessionId = await sessionIdIn(request.headers.get('cookie'))
  const ended = sessionId ? await revokeSession(sessionId) : null
  const there = await endSessionAddress(ended?.idToken ?? null, portal + signedOutPath).catch(() => null)
  const location = there ?? `${portal}${signedOutPath}?only=here`
  const headers = new Headers({ 'cache-control': 'no-store' })
  headers.append('set-cookie', expired(cookieName('session')))
  // A script asks where to go, since a form's redirects are bound to known places.
  if (request.headers.get('accept')?.includes('application/json'))
    return Response.json({ location }, { headers })
  headers.set('location', location)
  return new Response(null, { status: 303, headers })
}

function isSameOrigin(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  const origin = URL.parse(request.headers.get('origin') ?? '')
  return origin !== null && origin.host === request.headers.get('host')
}

// next-auth reduces whatever fails inside it to a word; the reason is kept here.
interface Attempt {
  failure?: unknown
}

function nextAuthOptions(issuer: IssuerMetadata, secret: string, attempt: Attempt): AuthOptions {
  // next-auth reads its address from the environment alone.
  process.env['NEXTAUTH_URL'] = env().HEXGATE_PORTAL_URL
  const common = cookieOptions()
  const brief = { ...common, maxAge: 15 * 60 }
  return {
    secret,
    providers: [oidcProvider(issuer)],
    session: { strategy: 'jwt', maxAge: absoluteMs / 1000 },
    pages: { signIn: '/signin', error: '/signin' },
    cookies: {
      sessionToken: { name: cookieName('session'), options: common },
      csrfToken: { name: cookieName('csrf'), options: common },
      callbackUrl: { name: cookieName('return'), options: brief },
      pkceCodeVerifier: { name: cookieName('pkce'), options: brief },
      state: { name: cookieName('state'), options: brief },
      nonce: { name: cookieName('nonce'), options: brief },
    },
    callbacks: {
      // The cookie names our row and says nothing else.
      jwt: async ({ account, profile: claims }) => {
        if (!account) return {}
        try {
          return { sid: await recordLogin(account, claims) }
        } catch (error) {
          attempt.failure = error
          throw error
        }
      },
    },
    logger: {
      error: (code, detail) => log.warn({ code, reason: reasonIn(detail) }, 'signing in failed'),
      warn: () => undefined,
      debug: () => undefined,
    },
  }
}

// The details may hold more than a log should; the message alone is enough to act on.
function reasonIn(detail: unknown): string {
  if (detail instanceof Error) return detail.message
  const inner = typeof detail === 'object' && detail !== null && 'error' in detail ? detail.error : undefined
  return inner instanceof Error || (typeof inner === 'object' && inner !== null && 'message' in inner)
    ? String(inner.message)
    : 'unknown'
}

function oidcProvider(issuer: IssuerMetadata): OAuthConfig<Profile> {
  const wanted = ['openid', 'profile', 'email', 'offline_access']
  const offered = new Set(issuer.scopes_supported)
  const scope = wanted.filter((name) => name !== 'offline_access' || offered.has(name)).join(' ')
  const { OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_ISSUER } = env()
  return {
    id: providerId,
    name: 'OpenID Connect',
    type: 'oauth',
    wellKnown: `${OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    client: {
      id_token_signed_response_alg: preferred(issuer.id_token_signing_alg_values_supported, 'RS256'),
      token_endpoint_auth_method: preferred(
        issuer.token_endpoint_auth_methods_supported.filter((method) => method.startsWith('client_secret_')),
        'client_secret_basic',
      ),
    },
    checks: ['pkce', 'state', 'nonce'],
    idToken: true,
    authorization: { params: { scope } },
    userinfo: {
      // Many issuers keep the ID token small; the library refuses an answer about another subject.
      request: async ({ tokens, client }) => {
        const claims = idClaims(tokens)
        if (!client.issuer.metadata['userinfo_endpoint']) return claims
        return { ...claims, ...(await client.userinfo(tokens as Parameters<typeof client.userinfo>[0])) }
      },
    },
    profile: (claims) => ({ id: claims.sub }),
  }
}

// openid-client has verified the token by now, and its token set reads it.
function idClaims(tokens: TokenSet): Record<string, unknown> {
  return 'claims' in tokens && typeof tokens['claims'] === 'function' ? tokens['claims']() : {}
}

function preferred(offered: readonly string[], usual: string): never {
  // The two settings are unions of names in openid-client; an issuer may name any.
  return (offered.length === 0 || offered.includes(usual) ? usual : offered[0]) as never
}

async function recordLogin(account: Account, claims: unknown): Promise<string> {
  const person = profile.parse(claims)
  const tokens: Tokens = {
    access_token: String(account['access_token']),
    expires_in: secondsLeft(account['expires_at']),
    ...(account['refresh_token'] && { refresh_token: account['refresh_token'] }),
    ...(account['id_token'] && { id_token: account['id_token'] }),
  }
  // The person stays known even when nobody has let them in yet: that is how an administrator finds them.
  const outcome = await transaction(async (tx) => {
    try {
      return await openSession(tx, await admit(tx, person), tokens)
    } catch (error) {
      if (error instanceof Problem) return error
      throw error
    }
  })
  if (outcome instanceof Problem) throw outcome
  return outcome
}

function secondsLeft(expiresAt: unknown): number {
  const usual = 300
  return typeof expiresAt === 'number' ? Math.max(1, expiresAt - Math.floor(Date.now() / 1000)) : usual
}

/** A path of the portal to return to; anything else is the start page. */
export function localPath(path: string | null): string {
  if (!path?.startsWith('/') || path.startsWith('//') || path.includes('\\')) return '/'
  const url = URL.parse(path, 'http://portal.invalid')
  if (url?.host !== 'portal.invalid' || /^\/(?:api|signin)(?:\/|$)/.test(url.pathname)) return '/'
  return url.pathname + url.search
}

function leave(answer: NextAuthAnswer, next: string): Response {
  const target = new URL(answer.location ?? '/', env().HEXGATE_PORTAL_URL)
  const error = target.searchParams.get('error')
  const headers = new Headers({ 'cache-control': 'no-store' })
  for (const cookie of answer.cookies) {
    // Our own start stands in for the form that this one would protect.
    if (!cookie.startsWith(`${cookieName('csrf')}=`)) headers.append('set-cookie', cookie)
  }
  const failed = target.origin === new URL(env().HEXGATE_PORTAL_URL).origin && error !== null
  headers.set('location', failed ? signInAddress(error, next) : target.href)
  return new Response(null, { status: 303, headers })
}

function toSignIn(error: string, next: string): Response {
  const headers = { 'cache-control': 'no-store', location: signInAddress(error, next) }
  return new Response(null, { status: 303, headers })
}

function signInAddress(error: string, next: string): string {
  const query = new URLSearchParams({ error, ...(next !== '/' && { next }) })
  return `${env().HEXGATE_PORTAL_URL}/signin?${query}`
}

function errorWord(error: unknown): string {
  const problem = toProblem(error)
  if (problem.code === 'issuer.unavailable') return 'unavailable'
  if (problem.code === 'access.no-membership') return 'no-membership'
  if (problem.code === 'database.unavailable') return 'database'
  log.error({ err: error }, 'signing in failed')
  return 'failed'
}

function cookiesOf(request: Request): Record<string, string> {
  return Object.fromEntries(parseCookies(request.headers.get('cookie') ?? ''))
}

function expired(name: string): string {
  return `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${env().HEXGATE_PORTAL_URL.startsWith('https:') ? '; Secure' : ''}`
}
