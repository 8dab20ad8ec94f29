import { hash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import { alpnOf, outboundTlsFault, weightFault } from '#contract/upstreams.ts'
import type { ProbeReport } from '#domain/probe.ts'
import type { Balancing, HashOn } from '#domain/routing.ts'
import { type CallerKey, callerKeyOf } from '#policies/caller-key.ts'
import type { BreakerSettings, OutboundTls, RetrySettings, UpstreamSettings } from '#policies/settings.ts'
import { AgreementCounts } from '../agreements.ts'
import { clock, type Timed } from '../clock.ts'
import { ForbiddenAddress } from './addresses.ts'
import { type Balancer, balancerOf } from './balance.ts'
import {
  type Caller,
  type ConnectionOwner,
  type ConnectionTimeouts,
  type PooledLink,
  UpstreamConnection,
  type UpstreamFailure,
} from './connection.ts'
import { Endpoint } from './endpoint.ts'
import { HealthChecks, type HealthFigures } from './health.ts'
import { Http2Call } from './http2.ts'
import { Http2Sessions } from './http2-sessions.ts'
import { names } from './names.ts'
import { Outliers } from './outliers.ts'
import { EndpointProbe } from './probe.ts'
import { RetryingCaller, type RetryingPool } from './retries.ts'
import { OutboundContext, type TlsFigures } from './tls.ts'

export interface PoolOptions {
  /** What figures call it. */
  readonly name?: string
  /** `http://host:port/base`; several are used in turn, one that cannot be connected to is passed over for a while. */
  readonly endpoints: readonly { readonly url: string; readonly weight?: number | undefined }[]
  readonly protocol?: 'http1' | 'http2'
  readonly balancing?: Balancing
  /** What a consistent hash is taken of; without it of the client's address. */
  readonly hashOn?: HashOn
  readonly timeouts: ConnectionTimeouts
  /** TLS, retries, breaker, outliers and health checks. */
  readonly settings?: Omit<UpstreamSettings, 'timeouts'>
  readonly maxConnections: number
  /** Requests that may wait for a connection; beyond it they are answered 503. */
  readonly maxPending: number
  /** Loopback addresses are refused at connect time unless this says otherwise. */
  readonly allowLoopback?: boolean
}

/** Counts rise only; the rest is of this moment. */
export interface PoolFigures {
  readonly connections: number
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly pending: number
  readonly endpoints: readonly EndpointFigures[]
  /** Every endpoint is ejected: requests are refused until one may be tried. */
  readonly isCircuitOpen: boolean
  /** Requests refused because the circuit was open or a limit of the breaker was reached. */
  readonly circuitRefusals: number
  readonly retries: number
  /** Retries that the budget did not allow. */
  readonly retriesRefused: number
  /** Null without health checks. */
  readonly healthChecks: HealthFigures | null
  /** Null where no endpoint has https. */
  readonly tls: TlsFigures | null
  /** Exchanges by what their connections came to (agreements.ts). */
  readonly agreed: ReadonlyMap<string, number>
}

export interface EndpointFigures {
  readonly url: string
  readonly connections: number
  readonly idle: number
  readonly isHealthy: boolean
  readonly isEjected: boolean
}

/**
 * Connections to one upstream, shared by nobody who was configured differently. It holds nothing until it is used,
 * but for health checks, which begin at once.
 */
export interface Pool {
  /** Equal for pools with equal options: a plan may take over its predecessor's pool. */
  readonly identity: string
  readonly name: string
  readonly outboundTls: OutboundTls | undefined
  /** What the balancing of the endpoints goes by, where it goes by the request. */
  readonly keyOf: CallerKey | undefined
  /** Leads to one of the caller's upstreamReady and upstreamFailed, perhaps at once. */
  acquire(caller: Caller): void
  /** The caller waits no more. */
  cancel(caller: Caller): void
  figures(): PoolFigures
  /** Connects to that endpoint, or to the first one, as a request would; null where there is none. Counts nowhere. */
  probe(url: string | undefined): Promise<ProbeReport> | null
  /** Ends idle connections now and the others when their exchange has ended. The server calls it. */
  dispose(): void
}

/** A hash, since the options may hold a private key. */
export function poolIdentity({ allowLoopback = false, ...options }: PoolOptions): string {
  return hash('sha256', JSON.stringify([allowLoopback, options]))
}

/** Throws an Error that says what is wrong with an endpoint or a setting. */
export function createPool(options: PoolOptions): Pool {
  return new UpstreamPool(options)
}

/** A connection that is not there yet, and how many have failed before it. */
interface Attempt {
  readonly connection: PooledLink
  readonly failures: number
}

interface Waiting {
  readonly caller: Caller
  readonly untilMs: number
}

class UpstreamPool implements Pool, ConnectionOwner, RetryingPool, Timed {
  readonly identity: string
  readonly name: string
  readonly outboundTls: OutboundTls | undefined
  readonly keyOf: CallerKey | undefined
  readonly allowLoopback: boolean
  readonly timeouts: ConnectionTimeouts
  readonly totalMs: number
  readonly tls: OutboundContext | null
  readonly agreed = new AgreementCounts()
  readonly lookup: LookupFunction
  deadline = Infinity
  private readonly endpoints: readonly Endpoint<PooledLink>[]
  private readonly balancer: Balancer<Endpoint<PooledLink>>
  private readonly maxConnections: number
  private readonly maxPending: number
  private readonly breaker: BreakerSettings | null
  private readonly outliers: Outliers<Endpoint<PooledLink>> | null
  private readonly retrySettings: RetrySettings | null
  private readonly health: HealthChecks | null
  private readonly open = new Set<PooledLink>()
  private readonly waiting: Waiting[] = []
  private readonly attempts = new Map<Caller, Attempt>()
  /** Requests that may be sent again, by their callers. */
  private readonly retrying = new Map<Caller, RetryingCaller>()
  private retriesRunning = 0
  private retries = 0
  private retriesRefused = 0
  private circuitRefusals = 0
  /** Connections that streams share; null where every exchange has one of its own. */
  private readonly sessions: Http2Sessions | null
  private disposed = false
  /** Of the choice at hand. */
  private tried: Endpoint | null = null
  private panics = false

  constructor(options: PoolOptions) {
    const { timeouts, settings = {}, balancing = 'round-robin' } = options
    const { breaker, outlier, retry, healthCheck } = settings
    this.identity = poolIdentity(options)
    this.outboundTls = settings.tls
    this.name = options.name ?? options.endpoints[0]?.url ?? ''
    this.endpoints = endpointsOf(options)
    this.balancer = balancerOf(balancing, this.endpoints)
    this.keyOf =
      balancing === 'consistent-hash' ? callerKeyOf(options.hashOn ?? { by: 'address' }) : undefined
    this.totalMs = timeouts.responseMs
    this.timeouts = { ...timeouts, responseMs: attemptMs(timeouts, retry) }
    this.maxConnections = Math.min(options.maxConnections, breaker?.maxConnections ?? Infinity)
    this.maxPending = Math.min(options.maxPending, breaker?.maxPendingRequests ?? Infinity)
    this.allowLoopback = options.allowLoopback ?? false
    this.tls = contextFor(options, this.endpoints, settings.tls)
    this.lookup = names.lookupFor(this.allowLoopback)
    this.sessions = options.protocol === 'http2' ? new Http2Sessions(this) : null
    this.breaker = breaker ?? null
    this.outliers =
      outlier === undefined ? null : new Outliers(outlier, breaker?.halfOpenRequests ?? 1, this.endpoints)
    this.retrySettings = retry ?? null
    this.health =
      healthCheck === undefined
        ? null
        : new HealthChecks(healthCheck, this.endpoints, (...link) => this.link(...link), this)
  }

  acquire(caller: Caller): void {
    if (this.retrySettings === null) return this.begin(caller, null)
    const retrying = new RetryingCaller(caller, this, this.retrySettings)
    this.retrying.set(caller, retrying)
    this.begin(retrying, null)
  }

  cancel(caller: Caller): void {
    const retrying = this.retrying.get(caller)
    if (retrying === undefined) this.cancelAttempt(caller)
    else retrying.cancel()
  }

  figures(): PoolFigures {
    const endpoints = this.endpoints.map((endpoint) => this.figuresOf(endpoint))
    const idle = endpoints.reduce((sum, endpoint) => sum + endpoint.idle, 0)
    return {
      connections: this.sessions?.size ?? this.open.size,
      idle: this.sessions?.idle ?? idle,
      pending: this.waiting.length,
      endpoints,
      isCircuitOpen: endpoints.every(({ isEjected }) => isEjected),
      circuitRefusals: this.circuitRefusals,
      retries: this.retries,
      retriesRefused: this.retriesRefused,
      healthChecks:
        this.health === null ? null : { succeeded: this.health.succeeded, failed: this.health.failed },
      tls: this.tls?.figures ?? null,
      agreed: this.agreed.figures,
    }
  }

  probe(url: string | undefined): Promise<ProbeReport> | null {
    const endpoint = this.endpoints.find(({ name }) => url === undefined || name === url)
    return endpoint === undefined ? null : EndpointProbe.run(endpoint, this)
  }

  private figuresOf(endpoint: Endpoint<PooledLink>): EndpointFigures {
    const { name: url, open: connections, idle, isHealthy } = endpoint
    const isEjected = this.outliers?.isEjected(endpoint) ?? false
    return { url, connections, idle: idle.length, isHealthy, isEjected }
  }

  dispose(): void {
    this.disposed = true
    this.health?.stop()
    this.sessions?.dispose()
    for (const endpoint of this.endpoints) for (const connection of [...endpoint.idle]) connection.destroy()
  }

  // ── retries ────────────────────────────────────────────────────────────────

  start(caller: RetryingCaller): void {
    this.begin(caller, caller.tried)
  }

  takeRetry(): boolean {
    const { budgetPercent = 0, budgetMinConcurrency = 0 } = this.retrySettings ?? {}
    const budget = Math.max(budgetMinConcurrency, Math.floor((this.retrying.size * budgetPercent) / 100))
    if (this.retriesRunning >= Math.min(budget, this.breaker?.maxRetries ?? Infinity)) {
      this.retriesRefused++
      return false
    }
    this.retriesRunning++
    return true
  }

  retried(): void {
    this.retries++
  }

  endRetry(): void {
    this.retriesRunning--
  }

  ended(caller: RetryingCaller): void {
    this.retrying.delete(caller.inner)
  }

  cancelAttempt(caller: Caller): void {
    const index = this.waiting.findIndex((waiting) => waiting.caller === caller)
    if (index >= 0) this.waiting.splice(index, 1)
    this.attempts.get(caller)?.connection.destroy()
    this.attempts.delete(caller)
  }

  // ── connections ────────────────────────────────────────────────────────────

  private begin(caller: Caller, tried: Endpoint | null): void {
    if (this.breaker !== null && this.activeRequests() >= this.breaker.maxRequests)
      return this.refuse(caller, 1)
    const endpoint = this.nextEndpoint(caller.balancingKey, tried)
    if (endpoint === null) return this.refuse(caller, this.outliers?.waitMs(clock.nowMs) ?? 0)
    const idle = endpoint.idle.pop()
    if (idle !== undefined) return this.use(idle, caller)
    if (this.open.size < this.maxConnections) return this.connect(endpoint, caller)
    const other = this.idleAnywhere()
    if (other !== undefined) return this.use(other, caller)
    if (this.waiting.length >= this.maxPending) {
      if (this.breaker !== null) return this.refuse(caller, 1)
      return caller.upstreamFailed('upstream_busy')
    }
    this.waiting.push({ caller, untilMs: clock.after(this.timeouts.connectMs) })
    this.watchQueue()
  }

  private refuse(caller: Caller, waitMs: number): void {
    this.circuitRefusals++
    caller.upstreamFailed('upstream_circuit_open', Math.max(1, Math.ceil(waitMs / 1_000)))
  }

  private activeRequests(): number {
    let idle = 0
    for (const endpoint of this.endpoints) idle += endpoint.idle.length
    return this.open.size - idle + this.waiting.length
  }

  private use(connection: PooledLink, caller: Caller): void {
    this.outliers?.began(connection.endpoint)
    connection.begin(caller)
  }

  /** The queue's time is up for whoever waits longest. */
  expire(): void {
    while (this.waiting[0] !== undefined && this.waiting[0].untilMs <= clock.nowMs) {
      this.waiting.shift()?.caller.upstreamFailed('upstream_busy')
    }
    this.watchQueue()
  }

  connected(connection: PooledLink, caller: Caller): void {
    connection.endpoint.connected()
    this.attempts.delete(caller)
  }

  idle(connection: PooledLink): void {
    const next = this.mayUse(connection.endpoint) ? this.takeWaiting() : undefined
    if (next !== undefined) return this.use(connection, next)
    if (this.disposed) return connection.destroy()
    connection.endpoint.idle.push(connection)
  }

  answered(connection: PooledLink, status: number): void {
    this.outliers?.answered(connection.endpoint, status, clock.nowMs)
  }

  broke(connection: PooledLink): void {
    this.outliers?.failed(connection.endpoint, clock.nowMs)
  }

  gone(connection: PooledLink, wasIdle: boolean, abandoned: Caller | null): void {
    const { endpoint } = connection
    if (this.open.delete(connection)) endpoint.open--
    if (wasIdle) {
      const index = endpoint.idle.indexOf(connection)
      if (index >= 0) endpoint.idle.splice(index, 1)
    }
    if (abandoned !== null) {
      this.outliers?.abandoned(endpoint)
      if (abandoned instanceof RetryingCaller) abandoned.abandoned()
    }
    const next = this.open.size < this.maxConnections ? this.takeWaiting() : undefined
    if (next === undefined) return
    const free = this.nextEndpoint(next.balancingKey, null)
    if (free === null) this.refuse(next, this.outliers?.waitMs(clock.nowMs) ?? 0)
    else this.connect(free, next)
  }

  // On a fresh connection: another idle one may be just as stale.
  retry(caller: Caller, failed: PooledLink): void {
    this.outliers?.abandoned(failed.endpoint)
    this.connect(failed.endpoint, caller)
  }

  // Nothing of the request has been written, so any method may go to the next endpoint.
  connectFailed(caller: Caller, failed: PooledLink, failure: UpstreamFailure): void {
    const failures = (this.attempts.get(caller)?.failures ?? 0) + 1
    this.attempts.delete(caller)
    if (failure === 'gateway_exhausted') {
      this.outliers?.abandoned(failed.endpoint)
      return caller.upstreamFailed(failure)
    }
    failed.endpoint.avoid(clock.nowMs)
    this.outliers?.failed(failed.endpoint, clock.nowMs)
    const next =
      failures >= this.endpoints.length ? null : this.nextEndpoint(caller.balancingKey, failed.endpoint)
    if (next === null) caller.upstreamFailed(failure)
    else this.connect(next, caller, failures)
  }

  private connect(endpoint: Endpoint<PooledLink>, caller: Caller, failures = 0): void {
    try {
      const connection = this.link(endpoint, this, caller)
      this.open.add(connection)
      endpoint.open++
      this.attempts.set(caller, { connection, failures })
      this.outliers?.began(endpoint)
    } catch (error) {
      if (!(error instanceof ForbiddenAddress)) throw error
      caller.upstreamFailed('upstream_forbidden_address')
    }
  }

  private link(endpoint: Endpoint<PooledLink>, owner: ConnectionOwner, caller: Caller): PooledLink {
    return this.sessions === null
      ? new UpstreamConnection(endpoint, owner, caller)
      : new Http2Call(endpoint, owner, caller, this.sessions)
  }

  // ── choosing an endpoint ───────────────────────────────────────────────────

  /**
   * Where the next request goes, best another place than where it was tried before; null where every endpoint is
   * ejected. When more than half of several endpoints are out, all are used, as Envoy does it: it is likelier that
   * the judgement is wrong, and the few that are left would not bear the load.
   */
  private nextEndpoint(key: string | undefined, tried: Endpoint | null): Endpoint<PooledLink> | null {
    const { endpoints, balancer } = this
    const [first] = endpoints
    if (endpoints.length === 1 && first !== undefined) return this.mayUse(first) ? first : null
    this.tried = tried
    this.panics = this.isPanicking()
    return (
      balancer.pick(this.isBest, key) ??
      balancer.pick(this.isGood, key) ??
      balancer.pick(this.mayGo, key) ??
      balancer.pick(this.isLeft, key) ??
      null
    )
  }

  // Made once: a choice among endpoints is made for every request.
  private readonly isBest = (endpoint: Endpoint<PooledLink>) =>
    endpoint !== this.tried && this.isGood(endpoint)
  private readonly isGood = (endpoint: Endpoint<PooledLink>) =>
    this.mayGo(endpoint) && !endpoint.isAvoided(clock.nowMs)
  private readonly mayGo = (endpoint: Endpoint<PooledLink>) =>
    this.panics || (endpoint.isHealthy && this.mayUse(endpoint))
  private readonly isLeft = (endpoint: Endpoint<PooledLink>) => this.mayUse(endpoint)

  private mayUse(endpoint: Endpoint<PooledLink>): boolean {
    return this.outliers === null || this.outliers.allows(endpoint, clock.nowMs)
  }

  private isPanicking(): boolean {
    if (this.outliers === null && this.health === null) return false
    const mayEjectAll = this.outliers?.mayEjectAll === true
    const available = this.endpoints.filter(
      (endpoint) => endpoint.isHealthy && (mayEjectAll || this.outliers?.isEjected(endpoint) !== true),
    )
    return available.length * 2 < this.endpoints.length
  }

  private idleAnywhere(): PooledLink | undefined {
    for (const endpoint of this.endpoints) {
      if (!this.mayUse(endpoint)) continue
      const connection = endpoint.idle.pop()
      if (connection !== undefined) return connection
    }
    return undefined
  }

  private takeWaiting(): Caller | undefined {
    if (this.waiting.length === 0) return undefined
    const next = this.waiting.shift()?.caller
    if (next !== undefined) this.watchQueue()
    return next
  }

  private watchQueue(): void {
    const first = this.waiting[0]
    this.deadline = first?.untilMs ?? Infinity
    if (first === undefined) clock.delete(this)
    else clock.add(this)
  }
}

function endpointsOf({ endpoints }: PoolOptions): Endpoint<PooledLink>[] {
  const unweighted = weightFault(endpoints)
  if (unweighted !== null) throw new Error(unweighted)
  return endpoints
    .map(({ url, weight = 1 }) => new Endpoint<PooledLink>(url, weight))
    .filter(({ weight }) => weight > 0)
}

function attemptMs({ responseMs }: ConnectionTimeouts, retry: RetrySettings | undefined): number {
  if (retry === undefined || retry.perTryTimeoutMs === 0) return responseMs
  return Math.min(responseMs, retry.perTryTimeoutMs)
}

function contextFor(
  options: PoolOptions,
  endpoints: readonly Endpoint[],
  settings: OutboundTls | undefined,
): OutboundContext | null {
  const fault = settings === undefined ? null : outboundTlsFault(settings, options)
  if (fault !== null) throw new Error(fault.detail)
  const isSecure = endpoints.some((endpoint) => endpoint.isSecure)
  return isSecure ? new OutboundContext(settings, alpnOf(options.protocol)) : null
}
