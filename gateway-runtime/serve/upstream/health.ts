import { performance } from 'node:perf_hooks'
import type { HealthCheckSettings } from '#policies/settings.ts'
import type { Head } from '../http1/head.ts'
import type { Caller, ConnectionOwner, PooledLink, UpstreamFailure, UpstreamLink } from './connection.ts'
import type { Endpoint } from './endpoint.ts'

/** Opens a link to an endpoint for one exchange. May throw where the endpoint must not be reached. */
export type OpenLink = (endpoint: Endpoint<PooledLink>, owner: ConnectionOwner, caller: Caller) => PooledLink

/** What the checks have found so far. */
export interface HealthFigures {
  readonly succeeded: number
  readonly failed: number
}

/** Asks every endpoint at intervals whether it is well, over connections of the check's own. */
export class HealthChecks {
  succeeded = 0
  failed = 0
  private readonly settings: HealthCheckSettings
  private readonly open: OpenLink
  private readonly owner: ConnectionOwner
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly running = new Set<PooledLink>()
  private stopped = false

  constructor(
    settings: HealthCheckSettings,
    endpoints: readonly Endpoint<PooledLink>[],
    open: OpenLink,
    pool: Pick<ConnectionOwner, 'allowLoopback' | 'tls' | 'agreed' | 'lookup'>,
  ) {
    this.settings = settings
    this.open = open
    this.owner = ownerOf(settings.timeoutMs, pool)
    for (const endpoint of endpoints) this.watch(new Watched(endpoint, settings))
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) clearTimeout(timer)
    for (const link of this.running) link.destroy()
  }

  private watch(watched: Watched): void {
    // Nodes and endpoints that began together do not ask together for ever.
    this.later(Math.random() * Math.min(1_000, this.settings.intervalMs), () => this.check(watched))
  }

  private later(ms: number, call: () => void): void {
    if (this.stopped) return
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      call()
    }, ms)
    timer.unref()
    this.timers.add(timer)
  }

  private check(watched: Watched): void {
    const { endpoint } = watched
    const startMs = performance.now()
    let link: PooledLink | undefined
    let isOver = false
    const done = (well: boolean | null) => {
      if (isOver || this.stopped) return
      isOver = true
      if (link !== undefined) this.running.delete(link)
      link?.destroy()
      if (well === true) this.succeeded++
      if (well === false) this.failed++
      if (well !== null) watched.heard(well)
      const spentMs = performance.now() - startMs
      this.later(Math.max(0, this.settings.intervalMs * (0.9 + Math.random() * 0.2) - spentMs), () =>
        this.check(watched),
      )
    }
    try {
      link = this.open(endpoint, this.owner, new HealthCaller(this.settings, done))
      if (!isOver) this.running.add(link)
    } catch {
      done(false)
    }
  }
}

/** What the last checks of one endpoint said. */
class Watched {
  readonly endpoint: Endpoint<PooledLink>
  private readonly settings: HealthCheckSettings
  private inRow = 0

  constructor(endpoint: Endpoint<PooledLink>, settings: HealthCheckSettings) {
    this.endpoint = endpoint
    this.settings = settings
  }

  heard(well: boolean): void {
    const { endpoint, settings } = this
    if (well === endpoint.isHealthy) {
      this.inRow = 0
      return
    }
    this.inRow++
    if (this.inRow < (well ? settings.healthyThreshold : settings.unhealthyThreshold)) return
    endpoint.isHealthy = well
    this.inRow = 0
  }
}

/** One question to one endpoint; null where it could not be asked. */
class HealthCaller implements Caller {
  readonly requestDone = true
  readonly takesTrailers = false
  readonly balancingKey = undefined
  private readonly settings: HealthCheckSettings
  private readonly done: (well: boolean | null) => void

  constructor(settings: HealthCheckSettings, done: (well: boolean | null) => void) {
    this.settings = settings
    this.done = done
  }

  get isHead(): boolean {
    return this.settings.method === 'HEAD'
  }

  upstreamReady(link: UpstreamLink): void {
    const { method, path } = this.settings
    link.writeText(
      `${method} ${path} HTTP/1.1\r\n${link.endpoint.hostLine}User-Agent: hexgate-health-check\r\n\r\n`,
    )
  }

  response(head: Head): boolean {
    this.done(this.settings.expectedStatuses.includes(head.status))
    return false
  }

  upstreamFailed(failure: UpstreamFailure): void {
    this.done(failure === 'gateway_exhausted' ? null : false)
  }

  upstreamWritable(): void {}
  interimResponse(): void {}
  responseTrailers(): void {}
  responseEnded(): void {}
  tunnelEnded(): void {}
  switchProtocols(): boolean {
    return false
  }
  responseBody(): boolean {
    return false
  }
  tunnelBytes(): boolean {
    return false
  }
  mayRetry(): boolean {
    return false
  }
  takeBack(): boolean {
    return false
  }
}

function ownerOf(
  timeoutMs: number,
  pool: Pick<ConnectionOwner, 'allowLoopback' | 'tls' | 'agreed' | 'lookup'>,
): ConnectionOwner {
  const { allowLoopback, tls, agreed, lookup } = pool
  return {
    allowLoopback,
    tls,
    agreed,
    lookup,
    timeouts: { connectMs: timeoutMs, responseMs: timeoutMs, idleMs: timeoutMs, keepMs: 0 },
    connected: () => undefined,
    idle: () => undefined,
    answered: () => undefined,
    broke: () => undefined,
    gone: () => undefined,
    retry: (caller) => caller.upstreamFailed('upstream_reset'),
    connectFailed: (caller, _link, failure) => caller.upstreamFailed(failure),
  }
}
