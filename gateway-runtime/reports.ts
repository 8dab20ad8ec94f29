import type { Report } from '#contract/events.ts'
import { type Figures, Metrics, quantileMs } from './serve/metrics.ts'

/** The busiest APIs of an interval; a report must fit into one message. */
const apisMax = 1_000

/** The part of a report that is about an interval. */
export type Traffic = Pick<
  Report,
  'intervalMs' | 'requests' | 'errors' | 'refused' | 'latencyMs' | 'connections' | 'webSockets' | 'apis'
>

/** Turns counters that rise only into what happened since they were last read. */
export class IntervalFigures {
  #before: Figures | undefined
  #readAtMs = performance.now()

  take(figures: Figures): Traffic {
    const now = performance.now()
    const before = this.#before ?? new Metrics().figures()
    const intervalMs = now - this.#readAtMs
    this.#before = figures
    this.#readAtMs = now
    return {
      intervalMs,
      requests: risen(before.requests, figures.requests),
      errors: risen(before.errors, figures.errors),
      refused: risen(before.refused, figures.refused),
      latencyMs: latencyBetween(before, figures),
      connections: figures.connections,
      webSockets: figures.webSockets,
      apis: apisBetween(before, figures),
    }
  }
}

/** What a worker counted in its last moment before it ended is lost, so that a sum may fall once. */
function risen(before: number, now: number): number {
  return Math.max(0, now - before)
}

function latencyBetween(before: Figures, after: Figures): Report['latencyMs'] {
  const counts = after.latency.counts.map((count, index) => risen(before.latency.counts[index] ?? 0, count))
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileMs(counts, share))
  return p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 }
}

function apisBetween(before: Figures, after: Figures): Report['apis'] {
  const active = [...after.routes].flatMap(([id, now]) => {
    const then = before.routes.get(id) ?? { requests: 0, errors: 0, refused: 0 }
    // A route that went and came back counts from zero again.
    const isNew = now.requests < then.requests
    const difference = {
      requests: now.requests - (isNew ? 0 : then.requests),
      errors: now.errors - (isNew ? 0 : then.errors),
      refused: now.refused - (isNew ? 0 : then.refused),
    }
    return difference.requests === 0 ? [] : [[id.replace(/^api:/, ''), difference] as const]
  })
  return Object.fromEntries(active.toSorted(([, a], [, b]) => b.requests - a.requests).slice(0, apisMax))
}
