import { type ClientHttp2Stream, constants } from 'node:http2'
import { clock, type Timed } from '../clock.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import { Head } from '../http1/head.ts'
import type { TrailerFields } from '../http1/trailers.ts'
import { ForbiddenAddress, isForbiddenAddress } from './addresses.ts'
import type { Caller, ConnectionOwner, PooledLink, UpstreamFailure } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { type FieldList, requestFields, responseBytes } from './http2-message.ts'
import type { Http2Sessions, StreamSeeker, UpstreamSession } from './http2-sessions.ts'

/** `head` waits for the head of the answer, `body` for the rest of it. */
type State = 'connecting' | 'head' | 'body' | 'dead'

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_FLAG_END_STREAM } = constants
const INTERIM_MAX = 16
const NO_BYTES = Buffer.alloc(0)
const NO_SLICES: readonly number[] = [0, 0]
// Policies may have added to what came in within the limits.
const HEAD_LIMITS = { targetBytesMax: 65_535, fieldBytesMax: 65_535, headBytesMax: 65_535, fieldsMax: 1_000 }

/**
 * One exchange with an endpoint that speaks HTTP/2: a stream of a shared connection that its caller uses like a
 * connection of its own. What the caller writes is one HTTP/1.1 message, which is read by the strict parser.
 */
export class Http2Call implements PooledLink, StreamSeeker, Timed {
  readonly endpoint: Endpoint<PooledLink>
  deadline: number
  private readonly owner: ConnectionOwner
  private readonly sessions: Http2Sessions
  private state: State = 'connecting'
  private caller: Caller | null
  private session: UpstreamSession | null
  private stream: ClientHttp2Stream | null = null
  private wasServing = false

  private readonly requestHead = new Head(false, HEAD_LIMITS)
  private decoder: ChunkedDecoder | null = null
  private left = 0
  private requestEnded = false
  private requestTrailers: TrailerFields = []

  private readonly head = new Head(true, HEAD_LIMITS)
  private interims = 0
  private bodyBytes = 0
  private answerTrailers: TrailerFields = []
  private paused = false

  /** Throws ForbiddenAddress. */
  constructor(
    endpoint: Endpoint<PooledLink>,
    owner: ConnectionOwner,
    caller: Caller,
    sessions: Http2Sessions,
  ) {
    if (endpoint.isAddress && isForbiddenAddress(endpoint.host, owner.allowLoopback)) {
      throw new ForbiddenAddress('the address of the upstream must not be reached')
    }
    this.endpoint = endpoint
    this.owner = owner
    this.caller = caller
    this.sessions = sessions
    this.deadline = clock.after(owner.timeouts.connectMs)
    this.session = sessions.place(endpoint, this)
    clock.add(this)
  }

  /** A stream carries one exchange and is never idle. */
  begin(): void {
    throw new Error('a stream carries one exchange')
  }

  // ── getting a stream ───────────────────────────────────────────────────────

  sessionReady(session: UpstreamSession): void {
    const { caller } = this
    if (this.state !== 'connecting' || caller === null) return
    this.session = session
    this.wasServing = session.served > 0
    this.state = 'head'
    this.deadline = Infinity
    this.owner.connected(this, caller)
    caller.upstreamReady(this)
    if (this.caller === caller && caller.requestDone) this.awaitAnswer()
  }

  sessionFailed(failure: UpstreamFailure): void {
    this.session = null
    if (this.state === 'connecting') this.fail(failure)
  }

  sessionClosed(): void {
    if (this.state === 'connecting') this.session = this.sessions.place(this.endpoint, this)
  }

  // ── the request ────────────────────────────────────────────────────────────

  get isWritable(): boolean {
    return this.stream?.writableNeedDrain !== true
  }

  // Frames are cut from the very bytes, at the pace of the peer's window.
  get hasWrittenAll(): boolean {
    return false
  }

