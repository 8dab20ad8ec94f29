import { listenerName } from '#contract/listeners.ts'
import type { Report } from '#contract/events.ts'
import {
  type ApiReport,
  type CertificateReport,
  type EndpointReport,
  type ListenerReport,
  type NodePulse,
  type PartReport,
  type PolicyReport,
  reportMax,
  type SessionReport,
  type UpstreamReport,
  type WorkerReport,
} from '#domain/node-report.ts'
import { noFigures, type PlaneFigures } from './data-plane.ts'
import type { UpstreamFigures } from './plan-figures.ts'
import { SeenInInterval } from './seen.ts'
import {
  type Figures,
  latencyBoundsMs,
  policyBoundsMs,
  quantileMs,
  RouteCounters,
  routeBoundsMs,
  type RouteFigures,
  type TallyFigures,
} from './serve/metrics.ts'

/** The part of a report that is about an interval. */
export type Traffic = Omit<
  Report,
  'status' | 'problems' | 'uptimeSeconds' | 'appliedRevision' | 'appliedHash' | 'rssBytes'
>

/** Turns counters that rise only into what happened since they were last read. */
export class IntervalFigures {
  readonly #seen = new SeenInInterval()
  #before: PlaneFigures = noFigures
  #readAtMs = performance.now()

  take(now: PlaneFigures): Traffic {
    const nowMs = performance.now()
    const before = this.#before
    const intervalMs = nowMs - this.#readAtMs
    this.#before = now
    this.#readAtMs = nowMs
    const { requests, errors, refused, connections, webSockets, latency, codes } = now.traffic
    const { traffic } = before
    return {
      intervalMs,
      requests: risen(traffic.requests, requests),
      errors: risen(traffic.errors, errors),
      refused: risen(traffic.refused, refused),
      latencyMs: latencyBetween(traffic.latency.counts, latency.counts, latencyBoundsMs),
      connections,
      webSockets,
      apis: apisBetween(traffic, now.traffic),
      handshakes: countsBetween(overListeners(traffic), overListeners(now.traffic)),
      codes: countsBetween(traffic.codes, codes),
      upstreams: upstreamsBetween(before.upstreams, now.upstreams),
      certificates: firstToExpire(now.certificates),
      sessions: sessionsOf(now.sessions),
      workers: workersBetween(before.workers, now.workers),
      listeners: listenersBetween(before, now),
      ...this.#seen.between(before, now),
    }
  }
}

function sessionsOf(sessions: PlaneFigures['sessions']): SessionReport[] {
  return sessions.map(
    ({ id, route, client, subject, agency, renewals, openedAtMs, expiresAtMs }): SessionReport => ({
      id,
      apiId: (route ?? '').replace(/^api:/, ''),
      client: shortened(client),
      subject: shortened(subject),
      agency: shortened(agency),
      renewals,
      openedAt: new Date(openedAtMs).toISOString(),
      expiresAt: instantOf(expiresAtMs),
    }),
  )
}

/** What a token says may be long, and a report must fit into one message. */
const claimLettersMax = 200

function shortened(text: string | undefined): string | null {
  return text?.slice(0, claimLettersMax) ?? null
}

/** A token may say what is beyond any date. */
function instantOf(ms: number | undefined): string | null {
  const date = new Date(ms ?? Number.NaN)
  const isShown = !Number.isNaN(date.getTime()) && date.getUTCFullYear() <= 9_999
  return isShown ? date.toISOString() : null
}

/** What a worker counted in its last moment before it ended is lost, so that a sum may fall once. */
function risen(before: number, now: number): number {
  return Math.max(0, now - before)
}

type Counts = ReadonlyMap<string, number>

function countsBetween(before: Counts, now: Counts): Record<string, number> {
  const risenCounts = [...now].map(([name, count]) => [name, risen(before.get(name) ?? 0, count)] as const)
  return Object.fromEntries(risenCounts.filter(([, count]) => count > 0))
}

function overListeners({ handshakes }: Figures): Counts {
  const sum = new Map<string, number>()
  for (const counts of handshakes.values())
    for (const [result, count] of counts) sum.set(result, (sum.get(result) ?? 0) + count)
  return sum
}

