import { hash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { OutboundTls, UpstreamSettings } from '#policies/settings.ts'
import { clock, type Timed } from '../clock.ts'
import { ForbiddenAddress, guardedLookup } from './addresses.ts'
import {
  type Caller,
  type ConnectionOwner,
  type ConnectionTimeouts,
  type PooledLink,
  UpstreamConnection,
  type UpstreamFailure,
} from './connection.ts'
import { Endpoint } from './endpoint.ts'
import { Http2Call } from './http2.ts'
import { Http2Sessions } from './http2-sessions.ts'
import { OutboundContext, type TlsFigures } from './tls.ts'

export interface PoolOptions {
  /** `http://host:port/base`; several are used in turn, one that cannot be connected to is passed over for a while. */
  readonly endpoints: readonly { readonly url: string; readonly weight?: number | undefined }[]
  readonly protocol?: 'http1' | 'http2'
  readonly balancing?: 'round-robin' | 'least-requests' | 'consistent-hash'
  readonly timeouts: ConnectionTimeouts
  /** TLS, retries, breaker, outliers and health checks. */
  readonly settings?: Omit<UpstreamSettings, 'timeouts'>
  readonly maxConnections: number
  /** Requests that may wait for a connection; beyond it they are answered 503. */
  readonly maxPending: number
  /** Loopback addresses are refused at connect time unless this says otherwise. */
  readonly allowLoopback?: boolean
}

export interface PoolFigures {
  readonly connections: number
  readonly idle: number
  readonly pending: number
  /** Null where no endpoint has https. */
  readonly tls: TlsFigures | null
}

/** Connections to one upstream, shared by nobody who was configured differently. It holds nothing until it is used. */
export interface Pool {
  /** Equal for pools with equal options: a plan may take over its predecessor's pool. */
  readonly identity: string
  /** Leads to one of the caller's upstreamReady and upstreamFailed, perhaps at once. */
  acquire(caller: Caller): void
  /** The caller waits no more. */
  cancel(caller: Caller): void
  figures(): PoolFigures
  /** Ends idle connections now and the others when their exchange has ended. The server calls it. */
  dispose(): void
}

/** A hash, since the options may hold a private key. */
export function poolIdentity({ allowLoopback = false, ...options }: PoolOptions): string {
  return hash('sha256', JSON.stringify([allowLoopback, options]))
}

/** Throws an Error that says what is wrong with an endpoint. */
export function createPool(options: PoolOptions): Pool {
  refuseUnsupported(options)
  return new UpstreamPool(options)
}

// What is asked for and not done must not be passed over in silence.
function refuseUnsupported({ endpoints, balancing, settings = {} }: PoolOptions): void {
  const asked = [
    (balancing ?? 'round-robin') !== 'round-robin' && `balancing by ${balancing}`,
    endpoints.some(({ weight = 1 }) => weight !== 1) && 'endpoints with weights',
    ...Object.keys(settings)
      .filter((part) => part !== 'tls')
      .map((part) => `the setting ${part}`),
  ].find((one) => one !== false)
  if (asked !== undefined) throw new Error(`${asked}: not supported`)
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

class UpstreamPool implements Pool, ConnectionOwner, Timed {
  readonly identity: string
  readonly allowLoopback: boolean
  readonly timeouts: ConnectionTimeouts
  readonly tls: OutboundContext | null
  readonly lookup: LookupFunction
  deadline = Infinity
  private readonly endpoints: readonly Endpoint<PooledLink>[]
  private readonly maxConnections: number
  private readonly maxPending: number
  private readonly open = new Set<PooledLink>()
  private readonly waiting: Waiting[] = []
  private readonly attempts = new Map<Caller, Attempt>()
  /** Connections that streams share; null where every exchange has one of its own. */
  private readonly sessions: Http2Sessions | null
  private turn = 0
  private disposed = false

  constructor(options: PoolOptions) {
    this.identity = poolIdentity(options)
    this.endpoints = options.endpoints.map(({ url }) => new Endpoint(url))
    if (this.endpoints.length === 0) throw new Error('an upstream needs an endpoint')
    this.timeouts = options.timeouts
    this.maxConnections = options.maxConnections
    this.maxPending = options.maxPending
    this.allowLoopback = options.allowLoopback ?? false
    const isHttp2 = options.protocol === 'http2'
    this.tls = contextFor(this.endpoints, options.settings?.tls, isHttp2 ? 'h2' : 'http/1.1')
    this.lookup = guardedLookup(this.allowLoopback)
    this.sessions = isHttp2 ? new Http2Sessions(this) : null
  }

  acquire(caller: Caller): void {
    const endpoint = this.nextEndpoint()
    const idle = endpoint.idle.pop()
    if (idle !== undefined) return idle.begin(caller)
    if (this.open.size < this.maxConnections) return this.connect(endpoint, caller)
    const other = this.idleAnywhere()
    if (other !== undefined) return other.begin(caller)
    if (this.waiting.length >= this.maxPending) return caller.upstreamFailed('upstream_busy')
    this.waiting.push({ caller, untilMs: clock.after(this.timeouts.connectMs) })
    this.watchQueue()
  }

  cancel(caller: Caller): void {
    const index = this.waiting.findIndex((waiting) => waiting.caller === caller)
    if (index >= 0) this.waiting.splice(index, 1)
    this.attempts.get(caller)?.connection.destroy()
    this.attempts.delete(caller)
  }

  figures(): PoolFigures {
    let idle = 0
    for (const endpoint of this.endpoints) idle += endpoint.idle.length
    if (this.sessions !== null) {
      const { size: connections, idle: idleConnections } = this.sessions
      return {
        connections,
        idle: idleConnections,
        pending: this.waiting.length,
        tls: this.tls?.figures ?? null,
      }
    }
    return { connections: this.open.size, idle, pending: this.waiting.length, tls: this.tls?.figures ?? null }
  }

  dispose(): void {
    this.disposed = true
    this.sessions?.dispose()
    for (const endpoint of this.endpoints) for (const connection of [...endpoint.idle]) connection.destroy()
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
    const next = this.takeWaiting()
    if (next !== undefined) return connection.begin(next)
    if (this.disposed) return connection.destroy()
    connection.endpoint.idle.push(connection)
  }

  answered(): void {}

  broke(): void {}

  gone(connection: PooledLink, wasIdle: boolean): void {
    this.open.delete(connection)
    if (wasIdle) {
      const { idle } = connection.endpoint
      const index = idle.indexOf(connection)
      if (index >= 0) idle.splice(index, 1)
    }
    const next = this.open.size < this.maxConnections ? this.takeWaiting() : undefined
    if (next !== undefined) this.connect(this.nextEndpoint(), next)
  }

  // On a fresh connection: another idle one may be just as stale.
  retry(caller: Caller, failed: PooledLink): void {
    this.connect(failed.endpoint, caller)
  }

  // Nothing of the request has been written, so any method may go to the next endpoint.
  connectFailed(caller: Caller, failed: PooledLink, failure: UpstreamFailure): void {
    const failures = (this.attempts.get(caller)?.failures ?? 0) + 1
    this.attempts.delete(caller)
    failed.endpoint.avoid(clock.nowMs)
    if (failures >= this.endpoints.length) caller.upstreamFailed(failure)
    else this.connect(this.nextEndpoint(), caller, failures)
  }

  private connect(endpoint: Endpoint<PooledLink>, caller: Caller, failures = 0): void {
    try {
      const connection =
        this.sessions === null
          ? new UpstreamConnection(endpoint, this, caller)
          : new Http2Call(endpoint, this, caller, this.sessions)
      this.open.add(connection)
      this.attempts.set(caller, { connection, failures })
    } catch (error) {
      if (!(error instanceof ForbiddenAddress)) throw error
      caller.upstreamFailed('upstream_forbidden_address')
    }
  }

  private nextEndpoint(): Endpoint<PooledLink> {
    const { endpoints } = this
    const [first] = endpoints
    if (first === undefined) throw new Error('an upstream needs an endpoint')
    if (endpoints.length === 1) return first
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[this.turn++ % endpoints.length]
      if (endpoint !== undefined && !endpoint.isAvoided(clock.nowMs)) return endpoint
    }
    return endpoints[this.turn++ % endpoints.length] ?? first
  }

  private idleAnywhere(): PooledLink | undefined {
    for (const endpoint of this.endpoints) {
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

function contextFor(
  endpoints: readonly Endpoint[],
  settings: OutboundTls | undefined,
  spoken: string,
): OutboundContext | null {
  const plain = endpoints.find(({ isSecure }) => !isSecure)
  if (settings !== undefined && plain !== undefined)
    throw new Error(`TLS is set for the upstream, but the address of ${plain.authority} is http://`)
  return endpoints.some(({ isSecure }) => isSecure) ? new OutboundContext(settings, [spoken]) : null
}
