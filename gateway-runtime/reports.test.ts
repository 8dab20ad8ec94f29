import { expect, it } from 'vitest'
import { report } from '#contract/events.ts'
import { nothingCounted, type PlaneFigures } from './data-plane.ts'
import type { UpstreamFigures } from './plan-figures.ts'
import { IntervalFigures } from './reports.ts'
import { Metrics } from './serve/metrics.ts'

const well: UpstreamFigures = {
  connections: 5,
  idle: 5,
  pending: 0,
  circuitsOpen: 0,
  unverified: 0,
  circuitRefusals: 0,
  retries: 3,
  retriesRefused: 0,
  healthChecks: new Map(),
  handshakes: new Map(),
  endpoints: new Map([['http://a', { pools: 2, connections: 5, unhealthy: 0, ejected: 0 }]]),
}

function figuresOf(metrics: Metrics, more: Partial<PlaneFigures> = {}): PlaneFigures {
  return { ...nothingCounted, traffic: metrics.figures(), sessions: [], workers: [], ...more }
}

it('says what happened since the last time, by API, code and handshake', () => {
  const metrics = new Metrics()
  const interval = new IntervalFigures()
  metrics.answered(metrics.countersOf('api:a'), 200, 3, false)
  metrics.handshake('ok')
  expect(interval.take(figuresOf(metrics))).toMatchObject({ requests: 1, handshakes: { ok: 1 }, codes: {} })
  metrics.answered(metrics.countersOf('api:a'), 504, 100, false, 'upstream_timeout')
  metrics.answered(metrics.countersOf('api:a'), 429, 3, true, 'rate-limiting.exceeded')
  metrics.dryRefused(metrics.countersOf('api:a'), 'cors.refused')
  expect(interval.take(figuresOf(metrics))).toMatchObject({
    requests: 2,
    errors: 1,
    refused: 1,
    handshakes: {},
    codes: { upstream_timeout: 1, 'rate-limiting.exceeded': 1 },
    apis: {
      a: { requests: 2, errors: 1, refused: 1, dryRefused: 1, latencyMs: { p50: 4, p95: 128, p99: 128 } },
    },
  })
  const idle = interval.take(figuresOf(metrics))
  expect(idle).toMatchObject({ requests: 0, latencyMs: null, apis: {}, codes: {} })
})

it('never counts backwards when a worker took its last moment with it, and begins anew with a route', () => {
  const interval = new IntervalFigures()
  const metrics = new Metrics()
  for (let i = 0; i < 5; i++) metrics.answered(metrics.countersOf('api:a'), 200, 3, false)
  interval.take(figuresOf(metrics))
  const later = new Metrics()
  later.answered(later.countersOf('api:a'), 200, 3, false)
  const taken = interval.take(figuresOf(later))
  expect(taken).toMatchObject({ requests: 0, apis: { a: { requests: 1 } } })
})

it('names upstreams in trouble first and certificates that expire first, in numbers that fit a message', () => {
  const endpoints = new Map([
    ['http://a', { pools: 2, connections: 0, unhealthy: 1, ejected: 0 }],
    ['http://b', { pools: 2, connections: 0, unhealthy: 0, ejected: 2 }],
  ])
  const many = Array.from({ length: 300 }, (_, i): [string, UpstreamFigures] => [`upstream:u${i}`, well])
  const upstreams = new Map([...many, ['upstream:bad', { ...well, circuitsOpen: 2, endpoints }] as const])
  const certificates = new Map(
    Array.from({ length: 300 }, (_, i) => {
      const certificate = { use: 'listener', api: `api:${i}`, subject: `CN=${i}`, notAfter: 2e9 - i } as const
      return [String(i), certificate]
    }),
  )
  const workers = [
    { worker: 1, isServing: true, crashes: 2, requests: 9, connections: 3, rssBytes: 4, cpuSeconds: 5 },
  ]
  const opened = { client: undefined, subject: 'anna', openedAtMs: 0 }
  const sessions = [
    { ...opened, route: 'api:a', expiresAtMs: 2e12 },
    { ...opened, route: undefined, expiresAtMs: 1e18 },
  ]
  const taken = new IntervalFigures().take(
    figuresOf(new Metrics(), { upstreams, certificates, sessions, workers }),
  )
  expect(Object.entries(taken.upstreams ?? {})[0]).toEqual([
    'bad',
    {
      connections: 5,
      pending: 0,
      circuitsOpen: 2,
      retries: 3,
      endpoints: 2,
      unhealthyEndpoints: 1,
      ejectedEndpoints: 1,
    },
  ])
  expect(Object.keys(taken.upstreams ?? {})).toHaveLength(200)
  expect(taken.certificates).toHaveLength(100)
  expect(taken.certificates?.[0]).toEqual({
    use: 'listener',
    apiId: '299',
    subject: 'CN=299',
    notAfter: '2033-05-18T03:28:21.000Z',
  })
  expect(taken.workers).toEqual([{ worker: 1, isServing: true, crashes: 2, connections: 3, rssBytes: 4 }])
  const openedAt = '1970-01-01T00:00:00.000Z'
  expect(taken.sessions).toEqual([
    { apiId: 'a', client: null, subject: 'anna', openedAt, expiresAt: '2033-05-18T03:33:20.000Z' },
    { apiId: '', client: null, subject: 'anna', openedAt, expiresAt: null },
  ])
  const node = { status: 'healthy', problems: [], uptimeSeconds: 1, rssBytes: 1 } as const
  expect(() => report.parse({ ...node, appliedRevision: null, appliedHash: null, ...taken })).not.toThrow()
})
