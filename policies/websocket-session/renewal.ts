import type { Claims } from '../exchange.ts'

/** A client's wish to go on with another token; without one where it left it out. */
export interface Renewal {
  readonly token: string | undefined
}

/** Reads a client's message; undefined where it is none of ours and belongs to the upstream. */
export function renewalIn(text: string, message: string): Renewal | undefined {
  // Nearly all messages are none: they are not parsed.
  if (!text.includes('"type"') || !text.includes(message)) return undefined
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof read !== 'object' || read === null || !('type' in read) || read.type !== message)
    return undefined
  return { token: 'token' in read && typeof read.token === 'string' ? read.token : undefined }
}

/** The moment a token ends in epoch milliseconds, undefined where it has none, null where that cannot be read. */
export function expiryMs(claims: Claims | undefined): number | undefined | null {
  const exp = claims?.['exp']
  if (exp === undefined) return undefined
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1_000 : null
}

/** Who a token is about, by issuer and subject; undefined where it does not say. */
export function subjectOf(claims: Claims | undefined): string | undefined {
  const sub = claims?.['sub']
  if (typeof sub !== 'string' || sub === '') return undefined
  return JSON.stringify([claims?.['iss'] ?? null, sub])
}
