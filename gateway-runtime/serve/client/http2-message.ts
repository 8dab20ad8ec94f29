import { clock } from '../clock.ts'
import type { Http1Exchange } from '../exchange.ts'
import { isFieldValue, isTarget, isToken } from '../http1/bytes.ts'
import { FIELD, type Head } from '../http1/head.ts'
import { type HeadEdits, RESPONSE_DROPS } from '../http1/serialise.ts'
import type { RefusalCode } from '../refusals.ts'
import type { OwnAnswer } from './own-answer.ts'

/** Names with their values in turn, as node:http2 gives and takes them. */
export type FieldList = readonly string[]

// RFC 9113 §8.2.2. nghttp2 refuses most of them; none may reach the parser, to which they mean something.
const CONNECTION_FIELDS = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade',
]) // biome-ignore format: a list of words

/** The parts of a request's head, taken apart. */
interface Parts {
  method: string
  path: string
  scheme: string
  authority: string
  host: string | undefined
  cookies: string
  hasLength: boolean
  lines: string
}

/**
 * The head of an HTTP/2 request in the form of HTTP/1.1, or why it cannot have one. The strict parser of HTTP/1.1
 * then judges it: one set of rules decides about host, path, method, names and lengths, whatever a client speaks.
 * Without a length a body gets the chunked coding, since that is how it goes on. Cookie crumbs are joined
 * (RFC 9113 §8.2.3).
 */
export function requestBytes(fields: FieldList, endsWithHead: boolean): Buffer | RefusalCode {
  const parts = partsOf(fields)
  if (typeof parts === 'string') return parts
  const { method, path, scheme, authority, host, cookies, hasLength, lines } = parts
  if (method === 'CONNECT') return 'method_not_allowed'
  if (!isToken(method) || (scheme !== 'http' && scheme !== 'https')) return 'bad_request_line'
  // Nothing but the path itself: whatever has a blank or a line end would reach beyond its place in the line.
  if ((path[0] !== '/' && path !== '*') || !isTarget(path)) return 'bad_path'
  const ofHost = authority === '' ? host : authority
  // RFC 9113 §8.3.1: two names for one request would let a policy look at one and the upstream at the other.
  if (ofHost === undefined || (host !== undefined && host.toLowerCase() !== ofHost.toLowerCase()))
    return 'bad_host'
  const coding = endsWithHead || hasLength ? '' : 'transfer-encoding: chunked\r\n'
  const cookie = cookies === '' ? '' : `cookie: ${cookies}\r\n`
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: ${ofHost}\r\n${lines}${cookie}${coding}\r\n`,
    'latin1',
  )
}

function partsOf(fields: FieldList): Parts | RefusalCode {
  const parts: Parts = {
    method: '',
    path: '',
    scheme: '',
    authority: '',
    host: undefined,
    cookies: '',
    hasLength: false,
    lines: '',
  }
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const fault = takeField(parts, fields[i] ?? '', fields[i + 1] ?? '')
    if (fault !== null) return fault
  }
  return parts
}

function takeField(parts: Parts, name: string, value: string): RefusalCode | null {
  // A line end would start a line of its own in the form of HTTP/1.1.
  if (!isFieldValue(value)) return 'bad_header'
  switch (name) {
    case ':method':
      parts.method = value
      return null
    case ':path':
      parts.path = value
      return null
    case ':scheme':
      parts.scheme = value.toLowerCase()
      return null
    case ':authority':
      parts.authority = value
      return null
    case 'host':
      if (parts.host !== undefined) return 'bad_host'
      parts.host = value
      return null
    case 'cookie':
      parts.cookies += parts.cookies === '' ? value : `; ${value}`
      return null
    case 'te':
      if (value.toLowerCase() !== 'trailers') return 'bad_header'
      break
    case 'content-length':
      parts.hasLength = true
      break
    default:
      if (!isToken(name) || name !== name.toLowerCase() || CONNECTION_FIELDS.has(name)) return 'bad_header'
  }
  parts.lines += `${name}: ${value}\r\n`
  return null
}

/** The head of the upstream's answer, with what policies changed about it, as a list for HTTP/2. */
export function responseFields(exchange: Http1Exchange, response: Head): string[] {
  const drops = response.status === 204 ? RESPONSE_DROPS | (1 << FIELD.contentLength) : RESPONSE_DROPS
  const fields = fieldsOf(response, drops, exchange.responseEdits)
  if (!response.hasDate) fields.push('date', clock.date)
  return fields
}

/** A 1xx as it goes on. */
export function interimFields(response: Head): Record<string, string | number | string[]> {
  return { ...byName(fieldsOf(response, RESPONSE_DROPS, null).slice(2)), ':status': response.status }
}

/** Names with all their values, for the calls of node:http2 that take no lists. */
export function byName(list: FieldList): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    const before = fields[name]
    fields[name] = before === undefined ? value : [before, value].flat()
  }
  return fields
}

function fieldsOf(head: Head, drops: number, edits: HeadEdits | null): string[] {
  const fields = [':status', String(head.status)]
  for (let field = 0; field < head.fieldCount; field++) {
    if (((drops >> head.kind(field)) & 1) === 1 || edits?.touches(head, field) === true) continue
    fields.push(head.name(field).toLowerCase(), head.value(field))
  }
  edits?.appendTo(fields)
  return fields
}

/** The head of an answer that the gateway makes. */
export function ownFields({ status, headers, edits, length }: OwnAnswer): string[] {
  const fields = [':status', String(status)]
  for (const [name, values] of Object.entries(headers)) {
    if (edits?.get(name) !== undefined || CONNECTION_FIELDS.has(name.toLowerCase())) continue
    for (const value of typeof values === 'string' ? [values] : values) fields.push(name.toLowerCase(), value)
  }
  edits?.appendTo(fields)
  if (length >= 0) fields.push('content-length', String(length))
  return fields
}
