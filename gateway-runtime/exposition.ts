import { collectDefaultMetrics, Counter, Gauge, type Metric, Registry } from 'prom-client'
import { counterOf } from './counts.ts'
import { noFigures, type PlaneFigures, type ProcessFigures } from './data-plane.ts'
import { addHistogram, type Histogram } from './histogram.ts'
import type { UpstreamFigures } from './plan-figures.ts'
import {
  latencyBoundsMs,
  policyBoundsMs,
  routeBoundsMs,
  type RouteFigures,
  type TallyFigures,
  timedCalls,
} from './serve/metrics.ts'

/** What the exposition says beside the traffic. */
export interface NodeFigures {
  readonly revision: number | null
  readonly appliedAtSeconds: number | null
  readonly isPersisted: boolean
  readonly isPortalConnected: boolean
}

/** Writes the metrics of a node as Prometheus reads them. */
export type Exposition = (figures: PlaneFigures) => Promise<{ contentType: string; text: string }>

/** One series: its labels and its value; null where there is nothing to say. */
type Series = readonly [labels: Readonly<Record<string, string | number>>, value: number | null]
type Read = (now: PlaneFigures) => Iterable<Series>

/** Every fourth of the fine buckets: one to an octave is enough for a dashboard. */
const bucketStride = 4
/** The busiest APIs; a histogram of thousands is more than a scrape should carry. */
const histogramsMax = 500

/** Makes it once; the figures are those of each scrape. */
export function createExposition(node: () => NodeFigures): Exposition {
  const registry = new Registry()
  let now = noFigures
  collectDefaultMetrics({ register: registry, prefix: 'hexgate_' })
  const counter = (name: string, help: string, labelNames: string[], read: Read) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const [labels, value] of read(now)) this.inc(labels, value ?? 0)
      },
    })
  const gauge = (name: string, help: string, labelNames: string[], read: Read) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        if (labelNames.length === 0) this.remove()
        for (const [labels, value] of read(now)) if (value !== null) this.set(labels, value)
      },
    })
  addTraffic(counter, gauge)
  addApis(counter, gauge)
  addUpstreams(counter, gauge)
  addWorkers(counter, gauge)
  addNode(gauge, node)
  addHistograms(registry, () => now)
  return async (figures) => {
    now = figures
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
}

type Add = (name: string, help: string, labelNames: string[], read: Read) => Metric

function one(value: number | null): Series[] {
  return [[{}, value]]
}

function addTraffic(counter: Add, gauge: Add): void {
  counter('hexgate_responses_total', 'Answers by status.', ['status'], ({ traffic }) =>
    [...traffic.statuses].map(([status, count]) => [{ status }, count]),
  )
  counter('hexgate_refusals_total', 'Requests that a policy refused.', [], ({ traffic }) =>
    one(traffic.refused),
  )
  counter(
    'hexgate_own_answers_total',
    "Answers of the gateway's own by their codes: of a policy, or why the upstream's did not come.",
    ['code'],
    ({ traffic }) => [...traffic.codes].map(([code, count]) => [{ code }, count]),
  )
  counter(
    'hexgate_dry_run_refusals_total',
    'What policies in dry run would have answered, by their codes.',
    ['code'],
    ({ traffic }) => [...traffic.dryCodes].map(([code, count]) => [{ code }, count]),
  )
  gauge('hexgate_connections', 'Open connections from clients, WebSockets among them.', [], ({ traffic }) =>
    one(traffic.connections),
  )
  gauge('hexgate_websockets', 'Open WebSockets.', [], ({ traffic }) => one(traffic.webSockets))
  counter(
    'hexgate_refused_connections_total',
    'Connections that were refused before anything of them was read.',
    [],
    ({ traffic }) => one(traffic.connectionsRefused),
  )
  counter(
    'hexgate_access_log_dropped_lines_total',
    'Lines of the access log that were lost because it was not taken.',
    [],
    ({ traffic }) => one(traffic.logLinesDropped),
  )
  counter(
    'hexgate_handshakes_total',
    'TLS handshakes and PROXY headers of clients by how they ended: ok, or why not.',
    ['listener', 'result'],
    ({ traffic }) =>
      [...traffic.handshakes].flatMap(([listener, counts]) =>
        [...counts].map(([result, count]): Series => [{ listener, result }, count]),
      ),
  )
  counter(
    'hexgate_policy_events_total',
    'What policies count, by the names that they give it.',
    ['policy', 'event', 'labels'],
    ({ policies }) => [...policies].map(([key, count]) => [labelsOf(key), count]),
  )
  gauge(
    'hexgate_certificate_not_after_timestamp_seconds',
    'When a certificate that the node shows or goes by expires.',
    ['use', 'api', 'subject'],
    ({ certificates }) =>
      [...certificates.values()].map(({ use, api, subject, notAfter }) => [{ use, api, subject }, notAfter]),
  )
}

