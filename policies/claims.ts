import type { Claims } from './exchange.ts'
import { isFieldValue } from './header-fields.ts'

/** Finds what a name says among claims, and writes it as text where it is one value. */

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The claim of a name. A name that is no claim itself is read as a path with dots between its steps
 * (`realm_access.roles`).
 */
export function claimAt(claims: Claims | undefined, name: string): unknown {
  if (claims === undefined) return undefined
  if (Object.hasOwn(claims, name)) return claims[name]
  if (!name.includes('.')) return undefined
  let at: unknown = claims
  for (const step of name.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return undefined
    at = at[step]
  }
  return at
}

/** A text, number or truth value as text; anything else is none. */
export function claimText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** The texts of a claim that may hold one or several. */
export function claimTexts(value: unknown): string[] {
  return [value].flat().flatMap((one) => claimText(one) ?? [])
}

/** Scopes as tokens spell them: one text with spaces between (RFC 8693 §4.2), or a list. */
export function scopesOf(claims: Claims | undefined): string[] {
  return ['scope', 'scp'].flatMap((name) =>
    claimTexts(claimAt(claims, name)).flatMap((text) => text.split(' ').filter((scope) => scope !== '')),
  )
}

/** The same claims, which nobody can change any more: one token's claims are shown to many requests. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/**
 * A claim as the value of a header: lists and objects as JSON, and what no header can carry percent-encoded.
 */
export function claimHeader(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const text = claimText(value) ?? asciiJson(value)
  if (text === '' || isFieldValue(text)) return text === '' ? undefined : text
  return encodeURIComponent(text.toWellFormed())
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
