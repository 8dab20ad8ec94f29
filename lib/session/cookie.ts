import { createHash, hkdfSync } from 'node:crypto'
import { decode } from 'next-auth/jwt'
import { transaction } from '../db.ts'
import { env } from '../env.ts'
import { sealingKey, unwrapped } from '../trust/data-keys.ts'

/** A session ends when nobody used it for so long, */
export const idleMs = 2 * 60 * 60_000
/** and at the latest so long after signing in. */
export const absoluteMs = 12 * 60 * 60_000

/** Whether browsers reach the portal by https, so that cookies can insist on it. */
function isSecure(): boolean {
  return env().HEXGATE_PORTAL_URL.startsWith('https:')
}

/** The name of one of the portal's cookies. */
export function cookieName(part: 'session' | 'pkce' | 'state' | 'nonce' | 'return' | 'csrf'): string {
  return `${isSecure() ? '__Host-' : ''}hexgate.${part}`
}

/** How every cookie of the portal is set. */
export function cookieOptions() {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure() } as const
}

let derived: string | undefined

/**
 * What next-auth encrypts its cookies under, derived from the portal's own data key: nobody is signed out where
 * another master key wraps that.
 */
export async function authSecret(): Promise<string> {
  if (derived !== undefined) return derived
  const key = unwrapped(await transaction((tx) => sealingKey(tx, null)))
  const bytes = hkdfSync('sha256', key, '', 'hexgate session cookies', 32)
  return (derived = Buffer.from(bytes).toString('base64url'))
}

/** The session that a Cookie header names; null when it names none that we made. */
export async function sessionIdIn(cookieHeader: string | null): Promise<string | null> {
  const token = parseCookies(cookieHeader ?? '').get(cookieName('session'))
  if (!token) return null
  const secret = await authSecret()
  try {
    const payload = await decode({ token, secret })
    return typeof payload?.['sid'] === 'string' ? payload['sid'] : null
  } catch {
    return null
  }
}

/** The pairs of a Cookie header. Of two with one name the first counts, as servers commonly have it. */
export function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, at)).trim()
    if (name !== '' && !cookies.has(name)) cookies.set(name, decodeValue(pair.slice(at + 1).trim()))
  }
  return cookies
}

function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** What may be shown of a session's id: enough to point at it, useless as the session. */
export function publicSessionId(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 22)
}
