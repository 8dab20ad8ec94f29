import type { Metric, Registry } from 'prom-client'

/** Counts by buckets: `counts[i]` lie within `boundsMs[i]` and above the bound before, the last has no bound. */
export interface Histogram {
  readonly labels: Readonly<Record<string, string>>
  readonly boundsMs: readonly number[]
  readonly counts: readonly number[]
  readonly sumMs: number
  /** Only each n-th bound is shown. */
  readonly stride: number
}

interface Value {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Adds histograms that were counted elsewhere, in seconds; they are read at each scrape. */
export function addHistogram(
  registry: Registry,
  name: string,
  help: string,
  read: () => readonly Histogram[],
): void {
  const histogram = {
    name,
    get: async () => ({
      name,
      help,
      type: 'histogram',
      values: read().flatMap((one) => valuesOf(name, one)),
    }),
  }
  // The library's own histogram counts by itself; a registry asks no more of a metric than its name and `get`.
  registry.registerMetric(histogram as unknown as Metric)
}

function valuesOf(name: string, { labels, boundsMs, counts, sumMs, stride }: Histogram): Value[] {
  const values: Value[] = []
  let seen = 0
  for (const [index, count] of counts.entries()) {
    seen += count
    const bound = boundsMs[index]
    if (bound !== undefined && index % stride === 0)
      values.push({ metricName: `${name}_bucket`, labels: { le: bound / 1_000, ...labels }, value: seen })
  }
  return [
    ...values,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: seen },
    { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
    { metricName: `${name}_count`, labels, value: seen },
  ]
}
