import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { WITHOUT_TLS } from '../agreements.ts'
import { clock, type Timed } from '../clock.ts'
import { ownFault } from './addresses.ts'
import type { ConnectionOwner, UpstreamFailure } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { refusesClient } from './tls.ts'

/** Whoever wants a stream. */
export interface StreamSeeker {
  sessionReady(session: UpstreamSession): void
  sessionFailed(failure: UpstreamFailure): void
  /** The connection has been closed meanwhile; another one may serve. */
  sessionClosed(): void
}

const IDLE_KEEP_MS = 30_000
/** Streams of one connection, where the upstream does not say fewer. */
const STREAMS_MAX = 100
const STREAM_WINDOW_BYTES = 256 * 1024
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024
const HEADER_LIST_BYTES_MAX = 65_535
const PONG_MS = 5_000
const SESSION_OPTIONS = {
  maxHeaderListPairs: 200,
  // What may come once is a matter between client and upstream. The declarations of Node do not know this one.
  strictSingleValueFields: false,
  settings: {
    enablePush: false,
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: HEADER_LIST_BYTES_MAX,
  },
}

type SessionOwner = Pick<ConnectionOwner, 'timeouts' | 'tls' | 'agreed' | 'lookup'>

/** One HTTP/2 connection to an endpoint, which many exchanges share. */
export class UpstreamSession implements Timed {
  deadline = Infinity
  /** Streams that have had an answer: a connection that fails after some may just have been closed meanwhile. */
  served = 0
  private readonly endpoint: Endpoint
  private readonly owner: SessionOwner
  private readonly sessions: Http2Sessions
  private readonly socket: Socket
  private session: ClientHttp2Session | null = null
  private readonly seekers = new Set<StreamSeeker>()
  private streams = 0
  private streamsMax = STREAMS_MAX
  private inHandshake = false
  private agreement = WITHOUT_TLS
  private failure: UpstreamFailure = 'upstream_unreachable'
  private ended = false
  private suspected = false

  constructor(endpoint: Endpoint, owner: SessionOwner, sessions: Http2Sessions) {
    this.endpoint = endpoint
    this.owner = owner
    this.sessions = sessions
    const { host, port, isSecure } = endpoint
    const place = { host, port, noDelay: true, lookup: owner.lookup }
    if (isSecure) {
      if (owner.tls === null) throw new Error('an endpoint with https needs a TLS context')
      const socket = connectTls({ ...place, ...owner.tls.optionsFor(host) })
      socket.once('connect', () => (this.inHandshake = true))
      socket.once('secureConnect', () => this.onSecure(socket))
      this.socket = socket
    } else {
      this.socket = connect(place, () => this.onConnect())
    }
    this.socket.on('error', (error) => this.onError(error))
    this.socket.on('close', () => this.end())
    clock.add(this)
  }

  /** Streams under way and asked for. */
  get load(): number {
    return this.streams + this.seekers.size
  }

  get hasRoom(): boolean {
    return !this.ended && this.session?.closed !== true && !this.suspected && this.load < this.streamsMax
  }

  get isIdle(): boolean {
    return this.session !== null && this.load === 0
  }

  /** Leads to one of the seeker's calls, never at once. */
  seek(seeker: StreamSeeker): void {
    this.seekers.add(seeker)
    this.deadline = Infinity
    if (this.session !== null) process.nextTick(() => this.serve())
  }

  leave(seeker: StreamSeeker): void {
    if (!this.seekers.delete(seeker) || this.load > 0) return
    if (this.session === null) this.destroy()
    else this.rest()
  }

  /** A new stream; the seeker was told that the session is ready. */
  request(
    fields: string[],
    options: { endStream: boolean; waitForTrailers: boolean },
  ): ReturnType<ClientHttp2Session['request']> {
    if (this.session === null) throw new Error('the connection is not there yet')
    // The declaration lacks the lists that the documentation and the code of node:http2 allow.
    const stream = this.session.request(fields as unknown as Record<string, string>, options)
    this.streams++
    this.owner.agreed.add(this.agreement)
    stream.once('close', () => {
      this.streams--
      if (this.load === 0) this.rest()
    })
    return stream
  }

