import type { Socket } from 'node:net'
import { clock } from '../clock.ts'
import type { Http1Exchange } from '../exchange.ts'
import type { UpstreamLink } from '../upstream/connection.ts'
import { CLOSE } from './frames.ts'
import type { ConnectionHost } from './host.ts'
import { Inspector } from './inspector.ts'
import { Sessions } from './session.ts'
import { Tunnel, type TunnelOwner } from './tunnel.ts'

/** The connection that has become a WebSocket. */
export interface Upgraded {
  readonly host: ConnectionHost
  readonly socket: Socket
  deadline: number
  pauseInput(): void
  resumeInput(): void
  /** Both sides have been told, or one of them is gone. */
  webSocketClosed(): void
  cut(code: string): void
}

const GOING_AWAY_MS = 1_000

/** An open WebSocket between a client's socket and an upstream's connection. */
export class WebSocketPair implements TunnelOwner {
  private readonly owner: Upgraded
  private readonly upstream: UpstreamLink
  private readonly tunnel: Tunnel
  private readonly sessions: Sessions

  constructor(owner: Upgraded, upstream: UpstreamLink, exchange: Http1Exchange) {
    this.owner = owner
    this.upstream = upstream
    const isInspected = exchange.route?.hasSessions === true
    this.tunnel = new Tunnel(this, isInspected ? new Inspector(hasExtensions(exchange)) : null)
    this.sessions = new Sessions(exchange, this.tunnel, owner.host)
    this.tunnelMoved()
  }

  /** The handshake has been answered: policies see the session, and bytes flow. */
  open(): void {
    this.sessions.open()
  }

  /** Frees what the socket held; a code says why it ended, where neither side has closed it in an orderly way. */
  leave(code: string | undefined): void {
    this.sessions.end(code)
  }

  clientCame(bytes: Buffer): void {
    this.tunnel.clientCame(bytes)
  }

  /** True where the client's socket still needs these bytes. */
  upstreamCame(bytes: Buffer, start: number, end: number): boolean {
    this.tunnel.upstreamCame(bytes, start, end)
    return this.owner.socket.writableLength > 0
  }

  /** The client takes bytes again. */
  clientWritable(): void {
    this.upstream.resume()
  }

  clientEnded(): void {
    this.upstream.end()
  }

  upstreamEnded(): void {
    this.owner.socket.end()
  }

  /** Nothing has moved for too long, or a close has not been answered in time. */
  expire(): void {
    if (this.tunnel.isClosing) this.owner.cut('websocket_timeout')
    else this.tunnel.close(CLOSE.goingAway, '', 'websocket_timeout')
  }

  /** Ends it with 1001 on both sides (RFC 6455 §7.4.1). */
  goAway(): void {
    this.tunnel.close(CLOSE.goingAway, '', 'drained')
  }

  // ── what its tunnel asks for ───────────────────────────────────────────────

  toClient(bytes: Buffer): void {
    if (!this.owner.socket.write(bytes)) this.upstream.pause()
  }

  toUpstream(bytes: Buffer): void {
    if (!this.upstream.write(bytes)) this.owner.pauseInput()
  }

  tunnelMoved(): void {
    this.owner.deadline = clock.after(this.owner.host.limits.webSocketIdleTimeoutMs)
  }

  tunnelCloses(): void {
    this.owner.deadline = clock.after(GOING_AWAY_MS)
  }

  tunnelClosed(): void {
    this.upstream.end()
    this.owner.webSocketClosed()
  }
}

function hasExtensions(exchange: Http1Exchange): boolean {
  return exchange.responseHeader('sec-websocket-extensions') !== undefined
}