  write(bytes: Buffer): boolean {
    if (this.state === 'dead' || this.requestEnded) return true
    if (this.stream === null) this.writeHead(bytes)
    else this.writeBody(bytes)
    return this.accepted()
  }

  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'))
  }

  // While the caller sends, time is the caller's; once the upstream holds it up or has all of it, the upstream's.
  private accepted(): boolean {
    const { isWritable } = this
    if (this.state === 'head')
      this.deadline =
        isWritable && !this.requestEnded ? Infinity : clock.after(this.owner.timeouts.responseMs)
    return isWritable
  }

  private writeHead(bytes: Buffer): void {
    const { requestHead: head, session, caller } = this
    if (session === null || caller === null) return
    const next = head.parse(bytes, 0, bytes.length)
    // A head that does not fit is the only reason: callers write whole ones, which have been judged.
    if (next <= 0) return this.fail('upstream_reset')
    // RFC 8441 would be the way; without it a WebSocket cannot begin here.
    if (head.upgradeNamed) return this.fail('upstream_no_websocket')
    this.left = Math.max(0, head.contentLength)
    if (head.chunked) this.decoder = new ChunkedDecoder()
    const endStream = !head.chunked && this.left === 0
    const fields = requestFields(head, this.endpoint.isSecure, caller.takesTrailers)
    try {
      this.listenTo(session.request(fields, { endStream, waitForTrailers: head.chunked }))
    } catch {
      return this.fail('upstream_reset')
    }
    this.requestEnded = endStream
    if (next < bytes.length) this.writeBody(bytes.subarray(next))
  }

  private writeBody(bytes: Buffer): void {
    const { stream, decoder } = this
    if (stream === null || stream.destroyed || stream.writableEnded) return
    if (decoder === null) {
      this.left -= bytes.length
      stream.write(bytes)
      if (this.left <= 0) this.endRequest(stream)
      return
    }
    if (decoder.decode(bytes, 0, bytes.length) < 0) return this.fail('upstream_reset')
    const { slices } = decoder
    for (let i = 0; i + 1 < slices.length; i += 2) stream.write(bytes.subarray(slices[i], slices[i + 1]))
    if (!decoder.done) return
    this.requestTrailers = decoder.trailers
    this.endRequest(stream)
  }

  private endRequest(stream: ClientHttp2Stream): void {
    this.requestEnded = true
    stream.end()
  }

  awaitAnswer(): void {
    if (this.state === 'head') this.deadline = clock.after(this.owner.timeouts.responseMs)
  }

  // ── the answer ─────────────────────────────────────────────────────────────

  private listenTo(stream: ClientHttp2Stream): void {
    this.stream = stream
    // The declarations lack the list of fields that comes last.
    const on = stream.on.bind(stream) as (
      event: string,
      listener: (fields: object, flags: number, raw: string[]) => void,
    ) => void
    on('headers', (_fields, _flags, raw) => this.onInterim(raw))
    on('response', (_fields, flags, raw) => this.onResponse(raw, (flags & NGHTTP2_FLAG_END_STREAM) !== 0))
    on('trailers', (_fields, _flags, raw) => {
      this.answerTrailers = raw
    })
    stream.on('wantTrailers', () => this.sendTrailers(stream))
    stream.on('drain', () => this.caller?.upstreamWritable())
    // A close event follows, which says all that matters.
    stream.on('error', () => undefined)
    stream.on('close', () => this.lost())
  }

  private sendTrailers(stream: ClientHttp2Stream): void {
    const fields: Record<string, string[]> = {}
    for (let i = 0; i + 1 < this.requestTrailers.length; i += 2) {
      const name = this.requestTrailers[i] ?? ''
      fields[name] = [...(fields[name] ?? []), this.requestTrailers[i + 1] ?? '']
    }
    stream.sendTrailers(fields)
  }

  private parsed(raw: FieldList): boolean {
    const bytes = responseBytes(raw)
    this.head.reset()
    return this.head.parse(bytes, 0, bytes.length) === bytes.length
  }

  private onInterim(raw: FieldList): void {
    if (this.state !== 'head') return
    if (!this.parsed(raw) || this.head.status === 101 || ++this.interims > INTERIM_MAX)
      return this.fail('upstream_bad_response')
    this.caller?.interimResponse(this.head)
  }

  private onResponse(raw: FieldList, ends: boolean): void {
    const { caller, head, stream } = this
    if (this.state !== 'head' || caller === null || stream === null) return
    if (!this.parsed(raw) || head.status < 200) return this.fail('upstream_bad_response')
    if (this.session !== null) this.session.served++
    this.state = 'body'
    this.deadline = clock.after(this.owner.timeouts.idleMs)
    this.owner.answered(this, head.status)
    // Bodiless answers are told whole, as on HTTP/1.1.
    const isWhole = ends || caller.isHead || head.status === 204 || head.status === 304
    caller.response(head, NO_BYTES, NO_SLICES, isWhole)
    if (this.caller !== caller) return
    if (isWhole) return this.finish(caller, ends)
    stream.on('data', (bytes: Buffer) => this.onData(bytes))
    // Node gives the trailers of a body to the next tick, behind its end.
    stream.on('end', () => process.nextTick(() => this.onEnd()))
    if (this.paused) stream.pause()
  }

  private onData(bytes: Buffer): void {
    if (this.state !== 'body') return
    this.bodyBytes += bytes.length
    if (!this.paused) this.deadline = clock.after(this.owner.timeouts.idleMs)
    this.caller?.responseBody(bytes, [0, bytes.length], false)
  }

  private onEnd(): void {
    const { caller, head, stream } = this
    if (this.state !== 'body' || caller === null) return
    // A stream that was reset ends for its reader too.
    const isCut = stream === null || (stream.rstCode ?? 0) !== 0
    if (isCut || (head.contentLength >= 0 && this.bodyBytes < head.contentLength)) return this.lost()
    if (this.answerTrailers.length > 0) caller.responseTrailers(this.answerTrailers)
    caller.responseBody(NO_BYTES, NO_SLICES, true)
    if (this.caller === caller) this.finish(caller, true)
  }

  private finish(caller: Caller, isEnded: boolean): void {
    const { stream } = this
    this.settle()
    // Whatever of the request or the answer is still to come is of no use.
    if (!(this.requestEnded && isEnded)) this.cancel(stream)
    this.owner.gone(this, false, null)
    caller.responseEnded()
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.deadline = Infinity
    this.stream?.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.deadline = clock.after(this.owner.timeouts.idleMs)
    this.stream?.resume()
  }

  // There are no tunnels here.
  end(): void {}

  finishTunnel(): void {
    this.destroy()
  }

  // ── ends ───────────────────────────────────────────────────────────────────

  private cancel(stream: ClientHttp2Stream | null): void {
    if (stream === null || stream.destroyed) return
    // Node ends the body of a stream that is closed inside it, as if it were whole, unless trailers follow.
    if (this.requestEnded || this.decoder !== null) stream.close(NGHTTP2_CANCEL)
    else stream.destroy(new Error('the request will not be whole'))
  }

  private settle(): void {
    this.caller = null
    this.state = 'dead'
    this.deadline = Infinity
    clock.delete(this)
  }

  destroy(): void {
    if (this.state === 'dead') return
    const { caller, stream, session } = this
    this.settle()
    session?.leave(this)
    this.cancel(stream)
    this.owner.gone(this, false, caller)
  }

  expire(): void {
    if (this.state === 'connecting') return this.fail('upstream_connect_timeout')
    this.session?.suspect()
    this.fail('upstream_response_timeout')
  }

  /** The stream has closed before its answer was whole. */
  private lost(): void {
    if (this.state === 'dead') return
    const code = this.stream?.rstCode ?? 0
    const { caller } = this
    // RFC 9113 §8.7: the upstream has not looked at it. Or the connection had been closed when the request came.
    const mayHaveBeenUnseen = code === NGHTTP2_REFUSED_STREAM || this.wasServing
    if (this.state !== 'head' || !mayHaveBeenUnseen || this.interims > 0 || caller?.mayRetry() !== true)
      return this.fail(code === NGHTTP2_PROTOCOL_ERROR ? 'upstream_bad_response' : 'upstream_reset')
    this.settle()
    this.owner.gone(this, false, null)
    this.owner.retry(caller, this)
  }

  private fail(failure: UpstreamFailure): void {
    const { caller, stream, session, state } = this
    this.settle()
    session?.leave(this)
    this.cancel(stream)
    this.owner.gone(this, false, null)
    if (state !== 'connecting') this.owner.broke(this, failure)
    if (caller === null) return
    if (state === 'connecting') this.owner.connectFailed(caller, this, failure)
    else caller.upstreamFailed(failure)
  }
}
