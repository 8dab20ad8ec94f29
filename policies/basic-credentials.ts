import type { Exchange } from './exchange.ts'

/** A name and a password out of an Authorization header (RFC 7617). */
export interface BasicCredentials {
  readonly name: string
  readonly password: string
}

const basic = /^basic +([A-Za-z0-9+/]+={0,2})$/i
const lengthMax = 4_096

/**
 * The credentials of a request; undefined where there are none of that kind, and a reason where they cannot be read.
 */
export function basicCredentials(exchange: Exchange): BasicCredentials | string | undefined {
  const values = exchange.headerValues('authorization')
  if (values.length > 1) return 'The request carries more than one Authorization header.'
  const value = values[0]
  if (value === undefined || !/^basic(?: |$)/i.test(value)) return undefined
  const encoded = value.length > lengthMax ? undefined : basic.exec(value)?.[1]
  const text = encoded === undefined ? undefined : decoded(encoded)
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 0) return 'The credentials of the request cannot be read.'
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

function decoded(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
