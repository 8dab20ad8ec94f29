import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Arrival } from '../arrival.ts'
import { clock, type Timed } from '../clock.ts'
import { ownRequestId } from '../exchange.ts'
import { type Hops, trustedHops, untrustedHops } from '../forwarded.ts'
import type { Head } from '../http1/head.ts'
import type { Lease } from '../lease.ts'
import { type Flood, FloodWatch } from './flood-watch.ts'
import type { ConnectionHost, OpenConnection } from './host.ts'
import { ClientStream, type HostLook, type StreamEnd, type StreamOwner } from './http2-stream.ts'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } = constants

// Windows as Envoy's guide for the edge has them: a slow reader of ours costs a client's stream, not our memory.
const STREAM_WINDOW_BYTES = 64 * 1024
const CONNECTION_WINDOW_BYTES = 1024 * 1024
const SESSION_MEGABYTES = 16
const FLOOD_WINDOW_MS = 1_000

/** One connection of an HTTP/2 client: many streams, each forwarded or refused on its own. */
export class Http2Connection implements OpenConnection, StreamOwner, Timed {
  deadline: number
  readonly host: ConnectionHost
  readonly arrival: Arrival
  private readonly socket: Socket
  private readonly session: ServerHttp2Session
  private readonly streams = new Set<ClientStream>()
  private readonly watch: FloodWatch
  private ended = false
  private idleDeadline: number
  private windowDeadline: number
  private look: (HostLook & { text: string; lease: Lease }) | null = null

  constructor(host: ConnectionHost, socket: Socket, arrival: Arrival) {
    this.host = host
    this.socket = socket
    this.arrival = arrival
    this.watch = new FloodWatch(host.limits)
    this.idleDeadline = clock.after(host.limits.idleTimeoutMs)
    this.windowDeadline = clock.after(FLOOD_WINDOW_MS)
    this.deadline = this.windowDeadline
    const { streamsMax, fieldsMax, headBytesMax } = host.limits
    this.session = performServerHandshake(socket, {
      maxSessionMemory: SESSION_MEGABYTES,
      // With the four pseudo fields.
      maxHeaderListPairs: fieldsMax + 4,
      maxSettings: 16,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      strictSingleValueFields: false,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxConcurrentStreams: streamsMax,
        maxHeaderListSize: headBytesMax,
      },
    })
    this.session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    this.session.on('stream', (stream, _headers, flags, raw: string[]) => this.onStream(stream, flags, raw))
    // A close event follows, which says all that matters.
    this.session.on('error', () => undefined)
    this.session.on('close', () => this.onClose())
    socket.on('error', () => undefined)
    // Whoever ends a connection of HTTP/2 reads nothing any more.
    socket.allowHalfOpen = false
    clock.add(this)
    // A session on a socket that is gone already never says that it has closed.
    if (socket.destroyed || socket.readableEnded) process.nextTick(() => this.onClose())
  }

  private onStream(stream: ServerHttp2Stream, flags: number, fields: string[]): void {
    this.watch.headCame(fields)
    // Taken back within the very bytes that it came with: nothing is begun for it.
    if (stream.destroyed || stream.closed) {
      stream.on('error', () => undefined)
      return this.judge(this.watch.streamEnded(false))
    }
    const endsWithHead = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    const ours = new ClientStream(this, stream, endsWithHead)
    this.streams.add(ours)
    this.idleDeadline = Infinity
    ours.begin(fields)
  }

  bodyCame(length: number): void {
    this.watch.bodyCame(length)
  }

  streamClosed(stream: ClientStream, end: StreamEnd): void {
    this.streams.delete(stream)
    if (this.streams.size === 0) this.idleDeadline = clock.after(this.host.limits.idleTimeoutMs)
    if (end === 'unread') this.watch.bodyDropped(STREAM_WINDOW_BYTES)
    this.judge(this.watch.streamEnded(end !== 'given up'))
  }

  lookAtHost(head: Head, lease: Lease): HostLook {
    const text = head.value(head.hostField)
    const { host, arrival } = this
    const { peer, secure } = arrival
    let { look } = this
    if (look === null || look.text !== text || look.lease !== lease) {
      const name = text.replace(/:\d+$/, '').toLowerCase()
      const routes = arrival.routesOf(lease.plan, name)
      const fault = arrival.faultOf(lease.plan, name)
      // Another host may be right for this connection, another certificate needs a new one.
      if (fault !== null && fault !== 'misdirected_request') this.startDrain()
      const hops: Hops = untrustedHops(peer, secure, text)
      look = this.look = { name, hops, routes, fault, text, lease }
    }
    if (host.trustedHops === 0) return look
    return { ...look, hops: trustedHops(head, host.trustedHops, peer, secure, text) }
  }

  private onClose(): void {
    if (this.ended) return
    this.ended = true
    clock.delete(this)
    if (!this.session.destroyed) this.session.destroy()
    this.socket.destroy()
    this.host.closed(this)
  }

  expire(): void {
    const { nowMs } = clock
    if (this.windowDeadline <= nowMs) this.endWindow()
    if (this.session.destroyed) return
    if (this.idleDeadline <= nowMs) this.endIdle()
    this.setDeadline()
  }

  /** The goodbye never gets through to a client that reads nothing, and node:http2 would wait for that for ever. */
  private endIdle(): void {
    if (this.session.closed) return this.arrival.reset()
    this.session.close()
    this.idleDeadline = clock.after(this.host.limits.lingerMs)
  }

  private setDeadline(): void {
    this.deadline = Math.min(this.windowDeadline, this.idleDeadline)
  }

  private endWindow(): void {
    this.windowDeadline = clock.after(FLOOD_WINDOW_MS)
    let waiting = 0
    for (const stream of this.streams) waiting += stream.waitingBytes
    this.judge(this.watch.endWindow(this.socket.bytesRead, this.socket.bytesWritten, waiting))
  }

  /** Ends a connection whose client floods it. */
  private judge(flood: Flood | null): void {
    if (flood === null || this.session.destroyed) return
    this.host.log?.record({
      requestId: ownRequestId(),
      remoteAddress: this.arrival.peer,
      method: '-',
      host: '-',
      path: '-',
      status: 0,
      bodyBytes: 0,
      durationMs: 0,
      api: undefined,
      client: undefined,
      code: flood,
    })
    this.session.destroy(new Error(flood), NGHTTP2_ENHANCE_YOUR_CALM)
  }

  // ── drain ──────────────────────────────────────────────────────────────────

  /**
   * GOAWAY names the last request that is served (RFC 9113 §6.8): what the client has sent behind it may go to
   * another connection, whatever its method. A notice before it, which would let those be served too, is something
   * that nghttp2 has and node:http2 does not offer: after any GOAWAY of its own it takes no more requests.
   */
  startDrain(): void {
    if (!this.session.destroyed) this.session.close()
  }

  /** There are no WebSockets on HTTP/2 here. */
  goAway(): void {}

  endDrain(): void {
    for (const stream of [...this.streams]) stream.endDrain()
    this.session.destroy()
    this.socket.destroy()
  }
}