  /** An answer is overdue: where the peer does not even answer a PING, the connection is dead for all of its streams. */
  suspect(): void {
    const { session } = this
    if (this.suspected || session === null || session.destroyed || session.closed) return
    this.suspected = true
    this.deadline = clock.after(PONG_MS)
    session.ping((error) => {
      if (error !== null) return
      this.suspected = false
      this.deadline = Infinity
      if (this.load === 0) this.rest()
    })
  }

  expire(): void {
    this.deadline = Infinity
    if (this.suspected) this.destroy()
    else this.session?.close()
  }

  /** Takes no more streams; those under way finish. */
  close(): void {
    if (this.session !== null) this.session.close()
    else if (this.load === 0) this.destroy()
  }

  private destroy(): void {
    this.session?.destroy()
    this.socket.destroy()
  }

  private onSecure(socket: TLSSocket): void {
    this.inHandshake = false
    if (socket.alpnProtocol !== 'h2') {
      const fault = new Error('the upstream did not choose HTTP/2 (h2) by ALPN')
      this.failure = this.owner.tls?.failureOf(fault) ?? 'upstream_tls_handshake'
      socket.destroy()
      return
    }
    if (this.owner.tls !== null) this.agreement = this.owner.tls.succeeded(socket)
    this.onConnect()
  }

  private onConnect(): void {
    const { isSecure, authority } = this.endpoint
    const options = { ...SESSION_OPTIONS, createConnection: () => this.socket }
    const session = connectHttp2(`${isSecure ? 'https' : 'http'}://${authority}`, options)
    this.session = session
    session.on('error', () => undefined)
    session.on('close', () => this.end())
    session.on('remoteSettings', ({ maxConcurrentStreams = STREAMS_MAX }) => {
      this.streamsMax = Math.min(STREAMS_MAX, maxConcurrentStreams)
    })
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
    session.on('goaway', () => this.sessions.leave(this.endpoint, this))
    this.serve()
  }

  private serve(): void {
    const seekers = [...this.seekers]
    this.seekers.clear()
    for (const seeker of seekers) {
      if (this.ended || this.session?.closed === true || this.session?.destroyed === true)
        seeker.sessionClosed()
      else seeker.sessionReady(this)
    }
  }

  private rest(): void {
    if (!this.suspected) this.deadline = clock.after(this.owner.timeouts.keepMs ?? IDLE_KEEP_MS)
  }

  private onError(error: Error): void {
    if (this.session !== null) return
    const fault = ownFault(error)
    if (fault !== null) this.failure = fault
    else if (this.owner.tls !== null && (this.inHandshake || refusesClient(error)))
      this.failure = this.owner.tls.failureOf(error)
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    clock.delete(this)
    this.sessions.leave(this.endpoint, this)
    this.socket.destroy()
    const seekers = [...this.seekers]
    this.seekers.clear()
    for (const seeker of seekers) seeker.sessionFailed(this.failure)
  }
}

/** The HTTP/2 connections of one pool. */
export class Http2Sessions {
  private readonly owner: SessionOwner
  private readonly open = new Map<Endpoint, UpstreamSession[]>()

  constructor(owner: SessionOwner) {
    this.owner = owner
  }

  get size(): number {
    return this.all().length
  }

  get idle(): number {
    return this.all().filter(({ isIdle }) => isIdle).length
  }

  /** Finds or opens a connection with room for a stream. */
  place(endpoint: Endpoint, seeker: StreamSeeker): UpstreamSession {
    const sessions = this.open.get(endpoint) ?? []
    this.open.set(endpoint, sessions)
    let session = sessions.find(({ hasRoom }) => hasRoom)
    if (session === undefined) {
      session = new UpstreamSession(endpoint, this.owner, this)
      sessions.push(session)
    }
    session.seek(seeker)
    return session
  }

  /** No new streams for this connection. */
  leave(endpoint: Endpoint, session: UpstreamSession): void {
    const sessions = this.open.get(endpoint) ?? []
    const index = sessions.indexOf(session)
    if (index >= 0) sessions.splice(index, 1)
  }

  dispose(): void {
    for (const session of this.all()) session.close()
  }

  private all(): UpstreamSession[] {
    return [...this.open.values()].flat()
  }
}
