import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Refusal } from '#policies/exchange.ts'
import type { Arrival } from '../arrival.ts'
import { bodyTooLarge } from '../bodies.ts'
import { clock, type Timed } from '../clock.ts'
import { allowedBodyBytes, courseOf, noteAnswer, noteSent } from '../course.ts'
import { Http1Exchange } from '../exchange.ts'
import { chunkOf, lengthOf, writeSlices } from '../http1/chunked.ts'
import { Head, MORE, REFUSED } from '../http1/head.ts'
import { KnownFields } from '../http1/known-fields.ts'
import { headText, RESPONSE_DROPS } from '../http1/serialise.ts'
import { passedTrailers, type TrailerFields, takesTrailers, trailerLines } from '../http1/trailers.ts'
import { POLICY_FAILED, runResponsePhases } from '../phases.ts'
import { type RefusalCode, refusal } from '../refusals.ts'
import type { Caller, UpstreamFailure, UpstreamLink } from '../upstream/connection.ts'
import { Addressee } from './addressee.ts'
import { checkedAnswer, type Framing, firstBytes, framingFor, interimHead, responseHead } from './answer.ts'
import { type AnswerCopy, BodyCollector, RequestBody } from './body.ts'
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
import type { ConnectionHost, OpenConnection } from './host.ts'
import { ownAnswer, ownBytes, unparsedAnswer } from './own-answer.ts'
import { PartialHead } from './partial-head.ts'
import { giveBack, withoutLookAhead } from './reading.ts'
import {
  acceptsWebSocket,
  asksForWebSocket,
  requestHead,
  UPGRADE_LINES,
  webSocketFault,
  writeTaken,
} from './request.ts'
import { type Upgraded, WebSocketPair } from './websocket.ts'

/**
 * What a client connection is at. Every event looks at the state first:
 *
 * | state      | bytes               | client ends      | upstream event      | deadline              | drain     |
 * |------------|---------------------|------------------|---------------------|-----------------------|-----------|
 * | head       | parse               | close            | (none)              | 408, or close if idle | close     |
 * | deciding   | hold, stop reading  | note             | (none)              | 504                   | note      |
 * | collecting | collect             | cut inside body  | (none)              | 408 or 504            | note      |
 * | forwarding | body on, or hold    | cut inside body  | answer on, or 502/4 | 408 or 504, or cut    | note      |
 * | unread     | hold                | note             | (none)              | cut                   | note      |
 * | tunnel     | on                  | half-close       | on                  | 1001                  | 1001      |
 * | lingering  | drop                | close            | (none)              | cut                   | (closing) |
 * | closed     | drop                | (none)           | (none)              | (none)                | (none)    |
 */
type State = 'head' | 'deciding' | 'collecting' | 'forwarding' | 'unread' | 'tunnel' | 'lingering' | 'closed'

// The ends of heads.
const END = '\r\n'
const CLOSE_END = 'Connection: close\r\n\r\n'
const KEEP_END = 'Connection: keep-alive\r\n\r\n'
const HELD_TEXT_BYTES_MAX = 8_192
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** One connection of an HTTP/1.x client: requests one after the other, each forwarded or refused. */
export class ClientConnection implements Caller, Carrier, Timed, OpenConnection, Upgraded {
  deadline: number
  readonly host: ConnectionHost
  readonly socket: Socket
  private readonly arrival: Arrival
  private readonly head: Head
  private state: State = 'head'
  private exchange: Http1Exchange | null = null
  private upstream: UpstreamLink | null = null

  /** Bytes behind the head at hand that nobody has taken yet; while there are any, reading stops. */
  private held: Buffer | null = null
  private readonly partial = new PartialHead()
  private paused = false
  private pumping = false
  private inputEnded = false
  /** The socket holds more than it should: a drain event follows. */
  private needsDrain = false

  private readonly addressee: Addressee
  private readonly body = new RequestBody()
  private collector: BodyCollector | null = null
  private answerCopy: AnswerCopy | null = null
  private keep = true
  private upgrades = false
  /** The first byte of an answer has been written. */
  private started = false
  private framing: Framing = 'none'
  private answerTrailers = ''

