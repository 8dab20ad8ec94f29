import type { Refusal } from '#policies/exchange.ts'
import { clock } from '../clock.ts'
import type { OwnHeaders } from '../course.ts'
import { type Http1Exchange, ownRequestId } from '../exchange.ts'
import type { HeadEdits } from '../http1/serialise.ts'
import { runResponsePhases } from '../phases.ts'
import { ownStatusLine, problemBody, type RefusalCode, refusal } from '../refusals.ts'
import { policiesOf } from './deciding.ts'
import { recordUnparsed } from './ending.ts'
import type { ConnectionHost } from './host.ts'

/** An answer of the gateway's own, before it takes the form of one HTTP version. */
export interface OwnAnswer {
  readonly status: number
  readonly headers: OwnHeaders
  readonly edits: HeadEdits | null
  /** What follows the head. */
  readonly body: Uint8Array
  /** What Content-Length says; below 0 there is none. */
  readonly length: number
}

const NO_BYTES = Buffer.alloc(0)

/** Answers an exchange in the upstream's place; so many policies still look at it. */
export function ownAnswer(
  refused: Refusal,
  exchange: Http1Exchange,
  host: ConnectionHost,
  unasked: number,
): OwnAnswer {
  exchange.status = refused.status
  exchange.code = refused.code
  const body = refused.body ?? problemBody(refused, exchange.requestId)
  const headers = ownHeaders(refused, body, exchange.requestId)
  exchange.showAnswer(headers)
  runResponsePhases(exchange, policiesOf(exchange), host, unasked)
  const answer = formed(refused, headers, body, exchange.responseEdits, exchange.method === 'HEAD')
  exchange.bodyBytes = answer.body.length
  return answer
}

/** Answers, counts and logs something of which no request could be made. */
export function unparsedAnswer(
  code: RefusalCode,
  host: ConnectionHost,
  peer: string,
  isHead = false,
): OwnAnswer {
  const refused = refusal(code)
  const requestId = ownRequestId()
  const body = problemBody(refused, requestId)
  recordUnparsed(refused, host, peer, requestId)
  return formed(refused, ownHeaders(refused, body, requestId), body, null, isHead)
}

/** Headers of an answer that the gateway makes, before response phases see and edit them. */
function ownHeaders(refused: Refusal, body: string | Uint8Array, requestId: string): OwnHeaders {
  return {
    date: clock.date,
    ...(typeof body === 'string' && body !== '' ? { 'content-type': 'application/problem+json' } : {}),
    ...refused.headers,
    'x-request-id': requestId,
  }
}

function formed(
  { status }: Refusal,
  headers: OwnHeaders,
  body: string | Uint8Array,
  edits: HeadEdits | null,
  isHead: boolean,
): OwnAnswer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const isBodiless = status === 204 || status === 304
  // RFC 9110 §8.6: what GET would have is not known where a policy answers HEAD without a body.
  const isUnknown = isBodiless || (isHead && bytes.length === 0)
  return {
    status,
    headers,
    edits,
    body: isHead || isBodiless ? NO_BYTES : bytes,
    length: isUnknown ? -1 : bytes.length,
  }
}

/** The answer in the form of HTTP/1.1; `end` is its Connection line and the empty line. */
export function ownBytes({ status, headers, edits, body, length }: OwnAnswer, end: string): Buffer {
  let head = ownStatusLine(status)
  for (const [name, value] of Object.entries(headers)) {
    if (edits?.get(name) !== undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) head += `${name}: ${one}\r\n`
  }
  if (edits !== null) head += edits.lines
  if (length >= 0) head += `content-length: ${length}\r\n`
  const headBytes = Buffer.from(head + end, 'latin1')
  return body.length === 0 ? headBytes : Buffer.concat([headBytes, body])
}
