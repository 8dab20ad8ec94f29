import type { Actor } from '../actor.ts'
import { actorOfToken, bearerTokenIn } from './bearer.ts'
import { actorOfSession } from './browser-session.ts'
import { sessionIdIn } from './cookie.ts'

/** The actor behind a session cookie or a bearer token; null when the request carries neither. */
export async function authenticate(headers: Headers): Promise<Actor | null> {
  // Who sends a token means the token: a cookie that happens to travel along must not lend it more.
  const token = bearerTokenIn(headers.get('authorization'))
  if (token !== null) return actorOfToken(token)
  const sessionId = await sessionIdIn(headers.get('cookie'))
  return sessionId === null ? null : actorOfSession(sessionId)
}
