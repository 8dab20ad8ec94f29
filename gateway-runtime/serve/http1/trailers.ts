import { isFieldValue, isToken } from './bytes.ts'
import type { Head } from './head.ts'

/** Names with their values in turn; names are lower-case. */
export type TrailerFields = readonly string[]

// RFC 9110 §6.5.1: what frames a message, routes it, proves who sent it, changes how it is taken or says what the
// content is must be known before the body, and whoever reads it behind the body may be made to believe anything.
const NEVER = new Set([
  'age', 'authorization', 'cache-control', 'connection', 'cookie', 'cookie2', 'date', 'expect', 'expires',
  'forwarded', 'host', 'http2-settings', 'keep-alive', 'location', 'max-forwards', 'pragma', 'proxy-authenticate',
  'proxy-authorization', 'proxy-connection', 'range', 'retry-after', 'set-cookie', 'set-cookie2', 'te', 'trailer',
  'traceparent', 'tracestate', 'transfer-encoding', 'upgrade', 'vary', 'warning', 'www-authenticate', 'x-request-id',
]) // biome-ignore format: a list of words
const NEVER_BEGIN = ['content-', 'if-', 'x-forwarded-', 'access-control-', 'proxy-']

/** Whether a field of this lower-case name may go on behind a body. */
export function mayTrail(name: string): boolean {
  // An underscore: many servers cannot tell it from a hyphen.
  if (!isToken(name) || name.includes('_') || NEVER.has(name)) return false
  return !NEVER_BEGIN.some((start) => name.startsWith(start))
}

/** The trailer fields of a message that may go on; a field of the head that comes again is not believed. */
export function passedTrailers(
  fields: TrailerFields,
  isInHead: (name: string) => boolean = () => false,
): string[] {
  const passed: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    if (mayTrail(name) && isFieldValue(value) && !isInHead(name)) passed.push(name, value)
  }
  return passed
}

/** Trailer fields as the lines between the last chunk and the empty line. */
export function trailerLines(fields: TrailerFields): string {
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`
  return lines
}

/** Whether a client has said that it takes trailers (RFC 9110 §10.1.4). */
export function takesTrailers(request: Head): boolean {
  for (let field = request.find('te', 0); field >= 0; field = request.find('te', 0, field + 1)) {
    if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(request.value(field))) return true
  }
  return false
}
