import { AgreementCounts } from './agreements.ts'
import { PeerCounters } from './peers.ts'
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
  /** Lines of the access log that were lost. */
  readonly logLinesDropped: number
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

/** Answers that were counted and timed. */
export interface TallyFigures {
  readonly requests: number
  /** Answered 5xx. */
  readonly errors: number
  /** One bucket to an octave: answers that took at most `routeBoundsMs[i]`; the last has no bound. */
  readonly latency: readonly number[]
  readonly latencySumMs: number
}

/** What one attached policy did. */
export interface PolicyFigures {
  /** Answers of its own, those below 400 among them. */
  readonly answered: number
  /** Would have answered, in dry run. */
  readonly dryRefused: number
  /** It has thrown. */
  readonly failed: number
  /** Of one call in `timedCalls`: those that took at most `policyBoundsMs[i]`, waiting included. */
  readonly latency: readonly number[]
  readonly latencySumMs: number
}

export interface RouteFigures extends TallyFigures {
  readonly refused: number
  /** Would have been refused by a policy that is in dry run. */
  readonly dryRefused: number
  /** Answers of the gateway's own by their codes. */
  readonly codes: ReadonlyMap<string, number>
  /** Open now. */
  readonly webSockets: number
  /** By the names of its operations, those that were called. */
  readonly operations: ReadonlyMap<string, TallyFigures>
  /** By the names of upstreams: what was sent to them, over all of its duration. */
  readonly upstreams: ReadonlyMap<string, TallyFigures>
  /** By kind and id, with a space between. */
  readonly policies: ReadonlyMap<string, PolicyFigures>
  /** Requests of clients with a certificate, by what they showed (peers.ts). */
  readonly peers: ReadonlyMap<string, number>
  /** Requests by the ids of clients; those that were let through without one, nor a certificate, under ''. */
  readonly callers: ReadonlyMap<string, number>
  /** Requests by what their connections came to (agreements.ts). */
  readonly agreed: ReadonlyMap<string, number>
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

const POLICY_OCTAVE_MIN = -10
const POLICY_OCTAVES = 24

/** What the buckets of a policy stand for, in milliseconds: from one microsecond on. */
export const policyBoundsMs: readonly number[] = Array.from(
  { length: POLICY_OCTAVES },
  (_, i) => 2 ** (POLICY_OCTAVE_MIN + i),
)
/** To read the clock takes as long as most policies do, so only one call in so many is timed; a prime, for all to have their turn. */
export const timedCalls = 127

/** Counts and times answers. */
export class Tally implements TallyFigures {
  requests = 0
  errors = 0
  latencySumMs = 0
  readonly latency: number[] = Array.from({ length: OCTAVES + 1 }, () => 0)

  /** The octave is that of `Metrics.answered`. */
  add(isError: boolean, octave: number, durationMs: number): void {
    this.requests++
    this.latencySumMs += durationMs
    this.latency[octave] = (this.latency[octave] ?? 0) + 1
    if (isError) this.errors++
  }

  get figures(): TallyFigures {
    const { requests, errors, latency, latencySumMs } = this
    return { requests, errors, latency: [...latency], latencySumMs }
  }
}

/** The counters of one attached policy. */
export class PolicyCounters implements PolicyFigures {
  answered = 0
  dryRefused = 0
  failed = 0
  latencySumMs = 0
  readonly latency: number[] = Array.from({ length: POLICY_OCTAVES + 1 }, () => 0)

  took(durationMs: number): void {
    const octave = Math.ceil(Math.log2(durationMs)) - POLICY_OCTAVE_MIN
    const bucket = octave > 0 ? Math.min(octave, POLICY_OCTAVES) : 0
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1
    this.latencySumMs += durationMs
  }

  get figures(): PolicyFigures {
    const { answered, dryRefused, failed, latency, latencySumMs } = this
    return { answered, dryRefused, failed, latency: [...latency], latencySumMs }
  }
}

/** Made with the first answer that is counted there: many routes have few or none. */
class Parts<T> {
  private counted: Map<string, T> | null = null
  private readonly make: () => T