function labelsOf(key: string): Record<string, string> {
  const { policy, name, labels } = counterOf(key)
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
  return { policy, event: name, labels: pairs.join(',') }
}

function addApis(counter: Add, gauge: Add): void {
  const counters: [name: string, help: string, read: (route: RouteFigures) => number][] = [
    ['requests', 'Requests by API.', (route) => route.requests],
    ['errors', 'Answers 5xx by API.', (route) => route.errors],
    ['refused', 'Refused by policies, by API.', (route) => route.refused],
    [
      'dry_refused',
      'Would have been refused by a policy that is in dry run, by API.',
      (route) => route.dryRefused,
    ],
  ]
  for (const [name, help, read] of counters)
    counter(`hexgate_api_${name}_total`, help, ['api'], ({ traffic }) =>
      [...traffic.routes].map(([api, route]) => [{ api }, read(route)]),
    )
  addParts(counter)
  gauge('hexgate_api_websockets', 'Open WebSockets by API.', ['api'], ({ traffic }) =>
    [...traffic.routes].map(([api, route]) => [{ api }, route.webSockets]),
  )
}

function addParts(counter: Add): void {
  for (const [part, label] of [
    ['operation', 'operation'],
    ['upstream', 'upstream'],
  ] as const)
    for (const [member, help] of [
      ['requests', `Requests by API and ${part}.`],
      ['errors', `Answers 5xx by API and ${part}.`],
    ] as const)
      counter(`hexgate_api_${part}_${member}_total`, help, ['api', label], ({ traffic }) =>
        [...traffic.routes].flatMap(([api, route]) =>
          [...route[`${part}s`]].map(([name, now]): Series => [{ api, [label]: name }, now[member]]),
        ),
      )
  for (const [name, help, member] of [
    ['answers', 'Answers of an attached policy, refusals among them.', 'answered'],
    ['dry_run_refusals', 'What an attached policy in dry run would have answered.', 'dryRefused'],
    ['failures', 'How often an attached policy has thrown.', 'failed'],
  ] as const)
    counter(`hexgate_policy_${name}_total`, help, ['api', 'policy', 'id'], ({ traffic }) =>
      [...traffic.routes].flatMap(([api, route]) =>
        [...route.policies].map(([key, now]): Series => [policyLabels(api, key), now[member]]),
      ),
    )
}

function policyLabels(api: string, key: string): { api: string; policy: string; id: string } {
  const [policy = '', id = ''] = key.split(' ')
  return { api, policy, id }
}

function addUpstreams(counter: Add, gauge: Add): void {
  type Plain = [name: string, help: string, read: (upstream: UpstreamFigures) => number]
  const counters: Plain[] = [
    ['retries_total', 'Requests that were sent again.', (now) => now.retries],
    ['retries_refused_total', 'Retries that the budget did not allow.', (now) => now.retriesRefused],
    ['circuit_refusals_total', 'Requests that the circuit breaker refused.', (now) => now.circuitRefusals],
  ]
  const gauges: Plain[] = [
    ['connections', 'Open connections.', (now) => now.connections],
    ['idle_connections', 'Open connections without work.', (now) => now.idle],
    ['pending_requests', 'Requests that wait for a connection.', (now) => now.pending],
    ['circuits_open', 'Workers in which the circuit is open.', (now) => now.circuitsOpen],
    ['unverified', 'Workers that take any certificate of it.', (now) => now.unverified],
  ]
  const byUpstream =
    (read: Plain[2]): Read =>
    ({ upstreams }) =>
      [...upstreams].map(([upstream, now]) => [{ upstream }, read(now)])
  for (const [name, help, read] of counters)
    counter(`hexgate_upstream_${name}`, help, ['upstream'], byUpstream(read))
  for (const [name, help, read] of gauges)
    gauge(`hexgate_upstream_${name}`, help, ['upstream'], byUpstream(read))
  addUpstreamResults(counter)
  addEndpoints(gauge)
}

function addUpstreamResults(counter: Add): void {
  const byResult =
    (member: 'healthChecks' | 'handshakes'): Read =>
    ({ upstreams }) =>
      [...upstreams].flatMap(([upstream, now]) =>
        [...now[member]].map(([result, count]): Series => [{ upstream, result }, count]),
      )
  const labelNames = ['upstream', 'result']
  counter(
    'hexgate_upstream_health_checks_total',
    'Health checks by how they ended.',
    labelNames,
    byResult('healthChecks'),
  )
  counter(
    'hexgate_upstream_handshakes_total',
    'TLS handshakes with upstreams by how they ended: ok, or why not.',
    labelNames,
    byResult('handshakes'),
  )
}

