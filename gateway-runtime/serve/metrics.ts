import type { HandshakeResult } from './tls/results.ts'

/** What a report or an exposition reads. Counters rise only; `connections` and `webSockets` are of now. */
export interface Figures {
  readonly requests: number
  /** Answered 5xx. */
  readonly errors: number
  /** Refused by a policy. */
  readonly refused: number
  readonly connections: number
  readonly webSockets: number
  /** Connections that were refused before anything of them was read. */
  readonly connectionsRefused: number
  /** By listener, TLS handshakes and PROXY headers by how they ended: `ok`, or why not. */
  readonly handshakes: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly statuses: ReadonlyMap<number, number>
  /** Answers of the gateway's own by their codes: of a policy, or why the upstream's answer did not come. */
  readonly codes: ReadonlyMap<string, number>
  /** What policies in dry run would have answered, by code. */
  readonly dryCodes: ReadonlyMap<string, number>
  readonly latency: LatencyFigures
  /** By route id; a route keeps its counters over a swap. */
  readonly routes: ReadonlyMap<string, RouteFigures>
}

/** An open WebSocket as people look at it. */
export interface ListedSession {
  /** Names it for as long as it is open, over all processes of the node. */
  readonly id: string
  /** The id of the route. */
  readonly route: string | undefined
  /** The id of the client, where a policy has found one. */
  readonly client: string | undefined
  /** Of the verified token. */
  readonly subject: string | undefined
  readonly agency: string | undefined
  /** How often the client has brought another token. */
  readonly renewals: number
  /** Epoch milliseconds. */
  readonly openedAtMs: number
  /** When the token of now expires, in epoch milliseconds. */
  readonly expiresAtMs: number | undefined
}

/** Whoever holds one. */
export interface OpenSession {
  readonly listed: ListedSession
  /** Somebody who runs the gateway wants it to end. */
  evict(): void
}

export interface RouteFigures {
  readonly requests: number
  readonly errors: number
  readonly refused: number
  /** Would have been refused by a policy that is in dry run. */
  readonly dryRefused: number
  /** Answers of the gateway's own by their codes. */
  readonly codes: ReadonlyMap<string, number>
  /** Open now. */
  readonly webSockets: number
  /** One bucket to an octave: answers that took at most `routeBoundsMs[i]`; the last has no bound. */
  readonly latency: readonly number[]
  readonly latencySumMs: number
}

/** A histogram: `counts[i]` answers took at most `boundsMs[i]` and more than the bound before; the last has no bound. */
export interface LatencyFigures {
  readonly boundsMs: readonly number[]
  readonly counts: readonly number[]
  readonly sumMs: number
}

// Four buckets to an octave from 1/16 ms to 2^17 ms: a quantile is at most 19 % off.
const BUCKETS_PER_OCTAVE = 4
const OCTAVE_MIN = -4
const OCTAVE_MAX = 17
const BUCKET_COUNT = (OCTAVE_MAX - OCTAVE_MIN) * BUCKETS_PER_OCTAVE + 1

export const latencyBoundsMs: readonly number[] = Array.from(
  { length: BUCKET_COUNT },
  (_, i) => 2 ** (OCTAVE_MIN + i / BUCKETS_PER_OCTAVE),
)

const OCTAVES = OCTAVE_MAX - OCTAVE_MIN + 1

/** What the buckets of a route stand for, in milliseconds. */
export const routeBoundsMs: readonly number[] = Array.from(
  { length: OCTAVES },
  (_, i) => 2 ** (OCTAVE_MIN + i),
)

/** The counters of one route as the server keeps them. */
export class RouteCounters {
  requests = 0
  errors = 0
  refused = 0
  dryRefused = 0
  webSockets = 0
  latencySumMs = 0
  readonly latency = new Float64Array(OCTAVES + 1)
  /** Made with the first answer of the gateway's own: many routes have none. */
  codes: Map<string, number> | null = null
}

const STATUS_MAX = 600

/** The counters of one server. */
export class Metrics {
  connections = 0
  webSockets = 0
  connectionsRefused = 0
  /** By their ids, those that were opened first. */
  readonly sessions = new Map<string, OpenSession>()
  private readonly handshakes = new Map<string, Map<string, number>>()
  private readonly codes = new Map<string, number>()
  private readonly dryCodes = new Map<string, number>()
  private errors = 0
  private refused = 0
  private requests = 0
  private sumMs = 0
  private readonly statuses = new Float64Array(STATUS_MAX)
  private readonly latency = new Float64Array(BUCKET_COUNT + 1)
  private readonly routes = new Map<string, RouteCounters>()

