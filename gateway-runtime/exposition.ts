import { type Metric, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { counterOf } from './counts.ts'
import type { PlaneFigures, ProcessFigures } from './data-plane.ts'
import { type Figures, type LatencyFigures, Metrics } from './serve/metrics.ts'

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

/** Writes the metrics of a node as Prometheus reads them. */
export type Exposition = (figures: PlaneFigures) => Promise<{ contentType: string; text: string }>

/** Makes it once; the figures are those of each scrape. */
export function createExposition(node: () => NodeFigures): Exposition {
  const registry = new Registry()
  let now: PlaneFigures = { traffic: new Metrics().figures(), policies: new Map(), workers: [] }
  const traffic = () => now.traffic
  collectDefaultMetrics({ register: registry, prefix: 'hexgate_' })
  addTraffic(registry, traffic)
  addRoutes(registry, traffic)
  addPolicies(registry, () => now.policies)
  addWorkers(registry, () => now.workers)
  addNode(registry, node)
  addDurations(registry, traffic)
  return async (figures) => {
    now = figures
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
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
  new Counter({
    name: 'hexgate_handshakes_total',
    help: 'TLS handshakes and PROXY headers by how they ended: ok, or why not.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset()
      for (const [result, count] of figures().handshakes) this.inc({ result }, count)
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
    dryRefused: 'Would have been refused by a policy in dry run, by API.',
  }
  for (const [member, help] of Object.entries(helps)) {
    new Counter({
      name: `hexgate_api_${member === 'dryRefused' ? 'dry_refused' : member}_total`,
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

function addPolicies(registry: Registry, policies: () => PlaneFigures['policies']): void {
  new Counter({
    name: 'hexgate_policy_events_total',
    help: 'What policies count, by the names that they give it.',
    labelNames: ['policy', 'event', 'labels'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, count] of policies()) {
        const { policy, name, labels } = counterOf(key)
        const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
        this.inc({ policy, event: name, labels: pairs.join(',') }, count)
      }
    },
  })
}

type WorkerMember = Exclude<keyof ProcessFigures, 'worker'>

function addWorkers(registry: Registry, workers: () => readonly ProcessFigures[]): void {
  const counters: [name: string, help: string, member: WorkerMember][] = [
    ['hexgate_worker_requests_total', 'Requests since the worker was started.', 'requests'],
    ['hexgate_worker_crashes_total', 'How often a worker ended and was started again.', 'crashes'],
    ['hexgate_worker_cpu_seconds_total', 'Processor time of the worker.', 'cpuSeconds'],
  ]
  const gauges: [name: string, help: string, member: WorkerMember][] = [
    ['hexgate_worker_up', 'Whether the worker serves.', 'isServing'],
    ['hexgate_worker_connections', 'Open connections of the worker.', 'connections'],
    ['hexgate_worker_resident_memory_bytes', 'Memory of the worker.', 'rssBytes'],
  ]
  const registers = [registry]
  for (const [name, help, member] of counters) {
    new Counter({
      name,
      help,
      labelNames: ['worker'],
      registers,
      collect() {
        this.reset()
        for (const one of workers()) this.inc({ worker: one.worker }, Number(one[member]))
      },
    })
  }
  for (const [name, help, member] of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['worker'],
      registers,
      collect() {
        this.reset()
        for (const one of workers()) this.set({ worker: one.worker }, Number(one[member]))
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
