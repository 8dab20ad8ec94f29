import type { Socket } from 'node:net'
import type { Refusal } from '#policies/exchange.ts'
import { type Arrival, type Door, plainAddress, PlainArrival } from './arrival.ts'
import { BodyBudget } from './client/body.ts'
import type { ConnectionHost, OpenConnection } from './client/host.ts'
import { ClientConnection } from './client/http1.ts'
import { Http2Connection } from './client/http2.ts'
import { Holdings, Lease } from './lease.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type Listening, openListener } from './listener.ts'
import type { AccessLog } from './log.ts'
import { type Figures, type ListedSession, Metrics, type RouteCounters } from './metrics.ts'
import { Opening, type OpeningHost } from './opening.ts'
import { Overload } from './overload.ts'
import type { LivePolicy, LiveRoute, Plan, ServedListener, ServedRoute } from './plan.ts'
import { refuseConnection } from './refusals.ts'
import type { HandshakeResult } from './tls/results.ts'

export type { Listening } from './listener.ts'

/**
 * The data plane of one process. What a runtime needs of serve/ is here, in plan.ts (`buildPlan`, `LiveRoute`)
 * and in upstream/pool.ts (`createPool`, `poolIdentity`).
 */
export interface Server {
  /**
   * Serves a plan from the next request on and returns the one before. Running exchanges finish on theirs,
   * WebSockets stay open. Policies and pools that no plan in use holds any more are disposed of once the last
   * exchange on them has ended; those that the new plan took over (same object) live on.
   */
  swap(plan: Plan): Plan | undefined
  /** Opens a port. Before the first plan every request is answered 503 `not_configured`, so swap first. */
  listen(where: ListenAt): Promise<Port>
  /**
   * While there is grace, everything is served as ever, but that answers end their connections: those who choose where
   * to send may notice that this node is not ready, and nobody sends into a connection that is just being closed. A
   * server that nobody uses needs none. Then it closes its ports, ends idle connections, lets running exchanges finish,
   * ends WebSockets with 1001 and cuts what is left at the deadline. Resolves when no connection is left.
   */
  drain(deadlineMs: number, graceMs?: number): Promise<void>
  /** Counters since the start; the reader takes differences. */
  figures(wanted?: (id: string, route: RouteCounters) => boolean): Figures
  /** Open WebSockets, so many of them at most, those that were opened first. */
  openSessions(max: number): ListedSession[]
  /** Ends an open WebSocket; false where there is none of that id. */
  evict(sessionId: string): boolean
  /** Does nothing until it is started, by whoever knows that this process does nothing else. */
  readonly overload: Overload
}

export interface ListenAt {
  readonly address: string
  readonly port: number
  readonly reusePort?: boolean
  /** The listener of the plan that the port is for. */
  readonly listener?: string
}

/** An open port of the server. */
export interface Port extends Listening {
  /** From the next connection on it is the port of that listener of the plan. */
  serve(listener: string): void
}

export interface ServerEvent {
  readonly level: 'info' | 'warning' | 'error'
  readonly code: string
  readonly detail: string
}

export interface ServerOptions {
  readonly limits?: Partial<Limits>
  readonly log?: AccessLog
  /** How many proxies in front are ours: 0 drops what the client says of itself, n keeps the n rightmost hops. */
  readonly trustedHops?: number
  readonly onEvent?: (event: ServerEvent) => void
}

export function createServer(options: ServerOptions = {}): Server {
  return new DataPlane(options)
}

// Close frames and their echo need a moment before the cut.
const GOODBYE_MS = 1_000
const DRAIN_POLL_MS = 20
const LAST_CALL_MS = 250
/** A server to which nobody has come for so long is not in use. */
const UNUSED_MS = 10_000
/** Connections that are being told why they are refused; they take file descriptors meanwhile. */
const REFUSING_MAX = 32

class DataPlane implements Server, ConnectionHost, OpeningHost {
  readonly limits: Limits
  readonly metrics = new Metrics()
  readonly bodies: BodyBudget
  readonly overload: Overload
  readonly log: AccessLog | undefined
  readonly trustedHops: number
  draining = false
  private closing = false
  private cameAtMs = -Infinity
  lease: Lease | null = null
  private readonly onEvent: (event: ServerEvent) => void
  private readonly connections = new Set<OpenConnection>()
  private readonly openings = new Set<Opening>()
  private readonly listeners = new Set<Port>()
  private readonly holdings: Holdings
  private refusing = 0

  constructor(options: ServerOptions) {
    this.limits = { ...defaultLimits, ...options.limits }
    this.log = options.log
    this.trustedHops = options.trustedHops ?? 0
    this.onEvent = options.onEvent ?? (() => undefined)
    this.bodies = new BodyBudget(this.limits.collectedBytesMax)
    this.overload = new Overload(this.limits, (overload) => this.overloadChanged(overload))
    this.holdings = new Holdings((error) => this.report('dispose_failed', String(error)))
  }

  swap(plan: Plan): Plan | undefined {
    const previous = this.lease
    for (const served of plan.served) served.counters = this.metrics.countersOf(served.id)
    this.holdings.hold(plan)
    this.lease = new Lease(plan, (ended) => this.holdings.release(ended.plan))
    previous?.replace()
    this.metrics.keepOnly(new Set(plan.served.map(({ id }) => id)))
    return previous?.plan
  }

  async listen(where: ListenAt): Promise<Port> {
    const door: Door = { listener: where.listener ?? '' }
    const listening = await openListener(where, (socket) => this.accept(socket, door))
    const ours: Port = {
      port: listening.port,
      serve: (listener) => {
        door.listener = listener
      },
      close: () => {
        this.listeners.delete(ours)
        return listening.close()
      },
    }
    this.listeners.add(ours)
    return ours
  }

