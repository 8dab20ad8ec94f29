import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { msOf, seconds } from '../seconds.ts'

const limit = (initial: number, title: string, description: string) =>
  z.int().min(1).max(1_000_000).default(initial).meta({ title, description })

const thresholds = z.strictObject({
  maxConnections: limit(
    1_024,
    'Connections',
    'To the upstream at once; the upstream may have a lower limit.',
  ),
  maxPendingRequests: limit(1_024, 'Waiting requests', 'For a connection.'),
  maxRequests: limit(1_024, 'Requests', 'At the upstream at once, those that wait among them.'),
  maxRetries: limit(3, 'Retries', 'At once, whatever the budget of the retry policy says.'),
  // Every upstream has one pool, which no number from 1 on forbids.
  maxConnectionPools: z.int().min(1).optional().meta({ title: 'Pools', hidden: true }),
})

const outlier = z.strictObject({
  consecutive5xxErrors: z
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .meta({ title: 'Failures in a row', description: '5xx answers and requests without any answer.' }),
  interval: seconds(0.001, 3_600, 10).meta({
    title: 'Forgiven after',
    description: 'Seconds in which an endpoint must stay well for each ejection to be forgotten.',
  }),
  baseEjectionTime: seconds(0.001, 3_600, 30).meta({
    title: 'Ejected for',
    description: 'In seconds; each ejection in a row is longer by as much, up to 5 minutes.',
  }),
  maxEjectionPercent: z.int().min(0).max(100).default(10).meta({
    title: 'Endpoints that may be out',
    description:
      'In percent; one always may. When more than half are out, all are used again, except with 100: then the circuit opens once all are out.',
  }),
})

const thresholdsDefault = {
  maxConnections: 1_024,
  maxPendingRequests: 1_024,
  maxRequests: 1_024,
  maxRetries: 3,
}
const outlierDefault = { consecutive5xxErrors: 5, interval: 10, baseEjectionTime: 30, maxEjectionPercent: 10 }

const config = z.strictObject({
  thresholds: thresholds.default(thresholdsDefault).meta({
    title: 'Limits',
    description: 'What goes beyond them is answered 503 at once.',
  }),
  outlier: outlier.default(outlierDefault).meta({
    title: 'Ejection',
    description: 'Endpoints that fail again and again are given time to recover.',
  }),
  halfOpenRequests: z.int().min(1).max(100).default(1).meta({
    title: 'Trial requests',
    description: 'How many at once may try an endpoint behind its ejection. One good answer brings it back.',
  }),
})
type Config = z.infer<typeof config>

/** Limits what an upstream is burdened with, and keeps away from endpoints that fail. */
export const circuitBreaker = definePolicy<Config>({
  kind: 'circuit-breaker',
  policyVersion: '1.0.0',
  title: 'Circuit breaker',
  summary: 'Stops asking an upstream that fails, and tries it again with a request at a time.',
  category: 'resilience',
  outbound: true,
  config,
  summarise: ({ outlier: { consecutive5xxErrors, baseEjectionTime }, thresholds: { maxRequests } }) =>
    `${consecutive5xxErrors} failures in a row eject an endpoint for ${baseEjectionTime} s; at most ${maxRequests} requests at once`,
  prepare: () => ({}),
  upstream: ({ thresholds: limits, outlier: ejection, halfOpenRequests }) => ({
    breaker: {
      maxConnections: limits.maxConnections,
      maxPendingRequests: limits.maxPendingRequests,
      maxRequests: limits.maxRequests,
      maxRetries: limits.maxRetries,
      halfOpenRequests,
    },
    outlier: {
      consecutive5xxErrors: ejection.consecutive5xxErrors,
      intervalMs: msOf(ejection.interval),
      baseEjectionMs: msOf(ejection.baseEjectionTime),
      maxEjectionPercent: ejection.maxEjectionPercent,
    },
  }),
})