function listenersBetween(before: PlaneFigures, now: PlaneFigures): ListenerReport[] {
  return now.listeners.slice(0, reportMax.listeners).map(({ id: item, protocol, address, port }) => {
    const earlier = before.traffic.handshakes.get(item)
    const counts = [...(now.traffic.handshakes.get(item) ?? [])].map(([result, total]) => {
      return [result, { recent: risen(earlier?.get(result) ?? 0, total), total }] as const
    })
    const id = listenerName(item)
    return { id, protocol, address, port, handshakes: Object.fromEntries(counts) }
  })
}

function workersBetween(before: PlaneFigures['workers'], now: PlaneFigures['workers']): WorkerReport[] {
  return now.map(({ worker, isServing, crashes, isCrashLooping, requests, connections, rssBytes }) => {
    const earlier = before.find((one) => one.worker === worker)?.requests ?? 0
    // One that was started again counts from zero.
    const since = requests < earlier ? 0 : earlier
    return {
      worker,
      isServing,
      crashes,
      isCrashLooping,
      requests: requests - since,
      connections,
      rssBytes,
    }
  })
}

function latencyBetween(
  before: readonly number[],
  now: readonly number[],
  boundsMs: readonly number[],
): NodePulse['latencyMs'] {
  const counts = now.map((count, index) => risen(before[index] ?? 0, count))
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileMs(counts, share, boundsMs))
  return p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 }
}

const noTraffic: RouteFigures = new RouteCounters().figures

function apisBetween(before: Figures, after: Figures): Report['apis'] {
  const called = [...after.routes].flatMap(([id, now]) => {
    const known = before.routes.get(id) ?? noTraffic
    // A route that went and came back counts from zero again.
    const since = now.requests < known.requests ? noTraffic : known
    const requests = now.requests - since.requests
    return now.requests === 0 ? [] : [{ id: id.replace(/^api:/, ''), requests, since, now }]
  })
  const busiest = called
    .toSorted((a, b) => b.requests - a.requests || b.now.requests - a.now.requests)
    .slice(0, reportMax.apis)
  return Object.fromEntries(
    busiest.map(({ id, since, now }, place) => [id, apiReport(since, now, place < reportMax.apisInParts)]),
  )
}

function apiReport(since: RouteFigures, now: RouteFigures, isInParts: boolean): ApiReport {
  const latencyMs = latencyBetween(since.latency, now.latency, routeBoundsMs)
  const codes = [...now.codes].toSorted(([, a], [, b]) => b - a).slice(0, reportMax.codesOfApi)
  return {
    requests: now.requests - since.requests,
    errors: risen(since.errors, now.errors),
    refused: risen(since.refused, now.refused),
    dryRefused: risen(since.dryRefused, now.dryRefused),
    ...(latencyMs === null ? {} : { latencyMs }),
    ...(isInParts
      ? {
          operations: busiest(since.operations, now.operations, reportMax.operationsOfApi),
          upstreams: busiest(since.upstreams, now.upstreams, reportMax.upstreamsOfApi),
          policies: policiesBetween(since, now),
        }
      : {}),
    total: {
      requests: now.requests,
      errors: now.errors,
      refused: now.refused,
      latencyMs: latencyBetween([], now.latency, routeBoundsMs),
      codes: Object.fromEntries(codes),
    },
  }
}

type Tallies = ReadonlyMap<string, TallyFigures>

/** Of operations or upstreams of an API those that were called most, then those that have been. */
function busiest(before: Tallies, now: Tallies, max: number): Record<string, PartReport> {
  const parts = [...now].map(([name, tally]) => ({ name, tally, recent: recentOf(before.get(name), tally) }))
  const shown = parts
    .toSorted((a, b) => b.recent.requests - a.recent.requests || b.tally.requests - a.tally.requests)
    .slice(0, max)
  return Object.fromEntries(shown.map(({ name, recent }) => [name, recent]))
}

function recentOf(before: TallyFigures | undefined, now: TallyFigures): PartReport {
  const latencyMs = latencyBetween(before?.latency ?? [], now.latency, routeBoundsMs)
  return {
    requests: risen(before?.requests ?? 0, now.requests),
    errors: risen(before?.errors ?? 0, now.errors),
    ...(latencyMs === null ? {} : { latencyMs }),
  }
}

