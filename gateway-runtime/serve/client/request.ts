import { createHash } from 'node:crypto'
import type { Http1Exchange } from '../exchange.ts'
import { SLASH } from '../http1/bytes.ts'
import { chunkOf } from '../http1/chunked.ts'
import { FIELD, type Head } from '../http1/head.ts'
import { headText, REQUEST_DROPS } from '../http1/serialise.ts'
import { destinationPath } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import type { UpstreamLink } from '../upstream/connection.ts'
import type { Endpoint } from '../upstream/endpoint.ts'

/** The head of a request as it goes to an endpoint, with the empty line. */
export function requestHead(exchange: Http1Exchange, endpoint: Endpoint, upgrades: boolean): string {
  const { head, requestEdits, course } = exchange
  const isTaken = course !== null && course.body !== null
  const editedHost = requestEdits === null ? undefined : requestEdits.get('host')
  const hostLine = typeof editedHost === 'string' ? `Host: ${editedHost}\r\n` : endpoint.hostLine
  // RFC 9110 §10.1.1: an expectation from HTTP/1.0 is ignored, one that has been met goes no further.
  const drops = head.minor === 0 || isTaken ? REQUEST_DROPS | (1 << FIELD.expect) : REQUEST_DROPS
  const fields = headText(head, startLine(exchange, endpoint) + hostLine, drops, requestEdits)
  return fields + exchange.hops.lines + exchange.requestId + endOf(exchange, upgrades)
}

export const UPGRADE_LINES = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

// Behind the value of X-Request-Id.
function endOf({ head, course }: Http1Exchange, upgrades: boolean): string {
  if (!head.chunked && !upgrades) return '\r\n\r\n'
  if (course !== null && course.body !== null && course.isBodyWhole)
    return `\r\nContent-Length: ${course.body.length}\r\n\r\n`
  return `\r\n${head.chunked ? 'Transfer-Encoding: chunked\r\n' : ''}${upgrades ? UPGRADE_LINES : ''}\r\n`
}

// Where the target goes on as it came, all of the line behind the stripped base path is one slice.
function startLine(exchange: Http1Exchange, endpoint: Endpoint): string {
  const { head, route } = exchange
  const strippedBase = route === null ? '' : route.strippedBase
  const restStart = head.base + head.targetStart + strippedBase.length
  if (exchange.isTargetAsSent && head.minor === 1 && head.bytes[restStart] === SLASH) {
    const rest = head.bytes.latin1Slice(restStart, head.base + head.startLineEnd)
    const before = exchange.method === 'GET' ? 'GET ' : `${exchange.method} `
    return endpoint.basePath === '' ? before + rest : before + endpoint.basePath + rest
  }
  const replaced = exchange.destinationPath
  const path =
    replaced === undefined
      ? destinationPath(exchange.path, strippedBase, endpoint.basePath)
      : destinationPath(replaced, '', endpoint.basePath)
  return `${exchange.method} ${path}${exchange.query} HTTP/1.1\r\n`
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

// Up to here text is cheaper: one write for head and body.
const TEXT_BYTES_MAX = 8_192

/** Writes a head and what has been read of the body for policies. */
export function writeTaken(
  link: UpstreamLink,
  head: string,
  body: Buffer,
  { head: came, course }: Http1Exchange,
): void {
  const isChunk = came.chunked && course?.isBodyWhole !== true
  const bytes = isChunk ? chunkOf(body, [0, body.length], false) : body
  if (bytes === null) return
  if (bytes.length <= TEXT_BYTES_MAX) link.writeText(head + bytes.latin1Slice())
  else {
    link.writeText(head)
    link.write(bytes)
  }
}
