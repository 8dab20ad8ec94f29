import type { Socket } from 'node:net'
import { type GatewayCode, gatewayCodes } from '#domain/gateway-codes.ts'
import type { Refusal } from '#policies/exchange.ts'
import type { HeadFault } from './http1/head.ts'

// An import asks for all that the module exports, and with it for Node's own fetch, which takes megabytes.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

interface RefusalKind {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

const METHODS_TAKEN = 'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS'

/** What the gateway itself refuses, by stable code. Policies bring codes of their own. */
export const refusalKinds = {
  bad_request_line: { status: 400 },
  bad_path: { status: 400 },
  bad_header: { status: 400 },
  bad_host: { status: 400 },
  bad_framing: { status: 400 },
  https_required: { status: 400 },
  bad_upgrade: { status: 400 },
  foreign_origin: { status: 403 },
  no_route: { status: 404 },
  method_not_allowed: { status: 405, headers: { allow: METHODS_TAKEN } },
  request_timeout: { status: 408 },
  client_cert_missing: { status: 401 },
  client_cert_expired: { status: 401 },
  client_cert_not_yet_valid: { status: 401 },
  client_cert_untrusted_issuer: { status: 401 },
  client_cert_san_not_allowed: { status: 401 },
  client_cert_wrong_usage: { status: 401 },
  client_cert_revoked: { status: 401 },
  client_cert_revocation_unknown: { status: 401 },
  client_cert_weak_key: { status: 401 },
  client_cert_pin_mismatch: { status: 401 },
  client_cert_invalid: { status: 401 },
  misdirected_request: { status: 421 },
  body_too_large: { status: 413 },
  uri_too_long: { status: 414 },
  bad_expectation: { status: 417 },
  websocket_version: {
    status: 426,
    headers: { upgrade: 'websocket', 'sec-websocket-version': '13' },
  },
  header_too_large: { status: 431 },
  policy_failed: { status: 500 },
  method_unknown: { status: 501 },
  upstream_unreachable: { status: 502 },
  upstream_forbidden_address: { status: 502 },
  upstream_reset: { status: 502 },
  upstream_bad_response: { status: 502 },
  upstream_no_websocket: { status: 502 },
  upstream_busy: { status: 503, headers: { 'retry-after': '1' } },
  upstream_tls_untrusted: { status: 502 },
  upstream_tls_cert_expired: { status: 502 },
  upstream_tls_cert_not_yet_valid: { status: 502 },
  upstream_tls_cert_revoked: { status: 502 },
  upstream_tls_name_mismatch: { status: 502 },
  upstream_tls_san_not_allowed: { status: 502 },
  upstream_tls_pin_mismatch: { status: 502 },
  upstream_tls_client_cert_refused: { status: 502 },
  upstream_tls_handshake: { status: 502 },
  upstream_circuit_open: { status: 503, headers: { 'retry-after': '1' } },
  overloaded: { status: 503, headers: { 'retry-after': '1' } },
  gateway_exhausted: { status: 503, headers: { 'retry-after': '1' } },
  not_configured: { status: 503, headers: { 'retry-after': '1' } },
  upstream_connect_timeout: { status: 504 },
  upstream_response_timeout: { status: 504 },
  exchange_timeout: { status: 504 },
  bad_version: { status: 505 },
  bad_status_line: { status: 502 },
} as const satisfies Record<HeadFault, RefusalKind> & { [code in GatewayCode]?: RefusalKind }

export type RefusalCode = keyof typeof refusalKinds

/** The gateway's own refusal of that code. */
export function refusal(code: RefusalCode, retryAfterSeconds?: number): Refusal {
  const { status, headers }: RefusalKind = refusalKinds[code]
  const title = gatewayCodes[code]
  if (retryAfterSeconds !== undefined)
    return { status, code, detail: title, headers: { ...headers, 'retry-after': String(retryAfterSeconds) } }
  return { status, code, detail: title, ...(headers === undefined ? {} : { headers }) }
}

/** Whether an answer refuses something: below 400 none does, and none that has a body of its own, as out of a cache. */
export function isRefusal({ status, body }: Refusal): boolean {
  return status >= 400 && body === undefined
}

/** The problem document (RFC 9457) of a refusal; empty for other answers. */
export function problemBody(refused: Refusal, requestId: string): string {
  if (!isRefusal(refused)) return ''
  const { status, code, detail } = refused
  return JSON.stringify({
    type: `urn:hexgate:problem:${code}`,
    title: isOwn(code) ? gatewayCodes[code] : (STATUS_CODES[status] ?? 'Refused'),
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
  const { status, headers }: RefusalKind = refusalKinds[code]
  const title = gatewayCodes[code]
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
