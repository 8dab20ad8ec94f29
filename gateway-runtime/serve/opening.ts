import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Arrival, type Door, plainAddress, PlainArrival } from './arrival.ts'
import { clock, type Timed } from './clock.ts'
import type { Lease } from './lease.ts'
import type { Limits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { refuseConnection } from './refusals.ts'
import { type Handshaken, TlsArrival } from './tls/arrival.ts'
import { type Hello, peekHello } from './tls/client-hello.ts'
import type { HandshakeEnd, TlsContext } from './tls/context.ts'
import { handshakeFailure, type HandshakeResult } from './tls/results.ts'

/** The server as openings see it. */
export interface OpeningHost {
  readonly limits: Limits
  readonly metrics: Metrics
  readonly lease: Lease | null
  /** The connection can speak HTTP now. `protocol` is what ALPN came to. */
  opened(socket: Socket, arrival: Arrival, protocol: string | undefined): void
  /** It came to no connection, or to one that is refused every request. */
  openingFailed(result: HandshakeResult, peer: string): void
  /** The opening is over, however it ended. */
  openingEnded(opening: Opening): void
}

type State = 'proxy' | 'hello' | 'tls' | 'lingering' | 'done'

/** More than a PROXY header and a ClientHello take together, with the headers of its records. */
const READ_MAX = 40_960

const ALERT_DECODE_ERROR = 50
const ALERT_UNRECOGNIZED_NAME = 112

/** What comes before the first request of a connection: a PROXY header, a TLS handshake, or both. */
export class Opening implements Timed, HandshakeEnd {
  deadline: number
  private readonly host: OpeningHost
  private readonly socket: Socket
  private readonly door: Door
  private readonly speaksTls: boolean
  private state: State
  private read: Buffer = Buffer.alloc(0)
  private peer: string
  private context: TlsContext | undefined
  private serverName: string | undefined

  constructor(
    host: OpeningHost,
    socket: Socket,
    door: Door,
    kind: { readonly protocol: 'http' | 'https'; readonly proxyProtocol: boolean },
  ) {
    this.host = host
    this.socket = socket
    this.door = door
    this.speaksTls = kind.protocol === 'https'
    this.state = kind.proxyProtocol ? 'proxy' : 'hello'
    this.peer = plainAddress(socket.remoteAddress ?? '')
    this.deadline = clock.after(host.limits.handshakeTimeoutMs)
    socket.on('data', this.onData)
    socket.on('end', this.onEnd)
    // A close event follows, which says all that matters.
    socket.on('error', () => undefined)
    socket.once('close', this.onClose)
    clock.add(this)
  }

  /** The server drains, or it has too many of these. */
  destroy(): void {
    this.socket.destroy()
  }

  expire(): void {
    const { state } = this
    this.count(state === 'proxy' ? 'proxy_header_timeout' : 'timeout')
    this.destroy()
  }

  private readonly onData = (bytes: Buffer): void => {
    if (this.state === 'lingering') return
    this.read = this.read.length === 0 ? bytes : Buffer.concat([this.read, bytes])
    if (this.state === 'proxy') this.takeProxyHeader()
    if (this.state === 'hello') this.takeHello()
  }

  private readonly onEnd = (): void => {
    if (this.state !== 'done' && this.state !== 'tls') this.socket.destroy()
  }

  private readonly onClose = (): void => {
    // What OpenSSL says of a handshake that ended comes by `failed`.
    if (this.state === 'proxy') this.count('bad_proxy_header')
    else if (this.state === 'hello' && this.speaksTls) this.count('reset')
    this.end()
  }

  private takeProxyHeader(): void {
    const header = readProxyHeader(this.read)
    if (header.kind === 'partial') return
    if (header.kind === 'bad') {
      this.socket.destroy()
      return
    }
    this.read = this.read.subarray(header.end)
    this.peer = header.address ?? this.peer
    this.state = 'hello'
    if (!this.speaksTls) this.openPlain()
  }

  private openPlain(): void {
    this.handOver()
    this.state = 'done'
    this.end()
    this.host.opened(this.socket, new PlainArrival(this.door, this.socket, this.peer), undefined)
    this.socket.resume()
  }

  private takeHello(): void {
    const hello: Hello = peekHello(this.read)
    switch (hello.kind) {
      case 'partial':
        if (this.read.length > READ_MAX) this.refuse('bad_hello', ALERT_DECODE_ERROR)
        return
      case 'hello':
        this.handshake(hello.serverName)
        return
      case 'http_request':
        this.count('http_request')
        this.linger()
        refuseConnection(this.socket, 'https_required', this.host.limits.lingerMs)
        return
      case 'not_tls':
      case 'bad_hello':
        this.refuse(hello.kind, ALERT_DECODE_ERROR)
        return
    }
  }

  private handshake(serverName: string | undefined): void {
    const place = this.host.lease?.plan.listeners.get(this.door.listener)?.hosts?.find(serverName)
    if (place === undefined) return this.refuse('unrecognized_name', ALERT_UNRECOGNIZED_NAME)
    this.serverName = serverName
    this.context = place.context
    this.state = 'tls'
    this.handOver()
    place.context.handshake(this.socket, this)
  }

  /** Gives back what was read, for whoever reads next. */
  private handOver(): void {
    this.socket.off('data', this.onData)
    this.socket.off('end', this.onEnd)
    this.socket.pause()
    if (this.read.length > 0) this.socket.unshift(this.read)
    this.read = Buffer.alloc(0)
  }

  secured(socket: TLSSocket): void {
    const { context } = this
    if (this.state !== 'tls' || context === undefined) {
      socket.destroy()
      return
    }
    if (!this.isNamedAlike(socket)) {
      this.count('server_name_mismatch')
      socket.destroy()
      return
    }
    socket.allowHalfOpen = true
    const handshaken = this.handshakenOf(socket, context)
    this.count(handshaken.fault ?? 'ok')
    this.state = 'done'
    this.end()
    const arrival = new TlsArrival(this.door, this.socket, this.peer, socket, handshaken)
    this.host.opened(socket, arrival, socket.alpnProtocol || undefined)
  }

  // All rests on the name that was read here, so OpenSSL must have read the same. Of a session that TLS 1.2 resumes
  // it keeps no name.
  private isNamedAlike(socket: TLSSocket): boolean {
    const found = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : ''
    return found === (this.serverName ?? '') || (found === '' && socket.isSessionReused())
  }

  private handshakenOf(socket: TLSSocket, context: TlsContext): Handshaken {
    const { serverName } = this
    const { admission } = context
    const certificate = admission.asksForCertificate ? socket.getPeerX509Certificate() : undefined
    const error = socket.authorized ? undefined : String(socket.authorizationError)
    return { context, serverName, ...admission.judge(certificate, error, Date.now()) }
  }

  failed(error: NodeJS.ErrnoException): void {
    this.count(handshakeFailure(error))
    this.end()
  }

  private refuse(result: HandshakeResult, alert: number): void {
    this.count(result)
    this.linger()
    // A record with one fatal alert (RFC 8446 §6).
    this.socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert]))
  }

  /** What still comes is dropped: closing at once would reset the answer away. */
  private linger(): void {
    this.state = 'lingering'
    this.deadline = clock.after(this.host.limits.lingerMs)
  }

  /** Once for each opening. */
  private count(result: HandshakeResult): void {
    if (this.state === 'lingering' || this.state === 'done') return
    this.state = 'done'
    this.host.metrics.handshake(this.door.listener, result)
    if (result !== 'ok') this.host.openingFailed(result, this.peer)
  }

  private end(): void {
    clock.delete(this)
    this.socket.off('close', this.onClose)
    this.host.openingEnded(this)
  }
}
