import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from '#policies/exchange.ts'
import type { HeadFault } from './http1/head.ts'

interface RefusalKind {
  readonly status: number
  readonly title: string
  readonly headers?: Readonly<Record<string, string>>
}

const METHODS_TAKEN = 'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS'

/** What the gateway itself refuses, by stable code. Policies bring codes of their own. */
export const refusalKinds = {
  bad_request_line: { status: 400, title: 'The request line cannot be read' },
  bad_path: { status: 400, title: 'The path is not acceptable' },
  bad_header: { status: 400, title: 'A header cannot be read' },
  bad_host: { status: 400, title: 'The Host header is missing or not acceptable' },
  bad_framing: { status: 400, title: 'The length of the request is not clear' },
  https_required: { status: 400, title: 'This port speaks HTTPS' },
  bad_upgrade: { status: 400, title: 'The upgrade request is not acceptable' },
  foreign_origin: { status: 403, title: 'Pages of that origin may not open WebSockets here' },
  no_route: { status: 404, title: 'No API answers at this address' },
  method_not_allowed: { status: 405, title: 'That method is not allowed', headers: { allow: METHODS_TAKEN } },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  client_cert_missing: { status: 401, title: 'A client certificate is needed' },
  client_cert_expired: { status: 401, title: 'The client certificate has expired' },
  client_cert_not_yet_valid: { status: 401, title: 'The client certificate is not valid yet' },
  client_cert_untrusted_issuer: { status: 401, title: 'The client certificate is not from a trusted issuer' },
  client_cert_san_not_allowed: { status: 401, title: 'No name of the client certificate is allowed' },
  client_cert_wrong_usage: { status: 401, title: 'The certificate is not one for clients' },
  client_cert_revoked: { status: 401, title: 'The client certificate has been revoked' },
  client_cert_revocation_unknown: {
    status: 401,
    title: 'No current list says whether the client certificate has been revoked',
  },
  client_cert_weak_key: { status: 401, title: 'The key or signature of the client certificate is too weak' },
  client_cert_pin_mismatch: {
    status: 401,
    title: 'The key of the client certificate is not one that is pinned',
  },
  client_cert_invalid: { status: 401, title: 'The client certificate cannot be accepted' },
  misdirected_request: { status: 421, title: 'This connection is not one for that host' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  bad_expectation: { status: 417, title: 'That expectation cannot be met' },
  websocket_version: {
    status: 426,
    title: 'That WebSocket version is not spoken here',
    headers: { upgrade: 'websocket', 'sec-websocket-version': '13' },
  },
  header_too_large: { status: 431, title: 'The headers are too large' },
  policy_failed: { status: 500, title: 'A policy failed' },
  method_unknown: { status: 501, title: 'That method is not known' },
  upstream_unreachable: { status: 502, title: 'The provider cannot be reached' },
  upstream_forbidden_address: { status: 502, title: 'The address of the provider must not be reached' },
  upstream_reset: { status: 502, title: 'The provider ended the connection' },
  upstream_bad_response: { status: 502, title: 'The answer of the provider cannot be read' },
  upstream_no_websocket: { status: 502, title: 'The provider is spoken to over HTTP/2, without WebSockets' },
  upstream_busy: {
    status: 503,
    title: 'Too many requests wait for the provider',
    headers: { 'retry-after': '1' },
  },
  upstream_tls_untrusted: { status: 502, title: 'The certificate of the provider is not trusted' },
  upstream_tls_cert_expired: { status: 502, title: 'The certificate of the provider has expired' },
  upstream_tls_cert_not_yet_valid: { status: 502, title: 'The certificate of the provider is not valid yet' },
  upstream_tls_cert_revoked: { status: 502, title: 'The certificate of the provider has been revoked' },
  upstream_tls_name_mismatch: { status: 502, title: 'The certificate of the provider has another name' },
  upstream_tls_san_not_allowed: {
    status: 502,
    title: 'The certificate of the provider has no name that is allowed',
  },
  upstream_tls_pin_mismatch: { status: 502, title: 'The key of the provider is not one that is pinned' },
  upstream_tls_client_cert_refused: {
    status: 502,
    title: 'The provider does not take the certificate of the gateway',
  },
  upstream_tls_handshake: { status: 502, title: 'The provider and the gateway do not agree on TLS' },
  upstream_circuit_open: {
    status: 503,
    title: 'The provider is given time to recover',
    headers: { 'retry-after': '1' },
  },
  overloaded: {
    status: 503,
    title: 'The gateway has more to do than it can',
    headers: { 'retry-after': '1' },
  },
  no_descriptors: {
    status: 503,
    title: 'The gateway has no file descriptor left for a connection to the provider',
    headers: { 'retry-after': '1' },
  },
  not_configured: {
    status: 503,
    title: 'The gateway has no configuration yet',
    headers: { 'retry-after': '1' },
  },
  upstream_connect_timeout: { status: 504, title: 'The provider took too long to accept the connection' },
  upstream_response_timeout: { status: 504, title: 'The provider took too long to answer' },
  exchange_timeout: { status: 504, title: 'The request took too long' },
  bad_version: { status: 505, title: 'That HTTP version is not spoken here' },
  bad_status_line: { status: 502, title: 'The answer of the provider cannot be read' },
} as const satisfies Record<HeadFault, RefusalKind> & Record<string, RefusalKind>

export type RefusalCode = keyof typeof refusalKinds

/** The gateway's own refusal of that code. */
export function refusal(code: RefusalCode, retryAfterSeconds?: number): Refusal {
  const { status, title, headers }: RefusalKind = refusalKinds[code]
  if (retryAfterSeconds !== undefined)
    return { status, code, detail: title, headers: { ...headers, 'retry-after': String(retryAfterSeconds) } }
  return { status, code, detail: title, ...(headers === undefined ? {} : { headers }) }
}

/** The problem document (RFC 9457) of a refusal; empty below 400, where there is no problem. */
export function problemBody(refused: Refusal, requestId: string): string {
  if (refused.status < 400) return ''
  const { status, code, detail } = refused
  return JSON.stringify({
    type: `urn:hexgate:problem:${code}`,
    title: isOwn(code) ? refusalKinds[code].title : (STATUS_CODES[status] ?? 'Refused'),
    status,
    code,
    detail,
    requestId,
  })
}

function isOwn(code: string): code is RefusalCode {
  return Object.hasOwn(refusalKinds, code)
}

/** Status line of an answer that the gateway makes. */
export function ownStatusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n`
}

/** Refuses a connection of which nothing has been read. What still comes is dropped: closing at once would reset the answer away. */
export function refuseConnection(socket: Socket, code: RefusalCode, lingerMs: number): void {
  const { status, title, headers }: RefusalKind = refusalKinds[code]
  const body = JSON.stringify({ type: `urn:hexgate:problem:${code}`, title, status, code })
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => undefined)
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
  socket.end(
    `${ownStatusLine(status)}Content-Type: application/problem+json\r\n${lines.join('')}` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}