function addEndpoints(gauge: Add): void {
  const gauges = [
    ['connections', 'Open connections to an endpoint.', 'connections'],
    ['unhealthy', 'Workers that find an endpoint unwell.', 'unhealthy'],
    ['ejected', 'Workers that have ejected an endpoint for its failures.', 'ejected'],
  ] as const
  for (const [name, help, member] of gauges)
    gauge(`hexgate_endpoint_${name}`, help, ['upstream', 'endpoint'], ({ upstreams }) =>
      [...upstreams].flatMap(([upstream, { endpoints }]) =>
        [...endpoints].map(([endpoint, now]): Series => [{ upstream, endpoint }, now[member]]),
      ),
    )
}

function addWorkers(counter: Add, gauge: Add): void {
  const byWorker =
    (member: Exclude<keyof ProcessFigures, 'worker'>): Read =>
    ({ workers }) =>
      workers.map((worker) => [{ worker: worker.worker }, Number(worker[member])])
  const names = ['worker']
  counter(
    'hexgate_worker_requests_total',
    'Requests since the worker was started.',
    names,
    byWorker('requests'),
  )
  counter(
    'hexgate_worker_crashes_total',
    'How often a worker ended and was started again.',
    names,
    byWorker('crashes'),
  )
  counter('hexgate_worker_cpu_seconds_total', 'Processor time of the worker.', names, byWorker('cpuSeconds'))
  gauge('hexgate_worker_up', 'Whether the worker serves.', names, byWorker('isServing'))
  gauge(
    'hexgate_worker_refused_share',
    'The share of new requests that the worker refuses for being overloaded.',
    names,
    byWorker('refusedShare'),
  )
  gauge('hexgate_worker_late_seconds', 'How late the worker is with all its work.', names, ({ workers }) =>
    workers.map(({ worker, lateMs }) => [{ worker }, lateMs / 1_000]),
  )
  gauge('hexgate_worker_connections', 'Open connections of the worker.', names, byWorker('connections'))
  gauge('hexgate_worker_resident_memory_bytes', 'Memory of the worker.', names, byWorker('rssBytes'))
  gauge(
    'hexgate_spare_worker_resident_memory_bytes',
    'Memory of the worker that waits to take the place of one that ends; 0 while none is ready.',
    [],
    ({ spareBytes }) => one(spareBytes),
  )
}

function addNode(gauge: Add, node: () => NodeFigures): void {
  const gauges: [name: string, help: string, read: (figures: NodeFigures) => number | null][] = [
    ['hexgate_config_revision', 'The revision that is served.', (now) => now.revision],
    ['hexgate_config_applied_timestamp_seconds', 'When it was applied.', (now) => now.appliedAtSeconds],
    ['hexgate_config_persisted', 'Whether a restart would find it.', (now) => Number(now.isPersisted)],
    ['hexgate_portal_connected', 'Whether the portal is connected.', (now) => Number(now.isPortalConnected)],
  ]
  for (const [name, help, read] of gauges) gauge(name, help, [], () => one(read(node())))
}

function addHistograms(registry: Registry, now: () => PlaneFigures): void {
  addHistogram(
    registry,
    'hexgate_request_duration_seconds',
    'Time from the head of a request to the end of its answer.',
    () => {
      const { counts, sumMs } = now().traffic.latency
      return [{ labels: {}, boundsMs: latencyBoundsMs, counts, sumMs, stride: bucketStride }]
    },
  )
  const busiest = () => {
    const busy = [...now().traffic.routes].filter(([, route]) => route.requests > 0)
    return busy.toSorted(([, a], [, b]) => b.requests - a.requests).slice(0, histogramsMax)
  }
  addHistogram(
    registry,
    'hexgate_api_request_duration_seconds',
    'The same by API, for the busiest of them.',
    () => busiest().map(([api, route]) => histogramOf({ api }, route, routeBoundsMs)),
  )
  for (const part of ['operation', 'upstream'] as const)
    addHistogram(
      registry,
      `hexgate_api_${part}_request_duration_seconds`,
      `The same by API and ${part}, for the busiest APIs.`,
      () =>
        busiest()
          .flatMap(([api, route]) =>
            [...route[`${part}s`]].map(([name, tally]) =>
              histogramOf({ api, [part]: name }, tally, routeBoundsMs),
            ),
          )
          .slice(0, histogramsMax),
    )
  addHistogram(
    registry,
    'hexgate_policy_duration_seconds',
    `Time in an attached policy until it has decided, waiting included; of one call in ${timedCalls}.`,
    () =>
      busiest()
        .flatMap(([api, route]) =>
          [...route.policies].map(([key, now]) => histogramOf(policyLabels(api, key), now, policyBoundsMs)),
        )
        .slice(0, histogramsMax),
  )
}

function histogramOf(
  labels: Histogram['labels'],
  { latency, latencySumMs }: Pick<TallyFigures, 'latency' | 'latencySumMs'>,
  boundsMs: readonly number[],
): Histogram {
  return { labels, boundsMs, counts: latency, sumMs: latencySumMs, stride: 1 }
}