  async drain(deadlineMs: number, graceMs = 0): Promise<void> {
    const beganMs = performance.now()
    const endMs = beganMs + deadlineMs
    this.draining = true
    await this.until(Math.min(endMs, beganMs + graceMs), () => this.isInUse())
    const closing = [...this.listeners].map((listener) => listener.close())
    // Who came at the last moment has still to say what for.
    if (graceMs > 0)
      await this.until(Math.min(endMs, performance.now() + LAST_CALL_MS), () => this.hasClients())
    this.closing = true
    for (const opening of this.openings) opening.destroy()
    for (const connection of this.connections) connection.startDrain()
    await this.until(endMs - GOODBYE_MS, () => this.connections.size > this.metrics.webSockets)
    for (const connection of this.connections) connection.goAway()
    await this.until(endMs, () => this.connections.size > 0)
    for (const connection of this.connections) connection.endDrain()
    this.overload.stop()
    await Promise.all(closing)
    await this.log?.flush()
  }

  figures(wanted?: (id: string, route: RouteCounters) => boolean): Figures {
    this.metrics.logLinesDropped = this.log?.dropped ?? 0
    return this.metrics.figures(wanted)
  }

  openSessions(max: number): ListedSession[] {
    return this.metrics.openSessions(max)
  }

  evict(sessionId: string): boolean {
    const session = this.metrics.sessions.get(sessionId)
    session?.evict()
    return session !== undefined
  }

  closed(connection: OpenConnection): void {
    this.connections.delete(connection)
    this.metrics.connections = this.connections.size
  }

  keep(route: LiveRoute): () => void {
    const kept = { routes: [route] }
    this.holdings.hold(kept)
    return () => this.holdings.release(kept)
  }

  policyFailed(policy: LivePolicy, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.report('policy_failed', `${policy.kind} (${policy.id}): ${reason}`)
  }

  dryRefused(policy: LivePolicy, refused: Refusal, route: ServedRoute | null): void {
    const counters = route?.counters ?? null
    this.metrics.dryRefused(counters, refused.code)
    if (counters !== null) counters.policy(policy).dryRefused++
    const detail = `${policy.kind} (${policy.id}) in dry run would have answered ${refused.status} ${refused.code}`
    this.onEvent({ level: 'info', code: 'policy_dry_run', detail })
  }

  private hasClients(): boolean {
    return this.connections.size + this.openings.size > 0
  }

  private isInUse(): boolean {
    return this.hasClients() || performance.now() - this.cameAtMs < UNUSED_MS
  }

  private accept(socket: Socket, door: Door): void {
    this.cameAtMs = performance.now()
    const { lease } = this
    const listener = lease?.plan.listeners.get(door.listener)
    // The port is open, and what it is for comes with the next plan.
    if (lease !== null && listener === undefined) return void socket.destroy()
    if (listener !== undefined && (listener.proxyProtocol || listener.protocol === 'https'))
      return this.open(socket, door, listener)
    if (this.isFull || this.lacksMemory()) return this.refuse(socket)
    this.opened(socket, new PlainArrival(door, socket, plainAddress(socket.remoteAddress ?? '')), undefined)
  }

  private get isFull(): boolean {
    return this.connections.size + this.openings.size >= this.limits.connectionsMax
  }

  private lacksMemory(): boolean {
    return this.overload.shortage === 'memory' && this.overload.refuses(performance.now())
  }

  /** Says why, as long as not too many have to be told. */
  private refuse(socket: Socket): void {
    this.metrics.connectionsRefused++
    if (this.refusing >= REFUSING_MAX) return void socket.destroy()
    this.refusing++
    socket.once('close', () => this.refusing--)
    refuseConnection(socket, 'overloaded', this.limits.lingerMs)
  }

  /** Nobody can be told why before it is known what they speak. A handshake costs more than many requests. */
  private open(socket: Socket, door: Door, listener: ServedListener): void {
    const isFull = this.isFull || this.openings.size >= this.limits.handshakesMax
    if (isFull || this.overload.refuses(performance.now())) {
      const result = isFull ? 'too_many' : 'overloaded'
      this.metrics.handshake(door.listener, result)
      this.openingFailed(result, plainAddress(socket.remoteAddress ?? ''))
      socket.destroy()
      return
    }
    this.openings.add(new Opening(this, socket, door, listener))
  }

  opened(socket: Socket, arrival: Arrival, protocol: string | undefined): void {
    const connection =
      protocol === 'h2'
        ? new Http2Connection(this, socket, arrival)
        : new ClientConnection(this, socket, arrival)
    this.connections.add(connection)
    this.metrics.connections = this.connections.size
    if (this.closing) connection.startDrain()
  }

  // Whoever scans ports must not reach the portal with it: it is information, under one code for each reason.
  openingFailed(result: HandshakeResult, peer: string): void {
    this.onEvent({ level: 'info', code: `handshake_${result}`, detail: `from ${peer}` })
  }

  openingEnded(opening: Opening): void {
    this.openings.delete(opening)
  }

  private overloadChanged({ share, shortage }: Overload): void {
    if (share > 0)
      this.onEvent({
        level: 'warning',
        code: 'overloaded',
        detail: `requests are refused for want of ${shortage}`,
      })
    else this.onEvent({ level: 'info', code: 'overload_over', detail: 'all requests are taken again' })
  }

  private report(code: string, detail: string): void {
    this.onEvent({ level: 'error', code, detail })
  }

  private async until(endMs: number, busy: () => boolean): Promise<void> {
    while (busy() && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS))
  }
}
