import type { SubjectAltName } from './certificate.ts'

/**
 * Allow-lists of names in certificates. A pattern is a URI (`spiffe://td/ns/a`, or `spiffe://td/ns/*` for all that is
 * below), a DNS name (`*.a.example` for one label, RFC 6125 §6.4.3), a mailbox or an address. Common names never count.
 */

type Matches = (name: SubjectAltName) => boolean

const uriPattern = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*]+(?:\/[^\s?#*]*)?(?:\/\*)?$/i
const dnsPattern =
  /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i
const emailPattern = /^[^\s@*]+@[^\s@*]+$/
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** An address in its one form (RFC 5952), or undefined where it is none. */
export function canonicalAddress(text: string): string | undefined {
  if (ipv4.test(text)) return text
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return undefined
  return URL.canParse(`http://[${text}]`) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : undefined
}

/** What is wrong with a pattern, or undefined. */
export function namePatternFault(pattern: string): string | undefined {
  if (pattern.includes('://'))
    return uriPattern.test(pattern)
      ? undefined
      : 'is a URI with something that cannot be there; only a path may end in /*'
  if (pattern.includes('@')) return emailPattern.test(pattern) ? undefined : 'is no mailbox'
  if (canonicalAddress(pattern) !== undefined) return undefined
  if (!dnsPattern.test(pattern) || pattern.length > 253)
    return 'is no URI, DNS name, mailbox or address; a * stands for the first label of a DNS name or the end of a URI'
  return /^[\d.]+$/.test(pattern) ? 'is no address' : undefined
}

/** The test for a list of patterns: whether one of the names is allowed. An empty list allows every certificate. */
export function compileNames(patterns: readonly string[]): (names: readonly SubjectAltName[]) => boolean {
  if (patterns.length === 0) return () => true
  const tests = patterns.map(matcherOf)
  return (names) => names.some((name) => tests.some((matches) => matches(name)))
}

function matcherOf(pattern: string): Matches {
  if (pattern.includes('://')) return uriMatcher(pattern)
  if (pattern.includes('@')) return emailMatcher(pattern)
  const address = canonicalAddress(pattern)
  if (address !== undefined) return ({ type, value }) => type === 'ip' && value === address
  return dnsMatcher(pattern.toLowerCase())
}

function uriMatcher(pattern: string): Matches {
  if (!pattern.endsWith('/*')) return ({ type, value }) => type === 'uri' && value === pattern
  const start = pattern.slice(0, -1)
  return ({ type, value }) =>
    type === 'uri' && value.startsWith(start) && isPlainPath(value.slice(start.length))
}

// With dots, escapes or empty segments, what is below a path is a matter of who reads it.
function isPlainPath(rest: string): boolean {
  return rest.split('/').every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && !/^\.{1,2}$/.test(segment))
}

// RFC 5280 §4.2.1.6: the local part is compared as it is, the domain without regard to case.
function emailMatcher(pattern: string): Matches {
  const wanted = folded(pattern)
  return ({ type, value }) => type === 'email' && folded(value) === wanted
}

function folded(mailbox: string): string {
  const at = mailbox.lastIndexOf('@')
  return mailbox.slice(0, at) + mailbox.slice(at).toLowerCase()
}

function dnsMatcher(pattern: string): Matches {
  return ({ type, value }) => {
    if (type !== 'dns') return false
    const name = value.toLowerCase()
    return name === pattern || coversLabel(pattern, name) || coversLabel(name, pattern)
  }
}

/** Whether a wildcard covers a name: exactly one label, and never the one below a top-level domain. */
function coversLabel(wildcard: string, name: string): boolean {
  if (!wildcard.startsWith('*.') || !wildcard.slice(2).includes('.') || name.startsWith('*')) return false
  const dot = name.indexOf('.')
  return dot > 0 && name.slice(dot + 1) === wildcard.slice(2)
}