  constructor(make: () => T) {
    this.make = make
  }

  of(name: string): T {
    this.counted ??= new Map()
    let part = this.counted.get(name)
    if (part === undefined) this.counted.set(name, (part = this.make()))
    return part
  }

  figures<F>(read: (part: T) => F): ReadonlyMap<string, F> {
    return new Map([...(this.counted ?? [])].map(([name, part]) => [name, read(part)]))
  }
}

const newTally = () => new Tally()
const newPolicy = () => new PolicyCounters()

/** The counters of one route as the server keeps them. */
export class RouteCounters extends Tally {
  refused = 0
  dryRefused = 0
  webSockets = 0
  codes: Map<string, number> | null = null
  readonly operations = new Parts(newTally)
  readonly upstreams = new Parts(newTally)
  /** Made with the first client that shows a certificate. */
  peers: PeerCounters | null = null
  private agreements: AgreementCounts | null = null
  private callers: Map<string, { count: number }> | null = null
  private nameless = 0
  private readonly policies = new Parts(newPolicy)

  policy({ kind, id }: { readonly kind: string; readonly id: string }): PolicyCounters {
    return this.policies.of(`${kind} ${id}`)
  }

  /** '' for one without a name, which most requests of an open API are: they cost an addition. */
  calledBy(client: string): void {
    if (client === '') {
      this.nameless++
      return
    }
    this.callers ??= new Map()
    const known = this.callers.get(client)
    if (known !== undefined) known.count++
    else if (this.callers.size < CALLERS_MAX) this.callers.set(client, { count: 1 })
  }

  private get callerFigures(): ReadonlyMap<string, number> {
    const figures = new Map<string, number>()
    for (const [client, { count }] of this.callers ?? []) figures.set(client, count)
    if (this.nameless > 0) figures.set('', this.nameless)
    return figures
  }

  cameBy(agreement: number): void {
    this.agreements ??= new AgreementCounts()
    this.agreements.add(agreement)
  }

  override get figures(): RouteFigures {
    const { refused, dryRefused, webSockets } = this
    return {
      ...super.figures,
      refused,
      dryRefused,
      webSockets,
      codes: new Map(this.codes),
      operations: this.operations.figures((tally) => tally.figures),
      upstreams: this.upstreams.figures((tally) => tally.figures),
      policies: this.policies.figures((policy) => policy.figures),
      peers: this.peers?.figures ?? none,
      callers: this.callerFigures,
      agreed: this.agreements?.figures ?? none,
    }
  }
}

const none: ReadonlyMap<string, number> = new Map()
/** Clients are those of contracts, or of a list in a policy. */
const CALLERS_MAX = 10_000

const STATUS_MAX = 600

/** The counters of one server. */
export class Metrics {
  connections = 0
  webSockets = 0
  connectionsRefused = 0
  logLinesDropped = 0
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

  /** `code` says why it was an answer of the gateway's own. Gives the octave of the duration. */
  answered(
    route: RouteCounters | null,
    status: number,
    durationMs: number,
    byPolicy: boolean,
    code?: string,
  ): number {
    this.requests++
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    const bucket = bucketOf(durationMs)
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1
    this.sumMs += durationMs
    const isError = status >= 500
    if (isError) this.errors++
    if (byPolicy) this.refused++
    if (code !== undefined) countIn(this.codes, code)
    const octave = octaveOf(bucket)
    if (route === null) return octave
    route.add(isError, octave, durationMs)
    if (byPolicy) route.refused++
    if (code !== undefined) countIn((route.codes ??= new Map()), code)
    return octave
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
      logLinesDropped: this.logLinesDropped,
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
    for (const [id, route] of this.routes) if (wanted(id, route)) routes.set(id, route.figures)
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
function octaveOf(bucket: number): number {
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