  private bodyDeadline = Infinity
  private unreadDeadline = Infinity
  private exchangeDeadline = Infinity

  private webSocket: WebSocketPair | null = null

  constructor(host: ConnectionHost, socket: Socket, arrival: Arrival) {
    this.host = host
    this.socket = socket
    this.arrival = arrival
    this.addressee = new Addressee(arrival, host.trustedHops)
    this.head = new Head(false, host.limits, new KnownFields())
    this.deadline = clock.after(host.limits.headTimeoutMs)
    // Every text that is written is a head or bytes as text.
    socket.setDefaultEncoding('latin1')
    socket.on('data', (bytes: Buffer) => this.onBytes(bytes))
    withoutLookAhead(socket)
    socket.on('drain', () => this.onDrain())
    socket.on('end', () => this.onEnd())
    // A close event follows, which says all that matters.
    socket.on('error', () => undefined)
    socket.on('close', () => this.onClose())
    clock.add(this)
  }

  // ── events of the client's socket ──────────────────────────────────────────

  private onBytes(bytes: Buffer): void {
    switch (this.state) {
      case 'head':
        this.parse(bytes)
        if (this.held !== null) this.pump()
        return
      case 'forwarding':
        if (this.upstream !== null && this.held === null && !this.body.done) this.forwardBody(bytes)
        else this.hold(bytes)
        return
      case 'collecting':
        this.collect(bytes)
        return
      case 'deciding':
      case 'unread':
        this.hold(bytes)
        return
      case 'tunnel':
        this.webSocket?.clientCame(bytes)
        return
      case 'lingering':
      case 'closed':
        return
    }
  }

  private onDrain(): void {
    this.needsDrain = false
    this.unreadDeadline = Infinity
    switch (this.state) {
      case 'forwarding':
        this.setDeadline()
        this.upstream?.resume()
        return
      case 'tunnel':
        this.webSocket?.clientWritable()
        return
      case 'unread':
        this.nextRequest()
        return
      default:
        return
    }
  }

  private onEnd(): void {
    this.inputEnded = true
    switch (this.state) {
      case 'head':
        this.endOutput()
        return
      case 'lingering':
        this.socket.end()
        return
      case 'tunnel':
        this.webSocket?.clientEnded()
        return
      case 'deciding':
      case 'collecting':
      case 'forwarding':
        // A client that half-closes still gets its answer, unless its body will never be whole.
        if (!this.body.done && this.held === null) this.cut('client_gone')
        return
      case 'unread':
      case 'closed':
        return
    }
  }

  private onClose(): void {
    if (this.state !== 'closed') {
      const { exchange } = this
      this.leaveUpstream('client_gone')
      if (exchange !== null) this.endExchange(exchange, 'client_gone')
      this.state = 'closed'
    }
    clock.delete(this)
    this.host.closed(this)
  }

  expire(): void {
    switch (this.state) {
      case 'head':
        if (!this.partial.isEmpty) this.refuseUnparsed('request_timeout')
        else this.destroy()
        return
      case 'deciding':
        this.refuse(refusal('exchange_timeout'), true)
        return
      case 'collecting':
      case 'forwarding':
        this.expireExchange()
        return
      case 'tunnel':
        this.webSocket?.expire()
        return
      case 'unread':
      case 'lingering':
      case 'closed':
        this.destroy()
        return
    }
  }

  // ── reading requests ───────────────────────────────────────────────────────

  private hold(bytes: Buffer): void {
    this.held = this.held === null ? bytes : Buffer.concat([this.held, bytes])
    this.bodyDeadline = Infinity
    this.setDeadline()
    this.pauseInput()
  }

  pauseInput(): void {
    if (this.paused) return
    this.paused = true
    this.socket.pause()
  }

  resumeInput(): void {
    if (!this.paused) return
    this.paused = false
    this.socket.resume()
  }

