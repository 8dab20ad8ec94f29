import type { Report } from '#contract/events.ts'
import { nothingCounted, type PlaneFigures } from './data-plane.ts'
import type { UpstreamFigures } from './plan-figures.ts'
import {
  type Figures,
  latencyBoundsMs,
  quantileMs,
  routeBoundsMs,
  type RouteFigures,
} from './serve/metrics.ts'

/** The busiest APIs of an interval, and the upstreams most in trouble; a report must fit into one message. */
const apisMax = 1_000
const upstreamsMax = 200
const certificatesMax = 100

/** The part of a report that is about an interval. */
export type Traffic = Omit<
  Report,
  'status' | 'problems' | 'uptimeSeconds' | 'appliedRevision' | 'appliedHash' | 'rssBytes'
>

/** Turns counters that rise only into what happened since they were last read. */
export class IntervalFigures {
  #before: PlaneFigures = { ...nothingCounted, sessions: [], workers: [] }
  #readAtMs = performance.now()

  take(now: PlaneFigures): Traffic {
    const nowMs = performance.now()
    const before = this.#before
    const intervalMs = nowMs - this.#readAtMs
    this.#before = now
    this.#readAtMs = nowMs
    const { requests, errors, refused, connections, webSockets, latency, handshakes, codes } = now.traffic
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
      handshakes: countsBetween(traffic.handshakes, handshakes),
      codes: countsBetween(traffic.codes, codes),
      upstreams: upstreamsBetween(before.upstreams, now.upstreams),
      certificates: firstToExpire(now.certificates),
      sessions: sessionsOf(now.sessions),
      workers: now.workers.map(({ worker, isServing, crashes, connections: open, rssBytes }) => {
        return { worker, isServing, crashes, connections: open, rssBytes }
      }),
    }
  }
}

function sessionsOf(sessions: PlaneFigures['sessions']): NonNullable<Report['sessions']> {
  return sessions.map(({ route, client, subject, openedAtMs, expiresAtMs }) => ({
    apiId: (route ?? '').replace(/^api:/, ''),
    client: client ?? null,
    subject: subject ?? null,
    openedAt: new Date(openedAtMs).toISOString(),
    expiresAt: instantOf(expiresAtMs),
  }))
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

function countsBetween(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): Record<string, number> {
  const risenCounts = [...now].map(([name, count]) => [name, risen(before.get(name) ?? 0, count)] as const)
  return Object.fromEntries(risenCounts.filter(([, count]) => count > 0))
}

function latencyBetween(
  before: readonly number[],
  now: readonly number[],
  boundsMs: readonly number[],
): Report['latencyMs'] {
  const counts = now.map((count, index) => risen(before[index] ?? 0, count))
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileMs(counts, share, boundsMs))
  return p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 }
}

const noTraffic: RouteFigures = {
  requests: 0,
  errors: 0,
  refused: 0,
  dryRefused: 0,
  webSockets: 0,
  latency: [],
  latencySumMs: 0,
}

function apisBetween(before: Figures, after: Figures): Report['apis'] {
  const active = [...after.routes].flatMap(([id, now]) => {
    const known = before.routes.get(id) ?? noTraffic
    // A route that went and came back counts from zero again.
    const since = now.requests < known.requests ? noTraffic : known
    const requests = now.requests - since.requests
    return requests === 0 ? [] : [{ id: id.replace(/^api:/, ''), requests, since, now }]
  })
  const busiest = active.toSorted((a, b) => b.requests - a.requests).slice(0, apisMax)
  return Object.fromEntries(
    busiest.map(({ id, requests, since, now }) => {
      const latencyMs = latencyBetween(since.latency, now.latency, routeBoundsMs)
      const api = {
        requests,
        errors: risen(since.errors, now.errors),
        refused: risen(since.refused, now.refused),
        dryRefused: risen(since.dryRefused, now.dryRefused),
        ...(latencyMs === null ? {} : { latencyMs }),
      }
      return [id, api]
    }),
  )
}

type UpstreamReports = NonNullable<Report['upstreams']>

function upstreamsBetween(
  before: PlaneFigures['upstreams'],
  now: PlaneFigures['upstreams'],
): UpstreamReports {
  const reports = [...now].map(([id, figures]) => {
    const report = upstreamReport(figures, before.get(id))
    return { id: id.replace(/^upstream:/, ''), report, trouble: troubleOf(report) }
  })
  const worst = reports.toSorted((a, b) => b.trouble - a.trouble).slice(0, upstreamsMax)
  return Object.fromEntries(worst.map(({ id, report }) => [id, report]))
}

function upstreamReport(now: UpstreamFigures, before: UpstreamFigures | undefined): UpstreamReports[string] {
  const endpoints = [...now.endpoints.values()]
  return {
    connections: now.connections,
    pending: now.pending,
    circuitsOpen: now.circuitsOpen,
    retries: risen(before?.retries ?? 0, now.retries),
    endpoints: endpoints.length,
    unhealthyEndpoints: endpoints.filter(({ unhealthy }) => unhealthy > 0).length,
    ejectedEndpoints: endpoints.filter(({ ejected }) => ejected > 0).length,
  }
}

/** What is broken weighs more than what is busy. */
function troubleOf(upstream: UpstreamReports[string]): number {
  const { circuitsOpen, unhealthyEndpoints, ejectedEndpoints, pending, connections } = upstream
  return (circuitsOpen + unhealthyEndpoints + ejectedEndpoints) * 1e9 + pending * 1e5 + connections
}

function firstToExpire(certificates: PlaneFigures['certificates']): NonNullable<Report['certificates']> {
  return [...certificates.values()]
    .toSorted((a, b) => a.notAfter - b.notAfter)
    .slice(0, certificatesMax)
    .map(({ use, api, subject, notAfter }) => ({
      use,
      apiId: api.replace(/^api:/, ''),
      subject,
      notAfter: new Date(notAfter * 1_000).toISOString(),
    }))
}
