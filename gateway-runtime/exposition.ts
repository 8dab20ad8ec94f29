import { type Metric, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Figures, LatencyFigures } from './serve/metrics.ts'

/** What the exposition says beside the traffic. */
export interface NodeFigures {
  readonly revision: number | null
  readonly appliedAtSeconds: number | null
  readonly isPersisted: boolean
  readonly isPortalConnected: boolean
}

const durationName = 'hexgate_request_duration_seconds'
/** Every fourth of the fine buckets: one to an octave is enough for a dashboard. */
const bucketStride = 4

/** The metrics of a node in the form of Prometheus, read anew at each scrape. */
export function createExposition(figures: () => Figures, node: () => NodeFigures): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'hexgate_' })
  addTraffic(registry, figures)
  addRoutes(registry, figures)
  addNode(registry, node)
  addDurations(registry, figures)
  return registry
}

function addTraffic(registry: Registry, figures: () => Figures): void {
  const registers = [registry]
  new Counter({
    name: 'hexgate_responses_total',
    help: 'Answers by status.',
    labelNames: ['status'],
    registers,
    collect() {
      this.reset()
      for (const [status, count] of figures().statuses) this.inc({ status: String(status) }, count)
    },
  })
  new Counter({
    name: 'hexgate_refusals_total',
    help: 'Requests that a policy refused.',
    registers,
    collect() {
      this.reset()
      this.inc(figures().refused)
    },
  })
  new Gauge({
    name: 'hexgate_connections',
    help: 'Open connections from clients, WebSockets among them.',
    registers,
    collect() {
      this.set(figures().connections)
    },
  })
  new Gauge({
    name: 'hexgate_websockets',
    help: 'Open WebSockets.',
    registers,
    collect() {
      this.set(figures().webSockets)
    },
  })
}

function addRoutes(registry: Registry, figures: () => Figures): void {
  const helps = {
    requests: 'Requests by API.',
    errors: 'Answers 5xx by API.',
    refused: 'Refused by policies, by API.',
  }
  for (const [member, help] of Object.entries(helps)) {
    new Counter({
      name: `hexgate_api_${member}_total`,
      help,
      labelNames: ['api'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [id, route] of figures().routes) this.inc({ api: id }, route[member as keyof typeof route])
      },
    })
  }
}

function addNode(registry: Registry, node: () => NodeFigures): void {
  const gauges: [name: string, help: string, read: (figures: NodeFigures) => number | null][] = [
    ['hexgate_config_revision', 'The revision that is served.', (now) => now.revision],
    ['hexgate_config_applied_timestamp_seconds', 'When it was applied.', (now) => now.appliedAtSeconds],
    ['hexgate_config_persisted', 'Whether a restart would find it.', (now) => Number(now.isPersisted)],
    ['hexgate_portal_connected', 'Whether the portal is connected.', (now) => Number(now.isPortalConnected)],
  ]
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read(node())
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }
}

function addDurations(registry: Registry, figures: () => Figures): void {
  const histogram = {
    name: durationName,
    get: async () => ({
      name: durationName,
      help: 'Time from the head of a request to the end of its answer.',
      type: 'histogram',
      values: histogramValues(figures().latency),
    }),
  }
  // The library's own histogram counts by itself; a registry asks no more of a metric than its name and `get`.
  registry.registerMetric(histogram as unknown as Metric)
}

function histogramValues({ boundsMs, counts, sumMs }: LatencyFigures) {
  const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = []
  let seen = 0
  for (const [index, count] of counts.entries()) {
    seen += count
    const bound = boundsMs[index]
    if (bound !== undefined && index % bucketStride === 0)
      values.push({ metricName: `${durationName}_bucket`, labels: { le: bound / 1_000 }, value: seen })
  }
  return [
    ...values,
    { metricName: `${durationName}_bucket`, labels: { le: '+Inf' }, value: seen },
    { metricName: `${durationName}_sum`, labels: {}, value: sumMs / 1_000 },
    { metricName: `${durationName}_count`, labels: {}, value: seen },
  ]
}