  /** Goes on with held bytes. A loop, not a recursion: a client may send thousands of requests at once. */
  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    while (this.held !== null && this.state === 'head') {
      const bytes = this.held
      this.held = null
      this.parse(bytes)
    }
    this.pumping = false
    if (this.state !== 'head') return
    this.resumeInput()
    if (this.inputEnded) this.endOutput()
  }

  private parse(read: Buffer): void {
    const { partial } = this
    const isFirstPart = partial.isEmpty
    const bytes = isFirstPart ? read : partial.add(read)
    const end = isFirstPart ? read.length : partial.length
    const next = this.head.parse(bytes, 0, end)
    if (next === REFUSED) return this.refuseUnparsed(this.head.fault)
    if (next === MORE) return isFirstPart ? this.keepPartial(read) : undefined
    if (!isFirstPart) partial.clear()
    this.held = next < end ? bytes.subarray(next, end) : null
    this.beginExchange()
  }

  private keepPartial(read: Buffer): void {
    this.partial.add(read)
    this.deadline = clock.after(this.host.limits.headTimeoutMs)
  }

  private beginExchange(): void {
    const { head, host } = this
    this.started = false
    this.framing = 'none'
    this.answerTrailers = ''
    this.keep = head.minor === 1 ? !head.close : head.keepAlive && !head.close
    this.upgrades = false
    this.body.begin(head)
    const { lease } = host
    if (lease === null) return this.refuseUnparsed('not_configured')
    const nowMs = performance.now()
    if (host.overload.refuses(nowMs)) return this.refuseUnparsed('overloaded', head.method === 'HEAD')
    lease.begin()
    const hops = this.addressee.look(head, lease)
    const exchange = new Http1Exchange(
      head,
      hops,
      this.addressee.host,
      lease,
      host.trustedHops > 0,
      nowMs,
      this.arrival.tls,
    )
    this.exchange = exchange
    this.state = 'deciding'
    const { exchangeTimeoutMs } = host.limits
    this.exchangeDeadline = exchangeTimeoutMs > 0 ? clock.after(exchangeTimeoutMs) : Infinity
    this.deadline = this.exchangeDeadline
    const fault = this.admit(exchange)
    if (fault !== null) return this.refuse(refusal(fault), fault !== 'no_route')
    decide(exchange, this)
  }

  /** The route of a request, or why it gets none. */
  private admit(exchange: Http1Exchange): RefusalCode | null {
    const { head } = this
    if (this.addressee.fault !== null) return this.addressee.fault
    const fault = pathFault(exchange, this.host)
    if (fault !== null) return fault
    exchange.route = this.addressee.route(head, head.needsNormalising ? exchange.path : null)
    if (exchange.route === null) return 'no_route'
    if (!asksForWebSocket(head)) return null
    this.upgrades = true
    exchange.upgrades = true
    this.keep = false
    return webSocketFault(head)
  }

  isDeciding(exchange: Http1Exchange): boolean {
    return this.exchange === exchange && this.state === 'deciding'
  }

  // ── bodies that policies want whole ────────────────────────────────────────

  collectBody(_exchange: Http1Exchange, bytesMax: number): void {
    this.collector = new BodyCollector(bytesMax, this.host.bodies, this.head.contentLength)
    this.state = 'collecting'
    if (this.head.expectContinue && this.held === null) this.socket.write(CONTINUE)
    this.watchBody()
    const { held } = this
    this.held = null
    if (held !== null) this.collect(held)
    if (this.state !== 'collecting') return
    this.resumeInput()
    if (this.inputEnded) this.cut('client_gone')
  }

  private collect(bytes: Buffer): void {
    const { body, collector, exchange } = this
    if (collector === null || exchange === null) return
    const slices = this.takeBody(bytes)
    if (slices === null) return
    switch (collector.add(bytes, slices)) {
      case 'taken':
        if (body.stopped < bytes.length) this.hold(bytes.subarray(body.stopped))
        if (body.done) this.bodyCame(exchange, collector.body)
        return
      case 'no_memory':
        this.refuse(refusal('overloaded'), true)
        return
      case 'too_long': {
        const tooLarge = bodyTooLarge(exchange, this.host)
        if (tooLarge !== undefined) return this.refuse(tooLarge, true)
        this.passUnseen(exchange, collector, bytes, slices)
      }
    }
  }

  /** Only policies in dry run wanted it: what has been read goes on in front of the rest. */
  private passUnseen(
    exchange: Http1Exchange,
    collector: BodyCollector,
    bytes: Buffer,
    slices: readonly number[],
  ): void {
    const start = Buffer.allocUnsafe(collector.length + lengthOf(slices))
    writeSlices(start, collector.body.copy(start), bytes, slices)
    if (this.body.stopped < bytes.length) this.hold(bytes.subarray(this.body.stopped))
    courseOf(exchange).body = start
    this.send(exchange)
  }

  private bodyCame(exchange: Http1Exchange, body: Buffer): void {
    this.state = 'deciding'
    this.bodyDeadline = Infinity
    this.setDeadline()
    showBody(exchange, body, this)
  }

  // ── the way to the upstream ────────────────────────────────────────────────

  send(exchange: Http1Exchange): void {
    this.state = 'forwarding'
    exchange.choosePool()?.acquire(this)
  }

  get isHead(): boolean {
    return this.exchange?.method === 'HEAD'
  }

  get balancingKey(): string | undefined {
    return this.exchange?.balancingKey
  }

  get requestDone(): boolean {
    return this.body.done
  }

  get takesTrailers(): boolean {
    return takesTrailers(this.head)
  }

  upstreamReady(connection: UpstreamLink): void {
    const { exchange } = this
    if (exchange === null) return connection.destroy()
    this.upstream = connection
    if (exchange.route?.hasDone === true) noteSent(exchange, connection.endpoint)
    const head = requestHead(exchange, connection.endpoint, this.upgrades)
    const taken = exchange.course === null ? null : exchange.course.body
    if (taken !== null && taken.length > 0) writeTaken(connection, head, taken, exchange)
    else if (this.body.done) connection.writeText(head)
    else connection.writeText(head + this.bodyAtHand())
    if (this.body.done) return
    if (this.head.expectContinue && this.body.total === 0) connection.awaitAnswer()
    else this.watchBody()
    this.flow()
  }

  // One write for head and body where both are small: two cost half as much again as the whole request.
  private bodyAtHand(): string {
    const { held } = this
    if (held === null || held.length > HELD_TEXT_BYTES_MAX || this.head.chunked) return ''
    this.body.take(held)
    const length = this.body.stopped
    this.held = length < held.length ? held.subarray(length) : null
    return held.latin1Slice(0, length)
  }

  upstreamWritable(): void {
    if (this.state === 'tunnel') this.resumeInput()
    else this.flow()
  }

  /** Lets the body flow as far as the upstream takes it. */
  private flow(): void {
    if (this.state !== 'forwarding' || this.upstream === null) return
    if (this.body.done) return this.bodyComplete()
    const { held } = this
    if (held !== null) {
      this.held = null
      this.forwardBody(held)
    }
    if (this.body.done || this.upstream?.isWritable !== true) return
    if (this.paused) this.watchBody()
    this.resumeInput()
    if (this.inputEnded && this.held === null) this.cut('client_gone')
  }

  private forwardBody(bytes: Buffer): void {
    const { upstream, body } = this
    if (upstream === null) return this.hold(bytes)
    const slices = this.takeBody(bytes)
    if (slices === null) return
    const { stopped } = body
    if (stopped < bytes.length) this.hold(bytes.subarray(stopped))
    const piece = body.isChunked
      ? chunkOf(bytes, slices, body.done, this.requestTrailers())
      : stopped < bytes.length
        ? bytes.subarray(0, stopped)
        : bytes
    const writable = piece === null || upstream.write(piece)
    if (piece === bytes && upstream.hasWrittenAll) giveBack(bytes)
    if (this.state !== 'forwarding') return
    if (body.done) return this.bodyComplete()
    if (writable) return
    // The upstream holds the body up: the client's minimum rate does not count meanwhile.
    this.bodyDeadline = Infinity
    this.setDeadline()
    this.pauseInput()
  }

  // A field of the head that came again behind the body could undo what policies made of it.
  private requestTrailers(): string {
    const { body, exchange } = this
    if (!body.done || body.trailers.length === 0 || exchange === null) return ''
    return trailerLines(passedTrailers(body.trailers, (name) => exchange.headerValues(name).length > 0))
  }

  /** The pieces of body in what came; null where that has been refused. */
  private takeBody(bytes: Buffer): readonly number[] | null {
    const { exchange } = this
    const { bodyBytesMax } = this.host.limits
    const slices = this.body.take(bytes)
    if (slices === null) {
      this.refuse(refusal('bad_framing'), true)
      return null
    }
    const allowed = exchange === null ? bodyBytesMax : allowedBodyBytes(exchange, bodyBytesMax)
    if (this.body.total <= allowed) return slices
    this.refuse(refusal('body_too_large'), true)
    return null
  }

  private bodyComplete(): void {
    this.bodyDeadline = Infinity
    this.setDeadline()
    this.upstream?.awaitAnswer()
  }

  // ── the way back ───────────────────────────────────────────────────────────

  interimResponse(response: Head): void {
    if (this.head.minor === 1) this.write(interimHead(response))
    if (!this.body.done && !this.paused) this.watchBody()
  }

  response(response: Head, bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    const { exchange } = this
    if (exchange === null) return false
    exchange.status = response.status
    exchange.answerHead = response
    if (exchange.route?.hasDone === true) noteAnswer(exchange)
    const instead = runResponsePhases(exchange, policiesOf(exchange), this.host)
    if (instead !== undefined) {
      this.copyAnswer(exchange, bytes, slices, ends)
      this.replaceAnswer(instead, exchange, ends)
      return false
    }
    // The head lies in a buffer that the next read overwrites.
    exchange.answerHead = null
    this.framing = framingFor(response, this.head, this.isHead)
    if (this.framing === 'until-close' || !this.body.done || this.host.draining) this.keep = false
    this.started = true
    const head = responseHead(exchange, response, this.framing, this.headEnd())
    this.copyAnswer(exchange, bytes, slices, ends)
    if (this.framing !== 'none') exchange.bodyBytes = lengthOf(slices)
    this.write(firstBytes(head, this.framing, bytes, slices, ends, this.answerTrailers))
    return false
  }

  private copyAnswer(exchange: Http1Exchange, bytes: Buffer, slices: readonly number[], ends: boolean): void {
    this.answerCopy = beginCopy(exchange, this.host)
    this.answerCopy?.add(bytes, slices, ends)
  }

  /** Answers with what a policy puts in the place of the upstream's answer. */
  private replaceAnswer(instead: Refusal, exchange: Http1Exchange, ends: boolean): void {
    const answer = checkedAnswer(instead, exchange)
    const unasked = answer === POLICY_FAILED ? 0 : (exchange.course?.unasked ?? 0)
    // Where the upstream's answer is complete, its connection may be used again, and says so when it is done.
    if (!ends) this.leaveUpstream()
    this.writeOwn(answer, exchange, unasked)
    if (!ends) this.finish()
  }

  private headEnd(): string {
    if (!this.keep) return CLOSE_END
    return this.head.minor === 0 ? KEEP_END : END
  }

  responseBody(bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    const { exchange } = this
    if (exchange === null) return false
    exchange.bodyBytes += lengthOf(slices)
    if (this.answerCopy !== null) this.answerCopy.add(bytes, slices, ends)
    if (this.framing === 'chunked') {
      const chunk = chunkOf(bytes, slices, ends, this.answerTrailers)
      if (chunk !== null) this.write(chunk)
      return false
    }
    for (let i = 0; i + 1 < slices.length; i += 2) {
      if (slices[i] !== slices[i + 1]) this.write(bytes.subarray(slices[i], slices[i + 1]))
    }
    // What the kernel did not take at once is still in the upstream's buffer.
    return this.socket.writableLength > 0
  }

  /** They go on where the client takes them; a body with a length or without a framing has no place for them. */
  responseTrailers(fields: TrailerFields): void {
    if (this.takesTrailers) this.answerTrailers = trailerLines(passedTrailers(fields))
  }

  responseEnded(): void {
    this.upstream = null
    this.finish()
  }

  private write(bytes: string | Buffer): void {
    if (this.socket.write(bytes)) return
    this.needsDrain = true
    if (this.upstream === null) return
    this.upstream.pause()
    this.unreadDeadline = clock.after(this.host.limits.unreadTimeoutMs)
    this.setDeadline()
  }

  takeBack(idempotentOnly: boolean): boolean {
    const { exchange } = this
    if (exchange === null || this.started || this.upgrades) return false
    if (!mayTakeBack(exchange, idempotentOnly)) return false
    this.upstream = null
    return true
  }

  mayRetry(): boolean {
    const { exchange } = this
    if (exchange === null || this.upgrades || !mayGoAgain(exchange)) return false
    exchange.retried = true
    this.upstream = null
    return true
  }

  upstreamFailed(failure: UpstreamFailure, retryAfterSeconds?: number): void {
    const { exchange } = this
    this.upstream = null
    if (this.state === 'tunnel') this.endWebSocket(failure)
    else if (this.started) this.cut(failure)
    else if (exchange !== null)
      this.refuse(inPlaceOf(refusal(failure, retryAfterSeconds), exchange, this.host))
  }

  // ── ends of exchanges ──────────────────────────────────────────────────────

  /** Answers in the upstream's place. Where an answer has begun, nothing but cutting it says that it is not whole. */
  refuse(refused: Refusal, close = false): void {
    const { exchange } = this
    if (exchange === null) return
    if (this.started) return this.cut(refused.code)
    this.leaveUpstream()
    if (close) this.keep = false
    // An edit that failed has been reported, and the answer is a refusal already.
    this.writeOwn(refused, exchange, refused === POLICY_FAILED ? 0 : exchange.reached)
    this.finish()
  }

  /** Writes an answer of the gateway's own, which so many policies still look at. */
  private writeOwn(refused: Refusal, exchange: Http1Exchange, unasked: number): void {
    if (!this.body.done || this.host.draining) this.keep = false
    const answer = ownAnswer(refused, exchange, this.host, unasked)
    this.started = true
    this.write(ownBytes(answer, this.headEnd()))
  }

  /** Refuses something of which no request could be made. */
  private refuseUnparsed(code: RefusalCode, isHead = false): void {
    this.socket.write(ownBytes(unparsedAnswer(code, this.host, this.arrival.peer, isHead), CLOSE_END))
    this.linger()
  }

  private finish(): void {
    const { exchange } = this
    if (exchange === null) return
    this.endExchange(exchange, undefined)
    if (!this.body.done || !this.keep || this.host.draining) return this.linger()
    if (this.needsDrain) {
      // The next request waits until the client has read this answer: memory stays bounded.
      this.state = 'unread'
      this.unreadDeadline = clock.after(this.host.limits.unreadTimeoutMs)
      this.setDeadline()
      this.pauseInput()
      return
    }
    this.nextRequest()
  }

  private nextRequest(): void {
    this.head.reset()
    this.state = 'head'
    this.deadline = clock.after(this.host.limits.idleTimeoutMs)
    if (this.host.draining) return this.linger()
    if (this.held !== null || this.paused || this.inputEnded) this.pump()
  }

  private endExchange(exchange: Http1Exchange, cutBy: string | undefined): void {
    this.exchange = null
    this.exchangeDeadline = Infinity
    this.bodyDeadline = Infinity
    this.unreadDeadline = Infinity
    const { answerCopy, collector } = this
    this.answerCopy = null
    this.collector = null
    if (answerCopy !== null) endCopy(exchange, answerCopy, this.host)
    recordEnd(exchange, this.host, this.body.total, cutBy)
    collector?.release()
    exchange.lease.end()
  }

  /** Gives up whatever is under way upstream. */
  private leaveUpstream(code?: string): void {
    const { upstream, exchange } = this
    this.leaveWebSocket(code)
    this.upstream = null
    if (upstream !== null) upstream.destroy()
    else if (this.state === 'forwarding') exchange?.pool?.cancel(this)
  }

  /** An answer that cannot be completed: the connection ends in a way that no client takes for a clean end. */
  cut(code: string): void {
    const { exchange } = this
    this.leaveUpstream(code)
    if (exchange !== null) this.endExchange(exchange, code)
    this.state = 'closed'
    this.deadline = Infinity
    // Without a length or chunks, an orderly FIN would look like the end of the body. For a client that does not read,
    // the system would keep what it holds of the answer.
    if (this.framing === 'until-close' || code === 'client_unread') this.arrival.reset()
    else this.socket.destroy()
  }

  private destroy(): void {
    this.state = 'closed'
    this.deadline = Infinity
    if (this.socket.writableLength > 0) this.arrival.reset()
    else this.socket.destroy()
  }

  /** Ends our side and drops what still comes: closing at once would reset the answer away (RFC 9112 §9.6). */
  private linger(): void {
    this.state = 'lingering'
    this.held = null
    this.partial.clear()
    this.endOutput()
    this.resumeInput()
  }

  private endOutput(): void {
    const { lingerMs, unreadTimeoutMs } = this.host.limits
    this.state = 'lingering'
    this.socket.end()
    // What the client has still to read of its answer takes the time that reading may take.
    const isUnread = this.socket.writableLength > 0
    this.deadline = clock.after(isUnread ? unreadTimeoutMs : lingerMs)
    if (isUnread) this.socket.once('finish', () => (this.deadline = clock.after(lingerMs)))
  }

  // ── deadlines ──────────────────────────────────────────────────────────────

  private watchBody(): void {
    this.body.windowBytes = 0
    this.bodyDeadline = clock.after(this.host.limits.bodyWindowMs)
    this.setDeadline()
  }

  private setDeadline(): void {
    this.deadline = Math.min(this.exchangeDeadline, this.bodyDeadline, this.unreadDeadline)
  }

  private expireExchange(): void {
    const { bodyWindowMs, bodyBytesPerSecondMin } = this.host.limits
    if (this.unreadDeadline <= clock.nowMs) return this.cut('client_unread')
    if (this.exchangeDeadline <= clock.nowMs) return this.refuse(refusal('exchange_timeout'), true)
    if (this.body.windowBytes >= (bodyBytesPerSecondMin * bodyWindowMs) / 1000) this.watchBody()
    else this.refuse(refusal('request_timeout'), true)
  }

  // ── WebSockets ─────────────────────────────────────────────────────────────

  switchProtocols(response: Head, bytes: Buffer, start: number, end: number): boolean {
    const { exchange, upstream } = this
    if (exchange === null || upstream === null || !this.upgrades || !acceptsWebSocket(this.head, response))
      return false
    exchange.status = 101
    exchange.answerHead = response
    if (runResponsePhases(exchange, policiesOf(exchange), this.host) !== undefined) return false
    const webSocket = new WebSocketPair(this, upstream, exchange)
    exchange.answerHead = null
    const head = `${headText(response, null, RESPONSE_DROPS, exchange.responseEdits)}${UPGRADE_LINES}\r\n`
    this.state = 'tunnel'
    this.started = true
    this.webSocket = webSocket
    this.endExchange(exchange, undefined)
    this.socket.write(head)
    webSocket.open()
    if (start < end) webSocket.upstreamCame(Buffer.from(bytes.subarray(start, end)), 0, end - start)
    const { held } = this
    this.held = null
    if (held !== null) webSocket.clientCame(held)
    this.resumeInput()
    return true
  }

  tunnelBytes(bytes: Buffer, start: number, end: number): boolean {
    return this.webSocket?.upstreamCame(bytes, start, end) === true
  }

  tunnelEnded(): void {
    this.webSocket?.upstreamEnded()
  }

  goAway(): void {
    this.webSocket?.goAway()
  }

  webSocketClosed(): void {
    this.endWebSocket(undefined)
  }

  private endWebSocket(code: string | undefined): void {
    const { upstream } = this
    this.upstream = null
    this.leaveWebSocket(code)
    this.linger()
    upstream?.finishTunnel()
  }

  private leaveWebSocket(code: string | undefined): void {
    const { webSocket } = this
    this.webSocket = null
    webSocket?.leave(code)
  }

  // ── drain ──────────────────────────────────────────────────────────────────

  /** The server takes no more requests: an idle connection ends now, others after their answer. */
  startDrain(): void {
    if (this.state === 'head' && this.partial.isEmpty && this.held === null) this.linger()
  }

  /** The drain's deadline has passed. */
  endDrain(): void {
    if (this.state === 'closed') return
    this.cut('drained')
  }
}
