import type { Refusal } from '#policies/exchange.ts'
import { clock } from '../clock.ts'
import type { OwnHeaders } from '../course.ts'
import type { Http1Exchange } from '../exchange.ts'
import { CHUNK_OVERHEAD_MAX, lastChunk, lengthOf, writeChunk, writeSlices } from '../http1/chunked.ts'
import { FIELD, type Head } from '../http1/head.ts'
import { HeadEdits, headText, RESPONSE_DROPS, statusLine } from '../http1/serialise.ts'
import { POLICY_FAILED } from '../phases.ts'
import { isRefusal } from '../refusals.ts'

/** How the body of an answer goes to the client; `until-close` is for HTTP/1.0, which knows no chunks. */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close'

// Up to here text is cheaper: head and body become one string, and the socket one write.
const TEXT_BYTES_MAX = 8_192

/** RFC 9112 §6.3, from the side that sends. */
export function framingFor(response: Head, request: Head, isHead: boolean): Framing {
  if (isHead || response.status === 204 || response.status === 304) return 'none'
  if (response.contentLength >= 0) return 'length'
  return request.minor === 1 ? 'chunked' : 'until-close'
}

/** The head of the upstream's answer as it goes to the client; `end` is its Connection line and the empty line. */
export function responseHead(exchange: Http1Exchange, response: Head, framing: Framing, end: string): string {
  // RFC 9110 §8.6: no Content-Length in a 204.
  const drops = response.status === 204 ? RESPONSE_DROPS | (1 << FIELD.contentLength) : RESPONSE_DROPS
  const fields = headText(response, statusLine(response), drops, exchange.responseEdits)
  if (response.hasDate && framing !== 'chunked') return fields + end
  const date = response.hasDate ? '' : `Date: ${clock.date}\r\n`
  const coding = framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
  return `${fields}${date}${coding}${end}`
}

/** A 1xx as it goes on. */
export function interimHead(response: Head): string {
  return `${headText(response, null, RESPONSE_DROPS, null)}\r\n`
}

/** Head and the first of the body, made for one write: two would cost as much as all the rest of the request. */
export function firstBytes(
  head: string,
  framing: Framing,
  bytes: Buffer,
  slices: readonly number[],
  ends: boolean,
  trailers = '',
): string | Buffer {
  const total = framing === 'none' ? 0 : lengthOf(slices)
  const closing = framing === 'chunked' && ends ? lastChunk(trailers) : ''
  if (total === 0) return head + closing
  if (total > TEXT_BYTES_MAX) return joined(head, framing, bytes, slices, total, ends, trailers)
  const body = textOf(bytes, slices)
  return framing === 'chunked' ? `${head}${total.toString(16)}\r\n${body}\r\n${closing}` : head + body
}

function joined(
  head: string,
  framing: Framing,
  bytes: Buffer,
  slices: readonly number[],
  total: number,
  ends: boolean,
  trailers: string,
): Buffer {
  const target = Buffer.allocUnsafe(head.length + total + trailers.length + CHUNK_OVERHEAD_MAX)
  const start = target.latin1Write(head, 0)
  const end =
    framing === 'chunked'
      ? writeChunk(target, start, bytes, slices, total, ends, trailers)
      : writeSlices(target, start, bytes, slices)
  return target.subarray(0, end)
}

function textOf(bytes: Buffer, slices: readonly number[]): string {
  let text = bytes.latin1Slice(slices[0], slices[1])
  for (let i = 2; i + 1 < slices.length; i += 2) text += bytes.latin1Slice(slices[i], slices[i + 1])
  return text
}

/** Whether headers that a policy wrote by hand may go into a head, which those of framing may not. */
function areHeaders(headers: OwnHeaders): boolean {
  const trial = new HeadEdits()
  try {
    for (const [name, values] of Object.entries(headers))
      for (const value of [values].flat()) trial.add(name.toLowerCase(), value)
    return true
  } catch {
    return false
  }
}

/** A policy's answer as far as its headers are headers; what is refused with it counts. */
export function checkedAnswer(answer: Refusal, exchange: Http1Exchange): Refusal {
  exchange.refusedByPolicy = answer !== POLICY_FAILED && isRefusal(answer)
  return answer.headers === undefined || areHeaders(answer.headers) ? answer : POLICY_FAILED
}
