import type { IncomingHttpHeaders } from 'node:http'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { env } from '../env.ts'
import { authenticate } from './authenticate.ts'

/**
 * The actor of a socket's handshake. A cookie travels with any page's connection, so with one the page must be
 * ours. Sockets live longer than a judgement: ask again with the same headers, and close when it throws.
 */
export async function authenticateHandshake(incoming: IncomingHttpHeaders): Promise<Actor> {
  const actor = await authenticate(toHeaders(incoming))
  if (!actor) throw new Problem('session.required', 'This needs a signed-in session or a bearer token.')
  if (actor.sessionId !== null && !isOwnPage(incoming)) {
    throw new Problem(
      'request.cross-site',
      'A socket with a session cookie must be opened by the portal itself.',
    )
  }
  return actor
}

function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers()
  for (const name of ['authorization', 'cookie'] as const) {
    const value = incoming[name]
    if (value !== undefined) headers.set(name, value)
  }
  return headers
}

function isOwnPage({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  // A same-origin GET of a page carries no Origin, but says so here.
  if (origin === undefined) return site === 'same-origin'
  const parsed = URL.parse(origin)
  return (
    parsed !== null && (parsed.origin === new URL(env().HEXGATE_PORTAL_URL).origin || parsed.host === host)
  )
}
