import { connect, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls'
import { type AgreementCounts, WITHOUT_TLS } from '../agreements.ts'
import { clock, type Timed } from '../clock.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import { Head, MORE, REFUSED } from '../http1/head.ts'
import type { TrailerFields } from '../http1/trailers.ts'
import { defaultLimits } from '../limits.ts'
import { ForbiddenAddress, isForbiddenAddress, ownFault } from './addresses.ts'
import type { Endpoint } from './endpoint.ts'
import { type OutboundContext, refusesClient, type TlsFailure } from './tls.ts'

/** Why there is no answer, or no whole one. Each is a code of refusals.ts. */
export type UpstreamFailure =
  | 'upstream_unreachable'
  | 'upstream_forbidden_address'
  | 'upstream_connect_timeout'
  | 'upstream_response_timeout'
  | 'upstream_reset'
  | 'upstream_bad_response'
  | 'upstream_busy'
  | 'upstream_no_websocket'
  | 'upstream_circuit_open'
  | 'gateway_exhausted'
  | TlsFailure

/** The way to an endpoint for one exchange, as its caller uses it. What is written is one HTTP/1.1 message. */
export interface UpstreamLink {
  readonly endpoint: Endpoint
  readonly isWritable: boolean
  /** Nothing of what was written is still needed: the kernel has all of it. */
  readonly hasWrittenAll: boolean
  /** Bytes of the request; false asks the caller to wait for upstreamWritable. */
  write(bytes: Buffer): boolean
  writeText(text: string): boolean
  /** The caller has handed over all of the request. */
  awaitAnswer(): void
  pause(): void
  resume(): void
  /** Half-closes a tunnel. */
  end(): void
  /** The tunnel is over: what was written still goes out, what comes is dropped. */
  finishTunnel(): void
  /** Ends it; its caller hears nothing more. */
  destroy(): void
}

/** A link as its pool has it: over HTTP/1.1 a connection, over HTTP/2 one stream of a connection. */
export interface PooledLink extends UpstreamLink {
  readonly endpoint: Endpoint<PooledLink>
  /** The next exchange on it; it is connected and idle. */
  begin(caller: Caller): void
}

/**
 * Whoever waits for an answer. Every call comes from the socket's own events. `bytes` belong to the connection
 * and are valid during the call only, unless the callee says by returning true that it still needs them.
 */
export interface Caller {
  readonly isHead: boolean
  /** All of the request has been handed over. */
  readonly requestDone: boolean
  /** Trailers behind the answer can reach whoever asked. */
  readonly takesTrailers: boolean
  /** What a consistent hash over the endpoints is taken of. */
  readonly balancingKey: string | undefined
  /** The request goes here; the caller writes it. */
  upstreamReady(connection: UpstreamLink): void
  upstreamWritable(): void
  /** A 1xx other than 101. */
  interimResponse(head: Head): void
  /** A 101; false where it was not asked for. */
  switchProtocols(head: Head, bytes: Buffer, start: number, end: number): boolean
  /** The final head and what came with it; `slices` are pieces of the decoded body. */
  response(head: Head, bytes: Buffer, slices: readonly number[], ends: boolean): boolean
  responseBody(bytes: Buffer, slices: readonly number[], ends: boolean): boolean
  /** Trailers of the answer, before the call that ends its body. */
  responseTrailers(fields: TrailerFields): void
  /** The answer is complete and the connection is somebody else's. */
  responseEnded(): void
  tunnelBytes(bytes: Buffer, start: number, end: number): boolean
  tunnelEnded(): void
  /** With a time after which it is worth to ask again, where one is known. */
  upstreamFailed(failure: UpstreamFailure, retryAfterSeconds?: number): void
  /** Nothing of an answer came on a connection that had served before: whether the request may go out again. */
  mayRetry(): boolean
  /** Takes the request back to send it anew; false where that is not safe or the client has had something of an answer. */
  takeBack(idempotentOnly: boolean): boolean
}

export interface ConnectionTimeouts {
  readonly connectMs: number
  /** From the end of the request to the head of the answer. */
  readonly responseMs: number
  /** The longest pause inside a body. */
  readonly idleMs: number
  /** How long a connection without work is kept. */
  readonly keepMs?: number
}

/** What a connection needs of the pool it belongs to. */
export interface ConnectionOwner {
  readonly allowLoopback: boolean
  readonly timeouts: ConnectionTimeouts
  /** For endpoints with https. */
  readonly tls: OutboundContext | null
  /** What its connections came to, by the exchanges on them. */
  readonly agreed: AgreementCounts
  /** Finds the addresses of an endpoint's name. */
  readonly lookup: LookupFunction
  connected(connection: PooledLink, caller: Caller): void
  idle(connection: PooledLink): void
  /** The head of a final answer has come. */
  answered(connection: PooledLink, status: number): void
  /** An exchange ended before its answer was whole. */
  broke(connection: PooledLink, failure: UpstreamFailure): void
  /** The connection is no more; `abandoned` is whoever was served on it and went away. */
  gone(connection: PooledLink, wasIdle: boolean, abandoned: Caller | null): void
  retry(caller: Caller, failed: PooledLink): void
  connectFailed(caller: Caller, failed: PooledLink, failure: UpstreamFailure): void
}

type State = 'connecting' | 'idle' | 'head' | 'length' | 'chunked' | 'until-close' | 'tunnel' | 'dead'

const READ_BYTES = 65_536
const INTERIM_MAX = 16
const IDLE_KEEP_MS = 30_000
const LINGER_MS = 1_000
// Leaves the peer's own timeout a margin, so that a request rarely crosses its closing.
const KEEP_ALIVE_MARGIN_MS = 1_000

// One read buffer for all upstream sockets. It is given away where a client's socket still needs its bytes.
const sharedBuffer = Buffer.allocUnsafeSlow(READ_BYTES)

/** One connection to an endpoint: parses answers, frames their bodies, knows whether it may be used again. */
export class UpstreamConnection implements Timed, PooledLink {
  readonly endpoint: Endpoint<PooledLink>
  deadline: number
  private readonly owner: ConnectionOwner
  private readonly socket: Socket
  private readonly head = new Head(true, defaultLimits)
  private readonly slices: number[] = [0, 0]
  private state: State = 'connecting'
  private caller: Caller | null
  private exchanges = 0
  private heardSomething = false
  private mayBeKept = true
  private interims = 0
  private left = 0
  private decoder: ChunkedDecoder | null = null
  private partialHead: Buffer | null = null
  private partialLength = 0
  private paused = false
  private ended = false
  private idleKeepMs: number
  private readBuffer: Buffer = sharedBuffer
  private nextBuffer: Buffer | undefined = sharedBuffer
  private failure: UpstreamFailure | null = null
  /** Connected below TLS: what fails now is the handshake. */
  private inHandshake = false
  private agreement = WITHOUT_TLS

  constructor(endpoint: Endpoint<PooledLink>, owner: ConnectionOwner, caller: Caller) {
    this.endpoint = endpoint
    this.owner = owner
    this.caller = caller
    this.deadline = clock.after(owner.timeouts.connectMs)
    if (endpoint.isAddress && isForbiddenAddress(endpoint.host, owner.allowLoopback)) {
      throw new ForbiddenAddress('the address of the upstream must not be reached')
    }
    this.idleKeepMs = owner.timeouts.keepMs ?? IDLE_KEEP_MS
    this.socket = endpoint.isSecure ? this.openTls() : connect(this.socketOptions())
    // Every text that is written is a head or bytes as text.
    this.socket.setDefaultEncoding('latin1')
    this.socket.on(endpoint.isSecure ? 'secureConnect' : 'connect', () => this.onConnect())
    this.socket.on('drain', () => this.caller?.upstreamWritable())
    this.socket.on('end', () => this.onEnd())
    this.socket.on('error', (error) => this.onError(error))
    this.socket.on('close', () => this.onClose())
    clock.add(this)
  }

  private socketOptions(): TcpNetConnectOpts {
    const { host, port } = this.endpoint
    return {
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      lookup: this.owner.lookup,
      onread: {
        buffer: () => this.takeBuffer(),
        callback: (length, bytes) => {
          // Node hands back the very Buffer of takeBuffer, under the wider type of its declaration.
          this.read(bytes as Buffer, length)
          return true
        },
      },
    }
  }

  private openTls(): Socket {
    const { tls } = this.owner
    if (tls === null) throw new Error('an endpoint with https needs a TLS context')
    const options: ConnectionOptions = { ...this.socketOptions(), ...tls.optionsFor(this.endpoint.host) }
    const socket = connectTls(options)
    socket.once('connect', () => {
      this.inHandshake = true
      socket.setNoDelay(true)
    })
    return socket
  }

  get isWritable(): boolean {
    return !this.socket.writableNeedDrain
  }

  get hasWrittenAll(): boolean {
    return this.socket.writableLength === 0
  }

  // Node asks before the first read and after every one; undefined lets it keep the buffer it has.
  private takeBuffer(): Buffer {
    const buffer = this.nextBuffer
    this.nextBuffer = undefined
    // The declaration lacks the undefined that the documentation and the code of node:net allow.
    return buffer as Buffer
  }

  /** The next exchange on this connection; it is connected and idle. */
  begin(caller: Caller): void {
    this.caller = caller
    this.startExchange(caller)
  }

  private startExchange(caller: Caller): void {
    this.state = 'head'
    this.exchanges++
    this.owner.agreed.add(this.agreement)
    this.heardSomething = false
    this.interims = 0
    this.deadline = Infinity
    caller.upstreamReady(this)
    if (this.caller === caller && caller.requestDone) this.awaitAnswer()
  }

  /** Bytes of the request; false asks the caller to wait for upstreamWritable. */
  write(bytes: Buffer): boolean {
    return this.accepted(this.socket.write(bytes))
  }

  writeText(text: string): boolean {
    return this.accepted(this.socket.write(text))
  }

  // While the caller sends, time is the caller's; once the upstream holds it up or has all of it, the upstream's.
  private accepted(writable: boolean): boolean {
    if (this.state === 'head')
      this.deadline = writable ? Infinity : clock.after(this.owner.timeouts.responseMs)
    return writable
  }

  /** The caller has handed over all of the request. */
  awaitAnswer(): void {
    if (this.state === 'head') this.deadline = clock.after(this.owner.timeouts.responseMs)
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.deadline = Infinity
    this.socket.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (this.state !== 'tunnel') this.deadline = clock.after(this.owner.timeouts.idleMs)
    this.socket.resume()
  }

  /** Half-closes a tunnel. */
  end(): void {
    this.socket.end()
  }

  /** The tunnel is over: what was written still goes out, what comes is dropped. */
  finishTunnel(): void {
    if (this.state === 'dead') return
    this.caller = null
    this.socket.end()
    this.resume()
    this.deadline = clock.after(LINGER_MS)
  }

  /** Ends the connection; its caller hears nothing more. */
  destroy(): void {
    if (this.state === 'dead') return
    const wasIdle = this.state === 'idle'
    const { caller } = this
    this.state = 'dead'
    this.caller = null
    this.deadline = Infinity
    clock.delete(this)
    this.socket.destroy()
    this.owner.gone(this, wasIdle, caller)
  }

  expire(): void {
    switch (this.state) {
      case 'connecting':
        this.fail('upstream_connect_timeout')
        return
      case 'idle':
      case 'dead':
        this.destroy()
        return
      default:
        this.fail('upstream_response_timeout')
    }
  }

  private onConnect(): void {
    const caller = this.caller
    if (this.state !== 'connecting' || caller === null) return
    const { tls } = this.owner
    if (tls !== null && this.socket instanceof TLSSocket) this.agreement = tls.succeeded(this.socket)
    this.inHandshake = false
    this.owner.connected(this, caller)
    this.startExchange(caller)
  }

  // A close event follows, where the failure is told.
  private onError(error: Error): void {
    this.failure = ownFault(error)
    if (this.failure === null && this.owner.tls !== null && (this.inHandshake || refusesClient(error)))
      this.failure = this.owner.tls.failureOf(error)
  }

  // FIN. It completes a body without length (RFC 9112 §6.3) and half-closes a tunnel; else it is a failure.
  private onEnd(): void {
    this.ended = true
    switch (this.state) {
      case 'until-close':
        this.slices[0] = 0
        this.slices[1] = 0
        this.passBody(sharedBuffer, this.slices, true)
        return
      case 'tunnel':
        this.caller?.tunnelEnded()
        return
      case 'idle':
      case 'dead':
        this.destroy()
        return
      default:
        this.lost()
    }
  }

  private onClose(): void {
    switch (this.state) {
      case 'dead':
        return
      case 'idle':
        this.destroy()
        return
      case 'tunnel': {
        const caller = this.caller
        this.destroy()
        caller?.upstreamFailed('upstream_reset')
        return
      }
      default:
        this.lost()
    }
  }

  private lost(): void {
    if (this.state === 'connecting') return this.fail(this.failure ?? this.handshakeFailure())
    const isStale = this.state === 'head' && !this.heardSomething && this.exchanges > 1
    const caller = this.caller
    if (!isStale || caller === null || !caller.mayRetry()) return this.fail(this.failure ?? 'upstream_reset')
    this.caller = null
    this.destroy()
    this.owner.retry(caller, this)
  }

  private handshakeFailure(): UpstreamFailure {
    return this.inHandshake && this.owner.tls !== null
      ? this.owner.tls.failureOf(null)
      : 'upstream_unreachable'
  }

  private fail(failure: UpstreamFailure): void {
    const caller = this.caller
    const wasConnecting = this.state === 'connecting'
    this.caller = null
    this.destroy()
    if (!wasConnecting) this.owner.broke(this, failure)
    if (caller === null) return
    if (wasConnecting) this.owner.connectFailed(caller, this, failure)
    else caller.upstreamFailed(failure)
  }

  private read(bytes: Buffer, length: number): void {
    switch (this.state) {
      case 'head':
        this.heardSomething = true
        this.readHead(bytes, length)
        return
      case 'length':
      case 'chunked':
      case 'until-close':
        if (!this.paused) this.deadline = clock.after(this.owner.timeouts.idleMs)
        this.readBody(bytes, length)
        return
      case 'tunnel':
        if (this.caller?.tunnelBytes(bytes, 0, length) === true) this.giveAway(bytes)
        return
      case 'idle':
        // Bytes that nobody asked for would be taken for the next client's answer.
        this.destroy()
        return
      case 'connecting':
      case 'dead':
        return
    }
  }

  private readHead(read: Buffer, readLength: number): void {
    const bytes = this.partialHead === null ? read : this.appendToPartial(read, readLength)
    const end = this.partialHead === null ? readLength : this.partialLength
    let position = 0
    while (this.state === 'head') {
      const next = this.head.parse(bytes, position, end)
      if (next === REFUSED) return this.fail('upstream_bad_response')
      if (next === MORE) return this.keepPartial(bytes, position, end)
      position = next
      if (this.head.status >= 200) return this.answer(bytes, position, end)
      if (this.head.status === 101) return this.switchProtocols(bytes, position, end)
      if (++this.interims > INTERIM_MAX) return this.fail('upstream_bad_response')
      this.caller?.interimResponse(this.head)
      this.head.reset()
      if (position === end) {
        this.partialHead = null
        return
      }
    }
  }

  private appendToPartial(read: Buffer, length: number): Buffer {
    let partial = this.partialHead ?? Buffer.allocUnsafe(length)
    if (this.partialLength + length > partial.length) {
      const grown = Buffer.allocUnsafe((this.partialLength + length) * 2)
      partial.copy(grown, 0, 0, this.partialLength)
      partial = grown
    }
    read.copy(partial, this.partialLength, 0, length)
    this.partialLength += length
    this.partialHead = partial
    return partial
  }

  private keepPartial(bytes: Buffer, start: number, end: number): void {
    if (bytes === this.partialHead && start === 0) return
    const partial = Buffer.allocUnsafe(Math.max(1024, (end - start) * 2))
    bytes.copy(partial, 0, start, end)
    this.partialHead = partial
    this.partialLength = end - start
  }

  private switchProtocols(bytes: Buffer, start: number, end: number): void {
    this.partialHead = null
    this.state = 'tunnel'
    this.deadline = Infinity
    if (this.caller?.switchProtocols(this.head, bytes, start, end) !== true)
      return this.fail('upstream_bad_response')
    this.owner.answered(this, 101)
  }

  // RFC 9112 §6.3: how long the body is
  private answer(bytes: Buffer, start: number, end: number): void {
    const { head, caller } = this
    if (caller === null) return this.destroy()
    this.partialHead = null
    this.owner.answered(this, head.status)
    this.mayBeKept = head.minor === 1 ? !head.close : head.keepAlive && !head.close
    this.deadline = clock.after(this.owner.timeouts.idleMs)
    if (this.exchanges === 1) this.readKeepAlive()
    const isBodiless = caller.isHead || head.status === 204 || head.status === 304
    if (isBodiless || head.contentLength === 0) {
      this.state = 'length'
      this.left = 0
    } else if (head.chunked) {
      this.state = 'chunked'
      this.decoder ??= new ChunkedDecoder()
      this.decoder.reset()
    } else if (head.contentLength > 0) {
      this.state = 'length'
      this.left = head.contentLength
    } else {
      this.state = 'until-close'
      this.mayBeKept = false
    }
    const slices = this.framed(bytes, start, end)
    if (slices === null) return this.fail('upstream_bad_response')
    const ends = this.bodyEnded()
    if (ends) this.passTrailers(caller)
    if (caller.response(head, bytes, slices, ends)) this.giveAway(bytes)
    if (ends && this.caller === caller) this.finish(caller)
  }

  private passTrailers(caller: Caller): void {
    const trailers = this.state === 'chunked' ? this.decoder?.trailers : undefined
    if (trailers !== undefined && trailers.length > 0) caller.responseTrailers(trailers)
  }

  private readKeepAlive(): void {
    const field = this.head.find('keep-alive', 0)
    const seconds = field < 0 ? undefined : KEEP_ALIVE_TIMEOUT.exec(this.head.value(field))?.[1]
    if (seconds === undefined) return
    this.idleKeepMs = Math.max(0, Math.min(this.idleKeepMs, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS))
  }

  private readBody(bytes: Buffer, length: number): void {
    const slices = this.framed(bytes, 0, length)
    if (slices === null) return this.fail('upstream_bad_response')
    this.passBody(bytes, slices, this.bodyEnded())
  }

  private passBody(bytes: Buffer, slices: readonly number[], ends: boolean): void {
    const caller = this.caller
    if (caller === null) return this.destroy()
    if (ends) this.passTrailers(caller)
    if (caller.responseBody(bytes, slices, ends)) this.giveAway(bytes)
    if (ends && this.caller === caller) this.finish(caller)
  }

  /** The pieces of body between two positions; null where the framing is broken. Bytes behind the end spoil reuse. */
  private framed(bytes: Buffer, start: number, end: number): readonly number[] | null {
    if (this.state === 'chunked' && this.decoder !== null) {
      const stopped = this.decoder.decode(bytes, start, end)
      if (stopped < 0) return null
      if (stopped < end) this.mayBeKept = false
      return this.decoder.slices
    }
    const length = this.state === 'length' ? Math.min(end - start, this.left) : end - start
    if (this.state === 'length') this.left -= length
    if (start + length < end) this.mayBeKept = false
    this.slices[0] = start
    this.slices[1] = start + length
    return this.slices
  }

  private bodyEnded(): boolean {
    return this.state === 'chunked' ? this.decoder?.done === true : this.state === 'length' && this.left === 0
  }

  private finish(caller: Caller): void {
    this.caller = null
    if (!this.mayBeKept || !caller.requestDone || this.ended || this.idleKeepMs === 0) this.destroy()
    else this.release()
    caller.responseEnded()
  }

  private release(): void {
    this.head.reset()
    this.state = 'idle'
    if (this.paused) this.socket.resume()
    this.paused = false
    this.deadline = clock.after(this.idleKeepMs)
    if (this.readBuffer !== sharedBuffer) this.readInto(sharedBuffer)
    this.owner.idle(this)
  }

  // The caller's socket still holds these bytes: the next read must go elsewhere.
  private giveAway(bytes: Buffer): void {
    if (bytes === this.readBuffer) this.readInto(Buffer.allocUnsafeSlow(READ_BYTES))
  }

  private readInto(buffer: Buffer): void {
    this.readBuffer = buffer
    this.nextBuffer = buffer
  }
}

const KEEP_ALIVE_TIMEOUT = /(?:^|[ ,])timeout=(\d{1,6})/i