/** By the ids of attached policies. */
function policiesBetween(since: RouteFigures, now: RouteFigures): Record<string, PolicyReport> {
  const reports = [...now.policies].slice(0, reportMax.policiesOfApi).map(([key, figures]) => {
    const before = since.policies.get(key)
    const [kind = '', id = ''] = key.split(' ')
    const latencyMs = latencyBetween(before?.latency ?? [], figures.latency, policyBoundsMs)
    const report: PolicyReport = {
      kind,
      answered: risen(before?.answered ?? 0, figures.answered),
      dryRefused: risen(before?.dryRefused ?? 0, figures.dryRefused),
      failed: risen(before?.failed ?? 0, figures.failed),
      ...(latencyMs === null ? {} : { latencyMs }),
    }
    return [id, report] as const
  })
  return Object.fromEntries(reports)
}

function upstreamsBetween(
  before: PlaneFigures['upstreams'],
  now: PlaneFigures['upstreams'],
): Record<string, UpstreamReport> {
  const reports = [...now].map(([id, figures]) => {
    const report = upstreamReport(figures, before.get(id))
    return { id: id.replace(/^upstream:/, ''), report, trouble: troubleOf(report) }
  })
  const worst = reports.toSorted((a, b) => b.trouble - a.trouble).slice(0, reportMax.upstreams)
  return Object.fromEntries(worst.map(({ id, report }) => [id, report]))
}

function upstreamReport(now: UpstreamFigures, before: UpstreamFigures | undefined): UpstreamReport {
  const endpoints = [...now.endpoints].flatMap(
    ([url, { connections, pools, unhealthy, ejected }]): EndpointReport[] =>
      // Of a worker that ended, what it knew stays without a pool that has it.
      pools === 0 ? [] : [{ url, connections, pools, unhealthyIn: unhealthy, ejectedIn: ejected }],
  )
  const troubled = ({ unhealthyIn, ejectedIn }: EndpointReport) => unhealthyIn + ejectedIn
  const { succeeded = 0, failed = 0 } = Object.fromEntries(now.healthChecks)
  const { ok: _, ...failedHandshakes } = Object.fromEntries(now.handshakes)
  const { ok: __, ...recentFailedHandshakes } = countsBetween(before?.handshakes ?? new Map(), now.handshakes)
  return {
    connections: now.connections,
    pending: now.pending,
    circuitsOpen: now.circuitsOpen,
    retries: risen(before?.retries ?? 0, now.retries),
    endpoints: endpoints.length,
    unhealthyEndpoints: endpoints.filter(({ unhealthyIn }) => unhealthyIn > 0).length,
    ejectedEndpoints: endpoints.filter(({ ejectedIn }) => ejectedIn > 0).length,
    idle: now.idle,
    unverified: now.unverified,
    ...(now.healthChecks.size === 0 ? {} : { healthChecks: { succeeded, failed } }),
    circuitRefusals: now.circuitRefusals,
    failedHandshakes,
    recentFailedHandshakes,
    endpointList: endpoints
      .toSorted((a, b) => troubled(b) - troubled(a))
      .slice(0, reportMax.endpointsOfUpstream),
  }
}

/** What is broken weighs more than what is busy. */
function troubleOf(upstream: UpstreamReport): number {
  const { circuitsOpen, unhealthyEndpoints, ejectedEndpoints, pending, connections } = upstream
  const failsTls = Object.keys(upstream.recentFailedHandshakes ?? {}).length > 0 ? 1 : 0
  const broken = circuitsOpen + unhealthyEndpoints + ejectedEndpoints + failsTls
  return broken * 1e9 + pending * 1e5 + connections
}

function firstToExpire(certificates: PlaneFigures['certificates']): CertificateReport[] {
  return [...certificates.values()]
    .toSorted((a, b) => a.notAfter - b.notAfter)
    .slice(0, reportMax.certificates)
    .map(({ use, api, subject, notBefore, notAfter, sha256 }) => ({
      use,
      apiId: api.replace(/^api:/, ''),
      subject,
      notBefore: new Date(notBefore * 1_000).toISOString(),
      notAfter: new Date(notAfter * 1_000).toISOString(),
      sha256,
    }))
}
