import { base64url } from 'jose'
import type { Claims } from '../exchange.ts'
import { strictObject } from './strict-json.ts'

/** A signed token (RFC 7515 §7.1, compact) taken apart, before anything in it has been verified. */
export interface Token {
  readonly text: string
  readonly algorithm: string
  readonly keyId: string | undefined
  readonly claims: Claims
}

/** Why a text is no token that is looked at any further. */
export interface Malformed {
  readonly check: 'malformed' | 'algorithm' | 'signature'
  readonly detail: string
}

const charactersMax = 16_384
const keyIdMax = 500

// Whoever signs a token must not also say by which key it is to be judged (RFC 8725 §3.10).
const keysOfItsOwn = ['jku', 'jwk', 'x5u', 'x5c'] as const
const kinds = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'])

/** Takes a token apart by the letter: one spelling only, and nothing in its head that would have to be understood. */
export function readToken(text: string): Token | Malformed {
  if (text.length > charactersMax) return malformed(`The token is longer than ${charactersMax} characters.`)
  const parts = text.split('.')
  const [head = '', payload = '', signature = ''] = parts
  if (parts.length !== 3) return malformed('The token does not have three parts.')
  if (!isCanonical(head) || !isCanonical(payload) || !isCanonical(signature))
    return malformed('The token is not written in base64url.')
  const header = decoded(head)
  if (header === undefined) return malformed('The header of the token is not a JSON object.')
  const fault = headerFault(header)
  if (fault !== undefined) return fault
  if (signature === '') return { check: 'signature', detail: 'The token is not signed.' }
  const claims = decoded(payload)
  if (claims === undefined) return malformed('The claims of the token are not a JSON object.')
  const { alg, kid } = header
  return {
    text,
    // The header was just looked at: its members are texts.
    algorithm: alg as string,
    keyId: kid as string | undefined,
    claims,
  }
}

function malformed(detail: string): Malformed {
  return { check: 'malformed', detail }
}

function headerFault(header: Readonly<Record<string, unknown>>): Malformed | undefined {
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || alg === '') return malformed('The token names no algorithm.')
  if (alg.toLowerCase() === 'none') return { check: 'algorithm', detail: 'The token is not signed.' }
  const own = keysOfItsOwn.find((name) => Object.hasOwn(header, name))
  if (own !== undefined) return malformed(`The token brings a key of its own (${own}).`)
  // No extension is understood here, and crit asks for that (RFC 7515 §4.1.11).
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    return malformed('The token asks for an extension that is not understood.')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > keyIdMax))
    return malformed('The key id of the token is not a short text.')
  if (typ !== undefined && (typeof typ !== 'string' || !kinds.has(typ.toLowerCase())))
    return malformed('The token is of another kind than JWT.')
  return undefined
}

const letters = /^[A-Za-z0-9_-]*$/
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** No padding, no spaces, and no bits behind the last byte: each value has one spelling (RFC 4648 §3.5). */
function isCanonical(part: string): boolean {
  if (!letters.test(part)) return false
  const last = alphabet.indexOf(part.at(-1) ?? 'A')
  switch (part.length % 4) {
    case 1:
      return false
    case 2:
      return (last & 0b1111) === 0
    case 3:
      return (last & 0b11) === 0
    default:
      return true
  }
}

function decoded(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const bytes = base64url.decode(part)
    return strictObject(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}