  /** The counters of a route, which a later plan finds again. */
  countersOf(routeId: string): RouteCounters {
    let counters = this.routes.get(routeId)
    if (counters === undefined) this.routes.set(routeId, (counters = new RouteCounters()))
    return counters
  }

  handshake(listener: string, result: HandshakeResult): void {
    let counts = this.handshakes.get(listener)
    if (counts === undefined) this.handshakes.set(listener, (counts = new Map()))
    countIn(counts, result)
  }

  dryRefused(route: RouteCounters | null, code: string): void {
    if (route !== null) route.dryRefused++
    countIn(this.dryCodes, code)
  }

  /** Forgets routes that are served no more. */
  keepOnly(routeIds: ReadonlySet<string>): void {
    for (const id of this.routes.keys()) if (!routeIds.has(id)) this.routes.delete(id)
  }

  /** `code` says why it was an answer of the gateway's own. */
  answered(
    route: RouteCounters | null,
    status: number,
    durationMs: number,
    byPolicy: boolean,
    code?: string,
  ): void {
    this.requests++
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    const bucket = bucketOf(durationMs)
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1
    this.sumMs += durationMs
    const isError = status >= 500
    if (isError) this.errors++
    if (byPolicy) this.refused++
    if (code !== undefined) countIn(this.codes, code)
    if (route === null) return
    route.requests++
    route.latencySumMs += durationMs
    const octave = bucketOfRoute(bucket)
    route.latency[octave] = (route.latency[octave] ?? 0) + 1
    if (isError) route.errors++
    if (byPolicy) route.refused++
    if (code !== undefined) countIn((route.codes ??= new Map()), code)
  }

  /** Of routes only those that are wanted: thousands of them take a while to copy. */
  figures(wanted: (id: string, route: RouteCounters) => boolean = () => true): Figures {
    const statuses = new Map<number, number>()
    for (const [status, count] of this.statuses.entries()) if (count > 0) statuses.set(status, count)
    return {
      requests: this.requests,
      errors: this.errors,
      refused: this.refused,
      connections: this.connections,
      webSockets: this.webSockets,
      connectionsRefused: this.connectionsRefused,
      handshakes: new Map([...this.handshakes].map(([listener, counts]) => [listener, new Map(counts)])),
      statuses,
      codes: new Map(this.codes),
      dryCodes: new Map(this.dryCodes),
      latency: { boundsMs: latencyBoundsMs, counts: [...this.latency], sumMs: this.sumMs },
      routes: this.routeFigures(wanted),
    }
  }

  /** Open WebSockets, so many of them at most, those that were opened first. */
  openSessions(max: number): ListedSession[] {
    const list: ListedSession[] = []
    for (const { listed } of this.sessions.values()) {
      if (list.length >= max) break
      list.push(listed)
    }
    return list
  }

  private routeFigures(wanted: (id: string, route: RouteCounters) => boolean): Map<string, RouteFigures> {
    const routes = new Map<string, RouteFigures>()
    for (const [id, route] of this.routes) {
      if (!wanted(id, route)) continue
      const { requests, errors, refused, dryRefused, webSockets, latency, latencySumMs } = route
      const codes = new Map(route.codes)
      const counts = [...latency]
      routes.set(id, {
        requests,
        errors,
        refused,
        dryRefused,
        codes,
        webSockets,
        latency: counts,
        latencySumMs,
      })
    }
    return routes
  }
}

/** Codes are few; one that is made of what a caller sends must not fill the memory. */
const CODES_MAX = 1_000

function countIn(counts: Map<string, number>, code: string): void {
  const known = counts.get(code)
  if (known !== undefined || counts.size < CODES_MAX) counts.set(code, (known ?? 0) + 1)
}

/** The octave that a fine bucket lies in. */
function bucketOfRoute(bucket: number): number {
  return (bucket + BUCKETS_PER_OCTAVE - 1) >> 2
}

function bucketOf(durationMs: number): number {
  const index = Math.ceil((Math.log2(durationMs) - OCTAVE_MIN) * BUCKETS_PER_OCTAVE)
  return index > 0 ? Math.min(index, BUCKET_COUNT) : 0
}

/** The latency below which a share of the answers lies (0.99, say), between two readings; null without answers. */
export function quantileMs(
  counts: readonly number[],
  share: number,
  boundsMs: readonly number[] = latencyBoundsMs,
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let seen = 0
  for (const [bucket, count] of counts.entries()) {
    seen += count
    if (seen >= total * share) return boundsMs[bucket] ?? 2 ** OCTAVE_MAX
  }
  return 2 ** OCTAVE_MAX
}
