import {
  constants,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from 'node:http2'
import { performance } from 'node:perf_hooks'
import type { Refusal } from '#policies/exchange.ts'
import type { Arrival } from '../arrival.ts'
import { bodyTooLarge } from '../bodies.ts'
import { clock, type Timed } from '../clock.ts'
import { allowedBodyBytes, courseOf, noteAnswer, noteSent } from '../course.ts'
import type { Http1Exchange } from '../exchange.ts'
import type { Hops } from '../forwarded.ts'
import { chunkOf, lastChunk, lengthOf } from '../http1/chunked.ts'
import { Head, REFUSED } from '../http1/head.ts'
import { passedTrailers, type TrailerFields, takesTrailers, trailerLines } from '../http1/trailers.ts'
import type { Lease } from '../lease.ts'
import { POLICY_FAILED, runResponsePhases } from '../phases.ts'
import type { ServedRoute } from '../plan.ts'
import { type RefusalCode, refusal } from '../refusals.ts'
import type { HostRoutes } from '../router.ts'
import type { Caller, UpstreamFailure, UpstreamLink } from '../upstream/connection.ts'
import { checkedAnswer } from './answer.ts'
import { type AnswerCopy, BodyCollector } from './body.ts'
import {
  type Carrier,
  decide,
  inPlaceOf,
  mayGoAgain,
  mayTakeBack,
  pathFault,
  policiesOf,
  showBody,
} from './deciding.ts'
import { beginCopy, endCopy, recordEnd } from './ending.ts'
import type { ConnectionHost } from './host.ts'
import { Http2Exchange } from './http2-exchange.ts'
import {
  byName,
  type FieldList,
  interimFields,
  ownFields,
  requestBytes,
  responseFields,
} from './http2-message.ts'
import { type OwnAnswer, ownAnswer, unparsedAnswer } from './own-answer.ts'
import { requestHead } from './request.ts'

/** The connection that a stream belongs to. */
export interface StreamOwner {
  readonly host: ConnectionHost
  readonly arrival: Arrival
  /** What the Host of a request leads to on a plan. */
  lookAtHost(head: Head, lease: Lease): HostLook
  /** Bytes of a request's body have been read. */
  bodyCame(length: number): void
  streamClosed(stream: ClientStream, end: StreamEnd): void
}

/** How a stream has ended: with its answer, before its body had been read, or because the client gave it up. */
export type StreamEnd = 'answered' | 'unread' | 'given up'

export interface HostLook {
  readonly name: string
  readonly hops: Hops
  readonly routes: readonly HostRoutes<ServedRoute>[]
  /** Why the connection is none for that host. */
  readonly fault: RefusalCode | null
}

/**
 * What a stream is at:
 *
 * | state      | body of the request  | stream closes   | upstream event      | deadline              |
 * |------------|----------------------|-----------------|---------------------|-----------------------|
 * | deciding   | wait in its window   | note            | (none)              | 504                   |
 * | collecting | keep                 | note            | (none)              | 408 or 504            |
 * | forwarding | on, or wait          | leave upstream  | answer on, or 502/4 | 408 or 504, or reset  |
 * | answered   | drop                 | (end)           | (none)              | reset                 |
 * | closed     | drop                 | (none)          | (none)              | (none)                |
 */
type State = 'deciding' | 'collecting' | 'forwarding' | 'answered' | 'closed'

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = constants
// Up to here a copy is cheaper than a new read buffer for the upstream's connection.
const COPIED_BYTES_MAX = 32_768
const NO_FIELDS: TrailerFields = []
const NO_BYTES = Buffer.alloc(0)

/** One request of an HTTP/2 connection and its answer. Node keeps its flow control; deadlines are kept here. */
export class ClientStream implements Caller, Carrier, Timed {
  deadline = Infinity
  readonly host: ConnectionHost
  private readonly owner: StreamOwner
  private readonly stream: ServerHttp2Stream
  private readonly head: Head
  private state: State = 'deciding'
  private exchange: Http2Exchange | null = null
  private upstream: UpstreamLink | null = null
  private bodyDone: boolean
  private bodyBytes = 0
  private reading = false
  private collector: BodyCollector | null = null
  private answerCopy: AnswerCopy | null = null
  private started = false
  /** It was ended from here, with an answer or without: what follows is not the client's doing. */
  private settled = false
  private trailers: TrailerFields = NO_FIELDS
  private answerTrailers: TrailerFields = NO_FIELDS

  private windowBytes = 0
  private bodyDeadline = Infinity
  private idleDeadline = Infinity
  private unreadDeadline = Infinity
  private exchangeDeadline = Infinity

  constructor(owner: StreamOwner, stream: ServerHttp2Stream, endsWithHead: boolean) {
    this.owner = owner
    this.host = owner.host
    this.stream = stream
    this.bodyDone = endsWithHead
    this.head = new Head(false, owner.host.limits)
    // A close event follows, which says all that matters.
    stream.on('error', () => undefined)
    stream.on('close', () => this.onClose())
    // They come when they come, even while the body waits to be read.
    if (!endsWithHead)
      stream.on('trailers', (_fields, _flags, raw: string[]) => {
        this.trailers = raw
      })
    clock.add(this)
  }

  // ── events of the stream ───────────────────────────────────────────────────

  /** Takes the request; called once, with the fields of its head. */
  begin(fields: FieldList): void {
    const { head, host } = this
    const bytes = requestBytes(fields, this.bodyDone)
    if (typeof bytes === 'string') return this.refuseUnparsed(bytes)
    const next = head.parse(bytes, 0, bytes.length)
    if (next !== bytes.length) return this.refuseUnparsed(next === REFUSED ? head.fault : 'bad_header')
    const { lease } = host
    if (lease === null) return this.refuseUnparsed('not_configured')
    const nowMs = performance.now()
    if (host.overload.refuses(nowMs)) return this.refuseUnparsed('overloaded')
    lease.begin()
    const look = this.owner.lookAtHost(head, lease)
    const exchange = new Http2Exchange(
      head,
      look.hops,
      look.name,
      lease,
      host.trustedHops > 0,
      nowMs,
      this.owner.arrival.tls,
    )
    this.exchange = exchange
    const { exchangeTimeoutMs } = host.limits
    this.exchangeDeadline = exchangeTimeoutMs > 0 ? clock.after(exchangeTimeoutMs) : Infinity
    this.deadline = this.exchangeDeadline
    const fault = look.fault ?? this.admit(exchange, look.routes)
    if (fault !== null) return this.refuse(refusal(fault))
    decide(exchange, this)
  }

  private onClose(): void {
    const { exchange } = this
    this.leaveUpstream()
    if (exchange !== null) this.endExchange(exchange, 'client_gone')
    this.state = 'closed'
    this.deadline = Infinity
    clock.delete(this)
    this.owner.streamClosed(this, !this.settled ? 'given up' : this.bodyDone ? 'answered' : 'unread')
  }

  /** Bytes of the body that have come and not been taken. */
  get waitingBytes(): number {
    return this.stream.readableLength
  }

  private onData(bytes: Buffer): void {
    this.owner.bodyCame(bytes.length)
    const { exchange } = this
    if (exchange === null || (this.state !== 'forwarding' && this.state !== 'collecting')) return
    this.bodyBytes += bytes.length
    this.windowBytes += bytes.length
    this.touch()
    if (this.bodyBytes > allowedBodyBytes(exchange, this.host.limits.bodyBytesMax))
      return this.refuse(refusal('body_too_large'))
    if (this.state === 'collecting') this.collect(exchange, bytes)
    else if (this.upstream !== null) this.forwardBody(this.upstream, bytes)
  }

  private forwardBody(upstream: UpstreamLink, bytes: Buffer): void {
    const writable = this.head.chunked ? this.writeChunk(upstream, bytes) : upstream.write(bytes)
    if (writable || this.state !== 'forwarding') return
    // The upstream holds the body up: the client's minimum rate does not count meanwhile.
    this.bodyDeadline = Infinity
    this.setDeadline()
    this.stream.pause()
  }

  private writeChunk(upstream: UpstreamLink, bytes: Buffer): boolean {
    const chunk = chunkOf(bytes, [0, bytes.length], false)
    return chunk === null || upstream.write(chunk)
  }

  private onEnd(): void {
    const { upstream, exchange } = this
    // A stream that was reset ends for its reader too: that body is not whole.
    if (this.bodyDone || this.stream.closed || this.stream.destroyed) return
    if (this.state === 'collecting' && exchange !== null) {
      this.bodyDone = true
      return this.bodyCame(exchange, this.collector?.body ?? NO_BYTES)
    }
    if (this.state !== 'forwarding' || upstream === null) return
    this.bodyDone = true
    this.bodyDeadline = Infinity
    // Behind a body with a length HTTP/1.1 has no place for trailers: there they are dropped.
    if (this.head.chunked) upstream.writeText(lastChunk(this.trailerLines()))
    this.setDeadline()
    upstream.awaitAnswer()
  }

  // A field of the head that came again behind the body could undo what policies made of it.
  private trailerLines(): string {
    const { exchange, trailers } = this
    if (exchange === null || trailers.length === 0) return ''
    return trailerLines(passedTrailers(trailers, (name) => exchange.headerValues(name).length > 0))
  }

  private onDrain(): void {
    this.unreadDeadline = this.state === 'answered' ? this.unreadDeadline : Infinity
    if (this.state !== 'forwarding') return
    this.setDeadline()
    this.upstream?.resume()
  }

  // ── deciding ───────────────────────────────────────────────────────────────

  private admit(exchange: Http2Exchange, routes: readonly HostRoutes<ServedRoute>[]): RefusalCode | null {
    const fault = pathFault(exchange, this.host)
    if (fault !== null) return fault
    const path = Buffer.from(exchange.path, 'latin1')
    for (const ofHost of routes) {
      exchange.route = ofHost.find(path, 0, path.length)
      if (exchange.route !== null) return null
    }
    return 'no_route'
  }

  isDeciding(exchange: Http1Exchange): boolean {
    return this.exchange === exchange && this.state === 'deciding'
  }

  // ── bodies that policies want whole ────────────────────────────────────────

  collectBody(_exchange: Http1Exchange, bytesMax: number): void {
    this.collector = new BodyCollector(bytesMax, this.host.bodies, this.head.contentLength)
    this.state = 'collecting'
    if (this.head.expectContinue) this.informClient({ ':status': 100 })
    this.touch()
    this.watchBody()
    this.readBody()
  }

  private collect(exchange: Http2Exchange, bytes: Buffer): void {
    const { collector } = this
    if (collector === null) return
    const slices = [0, bytes.length]
    const taken = collector.add(bytes, slices)
    if (taken === 'taken') return
    if (taken === 'no_memory') return this.refuse(refusal('overloaded'))
    const tooLarge = bodyTooLarge(exchange, this.host)
    if (tooLarge !== undefined) return this.refuse(tooLarge)
    // Only policies in dry run wanted it: what has been read goes on in front of the rest.
    courseOf(exchange).body = Buffer.concat([collector.body, bytes])
    this.stream.pause()
    this.send(exchange)
  }

  private bodyCame(exchange: Http2Exchange, body: Buffer): void {
    this.state = 'deciding'
    this.bodyDeadline = Infinity
    this.setDeadline()
    showBody(exchange, body, this)
  }

  // ── the way to the upstream ────────────────────────────────────────────────

  send(exchange: Http1Exchange): void {
    this.state = 'forwarding'
    this.touch()
    exchange.choosePool()?.acquire(this)
  }

  get isHead(): boolean {
    return this.exchange?.method === 'HEAD'
  }

  get balancingKey(): string | undefined {
    return this.exchange?.balancingKey
  }

  get requestDone(): boolean {
    return this.bodyDone
  }

  get takesTrailers(): boolean {
    return takesTrailers(this.head)
  }

  upstreamReady(link: UpstreamLink): void {
    const { exchange } = this
    if (exchange === null) return link.destroy()
    this.upstream = link
    if (exchange.route?.hasDone === true) noteSent(exchange, link.endpoint)
    link.writeText(requestHead(exchange, link.endpoint, false))
    this.writeTaken(link, exchange)
    if (this.bodyDone) return
    if (this.head.expectContinue && this.bodyBytes === 0) link.awaitAnswer()
    else this.watchBody()
    this.readBody()
  }

  /** What policies have read of the body. */
  private writeTaken(link: UpstreamLink, { course }: Http2Exchange): void {
    const taken = course?.body ?? NO_BYTES
    if (taken.length === 0) return
    if (this.head.chunked && course?.isBodyWhole !== true) this.writeChunk(link, taken)
    else link.write(taken)
  }

  private readBody(): void {
    if (this.reading) return this.flow()
    this.reading = true
    const { stream } = this
    stream.on('data', (bytes: Buffer) => this.onData(bytes))
    // Node gives the trailers of a body to the next tick, behind its end.
    stream.on('end', () => process.nextTick(() => this.onEnd()))
  }

  upstreamWritable(): void {
    this.flow()
  }

  private flow(): void {
    if (this.state !== 'forwarding' || this.bodyDone || !this.reading || this.upstream?.isWritable !== true)
      return
    if (this.stream.isPaused()) this.watchBody()
    this.stream.resume()
  }

  // ── the way back ───────────────────────────────────────────────────────────

  interimResponse(response: Head): void {
    this.touch()
    if (!this.started) this.informClient(interimFields(response))
    if (!this.bodyDone && !this.stream.isPaused()) this.watchBody()
  }

  // An interim answer that cannot be sent may be left out.
  private informClient(fields: OutgoingHttpHeaders): void {
    try {
      this.stream.additionalHeaders(fields)
    } catch {
      return
    }
  }

  // Extended CONNECT (RFC 8441) is not offered, so nobody asked for one.
  switchProtocols(): boolean {
    return false
  }

  response(response: Head, bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    const { exchange, stream } = this
    if (exchange === null) return false
    exchange.status = response.status
    exchange.answerHead = response
    if (exchange.route?.hasDone === true) noteAnswer(exchange)
    const instead = runResponsePhases(exchange, policiesOf(exchange), this.host)
    this.copyAnswer(exchange, bytes, slices, ends)
    if (instead !== undefined) {
      this.replaceAnswer(instead, exchange, ends)
      return false
    }
    const fields = responseFields(exchange, response)
    // The head lies in a buffer that the next read overwrites.
    exchange.answerHead = null
    const isBodiless = this.isHead || response.status === 204 || response.status === 304
    const hasTrailers = this.answerTrailers.length > 0
    const waitForTrailers = !isBodiless && (!ends || hasTrailers)
    const endStream = isBodiless || (ends && !hasTrailers && lengthOf(slices) === 0)
    if (!this.respond(fields, { endStream, waitForTrailers })) {
      this.refuse(refusal('upstream_bad_response'))
      return false
    }
    if (waitForTrailers) stream.on('wantTrailers', () => this.sendTrailers())
    stream.on('drain', () => this.onDrain())
    this.touch()
    return this.writeBody(exchange, bytes, slices)
  }

  private copyAnswer(exchange: Http2Exchange, bytes: Buffer, slices: readonly number[], ends: boolean): void {
    this.answerCopy = beginCopy(exchange, this.host)
    this.answerCopy?.add(bytes, slices, ends)
  }

  responseBody(bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    const { exchange } = this
    if (exchange === null) return false
    this.touch()
    this.answerCopy?.add(bytes, slices, ends)
    return this.writeBody(exchange, bytes, slices)
  }

  private writeBody(exchange: Http2Exchange, bytes: Buffer, slices: readonly number[]): boolean {
    const length = lengthOf(slices)
    const { stream } = this
    if (length === 0 || !stream.writable) return false
    exchange.bodyBytes += length
    const copies = length <= COPIED_BYTES_MAX
    let writable = true
    for (let i = 0; i + 1 < slices.length; i += 2) {
      const piece = bytes.subarray(slices[i], slices[i + 1])
      if (piece.length > 0) writable = stream.write(copies ? Buffer.from(piece) : piece)
    }
    if (!writable) {
      this.upstream?.pause()
      this.unreadDeadline = clock.after(this.host.limits.unreadTimeoutMs)
      this.setDeadline()
    }
    return !copies
  }

  // Always on HTTP/2, which has a place for them behind every body.
  responseTrailers(fields: TrailerFields): void {
    this.answerTrailers = passedTrailers(fields)
  }

  private sendTrailers(): void {
    if (!this.stream.destroyed && !this.stream.closed) this.stream.sendTrailers(byName(this.answerTrailers))
  }

  // There are no tunnels here.
  tunnelBytes(): boolean {
    return false
  }

  tunnelEnded(): void {}

  responseEnded(): void {
    const { exchange } = this
    this.upstream = null
    if (exchange === null) return
    this.finish(exchange)
  }

  takeBack(idempotentOnly: boolean): boolean {
    const { exchange } = this
    if (exchange === null || this.started || !mayTakeBack(exchange, idempotentOnly)) return false
    this.upstream = null
    return true
  }

  mayRetry(): boolean {
    const { exchange } = this
    if (exchange === null || !mayGoAgain(exchange)) return false
    exchange.retried = true
    this.upstream = null
    return true
  }

  upstreamFailed(failure: UpstreamFailure, retryAfterSeconds?: number): void {
    const { exchange } = this
    this.upstream = null
    if (this.started) this.cut(failure)
    else if (exchange !== null)
      this.refuse(inPlaceOf(refusal(failure, retryAfterSeconds), exchange, this.host))
  }

  // ── ends ───────────────────────────────────────────────────────────────────

  /** Answers in the upstream's place. Where an answer has begun, a reset says that it will not be whole. */
  refuse(refused: Refusal): void {
    const { exchange } = this
    if (exchange === null) return
    if (this.started) return this.cut(refused.code)
    this.leaveUpstream()
    // An edit that failed has been reported, and the answer is a refusal already.
    this.respondOwn(ownAnswer(refused, exchange, this.host, refused === POLICY_FAILED ? 0 : exchange.reached))
    this.finish(exchange)
  }

  /** Answers with what a policy puts in the place of the upstream's answer. */
  private replaceAnswer(instead: Refusal, exchange: Http2Exchange, ends: boolean): void {
    const answer = checkedAnswer(instead, exchange)
    const unasked = answer === POLICY_FAILED ? 0 : (exchange.course?.unasked ?? 0)
    // Where the upstream's answer is complete, its connection may be used again, and says so when it is done.
    if (!ends) this.leaveUpstream()
    this.respondOwn(ownAnswer(answer, exchange, this.host, unasked))
    if (!ends) this.finish(exchange)
  }

  private respondOwn(answer: OwnAnswer): void {
    const { body } = answer
    if (this.respond(ownFields(answer), { endStream: body.length === 0 }) && body.length > 0)
      this.stream.write(body)
  }

  /** False where the stream is no more, or where Node finds something in the head that HTTP/2 cannot carry. */
  private respond(fields: string[], options: ServerStreamResponseOptions): boolean {
    try {
      this.stream.respond(fields, options)
      this.started = true
      return true
    } catch {
      return false
    }
  }

  /** Refuses something of which no request could be made. */
  private refuseUnparsed(code: RefusalCode): void {
    this.respondOwn(unparsedAnswer(code, this.host, this.owner.arrival.peer, this.isHead))
    this.endStream()
  }

  private finish(exchange: Http2Exchange): void {
    this.endExchange(exchange, undefined)
    this.endStream()
  }

  /** Nothing more is written. A client that still sends is told to stop, without an error (RFC 9113 §8.1). */
  private endStream(): void {
    const { stream } = this
    this.state = 'answered'
    this.settled = true
    this.deadline = clock.after(this.host.limits.unreadTimeoutMs)
    if (stream.destroyed) return
    if (!stream.writableEnded) stream.end()
    if (!this.bodyDone) stream.close(NGHTTP2_NO_ERROR)
    else if (!this.reading) stream.resume()
  }

  /** An answer that cannot be completed. */
  private cut(code: string): void {
    const { exchange } = this
    this.leaveUpstream()
    if (exchange !== null) this.endExchange(exchange, code)
    this.state = 'answered'
    this.settled = true
    this.deadline = Infinity
    // Node would end the body of a stream that is closed inside it, as if it were whole.
    this.stream.destroy(new Error(code))
  }

  /** The connection is about to be cut. */
  endDrain(): void {
    if (this.exchange !== null) this.cut('drained')
  }

  private leaveUpstream(): void {
    const { upstream, exchange } = this
    this.upstream = null
    if (upstream !== null) upstream.destroy()
    else if (this.state === 'forwarding') exchange?.pool?.cancel(this)
  }

  private endExchange(exchange: Http2Exchange, cutBy: string | undefined): void {
    this.exchange = null
    this.exchangeDeadline = Infinity
    const { collector, answerCopy } = this
    this.collector = null
    this.answerCopy = null
    if (answerCopy !== null) endCopy(exchange, answerCopy, this.host)
    recordEnd(exchange, this.host, this.bodyBytes, cutBy)
    collector?.release()
    exchange.lease.end()
  }

  // ── deadlines ──────────────────────────────────────────────────────────────

  /** Something moved, in either direction. */
  private touch(): void {
    this.idleDeadline = clock.after(this.host.limits.streamIdleTimeoutMs)
    this.setDeadline()
  }

  // A stream of messages has no length and may rest; a body of known length must come.
  private watchBody(): void {
    if (this.head.chunked) return
    this.windowBytes = 0
    this.bodyDeadline = clock.after(this.host.limits.bodyWindowMs)
    this.setDeadline()
  }

  private setDeadline(): void {
    this.deadline = Math.min(this.exchangeDeadline, this.bodyDeadline, this.unreadDeadline, this.idleDeadline)
  }

  expire(): void {
    switch (this.state) {
      case 'deciding':
        this.refuse(refusal('exchange_timeout'))
        return
      case 'collecting':
      case 'forwarding':
        this.expireExchange()
        return
      case 'answered':
      case 'closed':
        this.deadline = Infinity
        this.stream.close(NGHTTP2_CANCEL)
        return
    }
  }

  private expireExchange(): void {
    const { bodyWindowMs, bodyBytesPerSecondMin } = this.host.limits
    const { nowMs } = clock
    if (this.unreadDeadline <= nowMs) return this.cut('client_unread')
    if (this.exchangeDeadline <= nowMs) return this.refuse(refusal('exchange_timeout'))
    if (this.idleDeadline <= nowMs)
      return this.refuse(refusal(this.bodyDone ? 'upstream_response_timeout' : 'request_timeout'))
    if (this.windowBytes >= (bodyBytesPerSecondMin * bodyWindowMs) / 1000) this.watchBody()
    else this.refuse(refusal('request_timeout'))
  }
}
