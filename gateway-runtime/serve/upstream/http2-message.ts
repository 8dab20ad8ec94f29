import { FIELD, type Head } from '../http1/head.ts'

/** Names with their values in turn, as node:http2 gives and takes them. */
export type FieldList = readonly string[]

// What HTTP/2 has no field for (RFC 9113 §8.2.2), and the host, which is `:authority`.
const DROPS =
  (1 << FIELD.host) |
  (1 << FIELD.transferEncoding) |
  (1 << FIELD.connection) |
  (1 << FIELD.upgrade) |
  (1 << FIELD.hop) |
  (1 << FIELD.nominated)

/** The head of a request, written as HTTP/1.1, as a list for HTTP/2. */
export function requestFields(head: Head, isSecure: boolean, takesTrailers: boolean): string[] {
  const fields = [
    ':method',
    head.method,
    ':scheme',
    isSecure ? 'https' : 'http',
    ':authority',
    head.value(head.hostField),
    ':path',
    head.target,
  ]
  for (let field = 0; field < head.fieldCount; field++) {
    if (((DROPS >> head.kind(field)) & 1) === 1) continue
    fields.push(head.name(field).toLowerCase(), head.value(field))
  }
  if (takesTrailers) fields.push('te', 'trailers')
  return fields
}

/**
 * The head of an answer in the form of HTTP/1.1, which the parser for it then judges. It never has a coding: where
 * it has no length either, the end of the stream is the end of the body.
 */
export function responseBytes(fields: FieldList): Buffer {
  let status = ''
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name === ':status') status = fields[i + 1] ?? ''
    else if (!name.startsWith(':')) lines += `${name}: ${fields[i + 1]}\r\n`
  }
  return Buffer.from(`HTTP/1.1 ${status} \r\n${lines}\r\n`, 'latin1')
}
