import { createHash } from 'node:crypto'
import type { Http1Exchange } from '../exchange.ts'
import { FIELD, type Head } from '../http1/head.ts'
import { headText, REQUEST_DROPS } from '../http1/serialise.ts'
import { destinationPath } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import type { Endpoint } from '../upstream/endpoint.ts'

/** The head of a request as it goes to an endpoint, with the empty line. */
export function requestHead(exchange: Http1Exchange, endpoint: Endpoint, upgrades: boolean): string {
  const { head, requestEdits } = exchange
  const host = requestEdits?.get('host') ?? endpoint.authority
  const start = `${exchange.method} ${destination(exchange, endpoint)} HTTP/1.1\r\nHost: ${host}\r\n`
  // RFC 9110 §10.1.1: an expectation from HTTP/1.0 is ignored.
  const drops = head.minor === 0 ? REQUEST_DROPS | (1 << FIELD.expect) : REQUEST_DROPS
  const fields = headText(head, start, drops, requestEdits)
  const framing = head.chunked ? 'Transfer-Encoding: chunked\r\n' : ''
  const upgrade = upgrades ? UPGRADE_LINES : ''
  return `${fields}${exchange.hops.lines}X-Request-Id: ${exchange.requestId}\r\n${framing}${upgrade}\r\n`
}

export const UPGRADE_LINES = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

function destination(exchange: Http1Exchange, endpoint: Endpoint): string {
  const strippedBase = exchange.route?.strippedBase ?? ''
  if (exchange.isTargetAsSent && strippedBase === '' && endpoint.basePath === '') return exchange.head.target
  return destinationPath(exchange.path, strippedBase, endpoint.basePath) + exchange.query
}

/** Whether the client asks for a WebSocket. Any other upgrade is left out, which declines it (RFC 9110 §7.8). */
export function asksForWebSocket(head: Head): boolean {
  return (
    head.upgradeNamed &&
    head.upgradeFields === 1 &&
    head.minor === 1 &&
    head.value(head.upgradeField).toLowerCase() === 'websocket'
  )
}

/** What is wrong with a WebSocket's opening handshake (RFC 6455 §4.2.1), or null. */
export function webSocketFault(head: Head): RefusalCode | null {
  if (head.method !== 'GET' || head.chunked || head.contentLength > 0) return 'bad_upgrade'
  if (valueOf(head, 'sec-websocket-version') !== '13') return 'websocket_version'
  return WEBSOCKET_KEY.test(valueOf(head, 'sec-websocket-key') ?? '') ? null : 'bad_upgrade'
}

/**
 * Whether a 101 answers this very handshake. A tunnel to something that did not agree to WebSocket would let
 * the client speak raw HTTP to the upstream, past every policy.
 */
export function acceptsWebSocket(request: Head, response: Head): boolean {
  if (!response.upgradeNamed || response.upgradeFields !== 1) return false
  if (response.value(response.upgradeField).toLowerCase() !== 'websocket') return false
  const key = valueOf(request, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return valueOf(response, 'sec-websocket-accept') === accept
}

const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/

// The only field of that name, or undefined.
function valueOf(head: Head, name: string): string | undefined {
  const field = head.find(name, 0)
  return field < 0 || head.find(name, 0, field + 1) >= 0 ? undefined : head.value(field)
}
