import { expect, it } from 'vitest'
import { report } from '#contract/events.ts'
import { noFigures, type PlaneFigures } from './data-plane.ts'
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
  peers: new Map(),
  agreed: new Map(),
  endpoints: new Map([['http://a', { pools: 2, connections: 5, unhealthy: 0, ejected: 0 }]]),
}

function figuresOf(metrics: Metrics, more: Partial<PlaneFigures> = {}): PlaneFigures {
  return { ...noFigures, traffic: metrics.figures(), ...more }
}

it('says what happened since the last time, by API, code and handshake', () => {
  const metrics = new Metrics()
  const interval = new IntervalFigures()
  metrics.answered(metrics.countersOf('api:a'), 200, 3, false)
  metrics.handshake('listener:web', 'ok')
  const listeners = [{ id: 'listener:web', protocol: 'https', address: '::', port: 443 } as const]
  const take = () => interval.take(figuresOf(metrics, { listeners }))
  expect(take()).toMatchObject({ requests: 1, handshakes: { ok: 1 }, codes: {} })
  metrics.handshake('listener:web', 'client_cert_missing')
  metrics.answered(metrics.countersOf('api:a'), 504, 100, false, 'upstream_timeout')
  metrics.answered(metrics.countersOf('api:a'), 429, 3, true, 'rate-limiting.exceeded')
  metrics.dryRefused(metrics.countersOf('api:a'), 'cors.refused')
  expect(take()).toMatchObject({
    requests: 2,
    errors: 1,
    refused: 1,
    handshakes: { client_cert_missing: 1 },
    listeners: [
      {
        id: 'web',
        protocol: 'https',
        address: '::',
        port: 443,
        handshakes: { ok: { recent: 0, total: 1 }, client_cert_missing: { recent: 1, total: 1 } },
      },
    ],
    codes: { upstream_timeout: 1, 'rate-limiting.exceeded': 1 },
    apis: {
      a: {
        requests: 2,
        errors: 1,
        refused: 1,
        dryRefused: 1,
        latencyMs: { p50: 4, p95: 128, p99: 128 },
        total: { requests: 3, errors: 1, refused: 1, codes: { upstream_timeout: 1 } },
      },
    },
  })
  const idle = take()
  expect(idle).toMatchObject({ requests: 0, latencyMs: null, codes: {} })
  expect(idle.apis['a']).toMatchObject({ requests: 0, total: { requests: 3, latencyMs: { p50: 4 } } })
  expect(idle.apis['a']).not.toHaveProperty('latencyMs')
})

it('says of an API what its operations, upstreams and policies did in the interval', () => {
  const metrics = new Metrics()
  const interval = new IntervalFigures()
  const route = metrics.countersOf('api:a')
  const answer = (operation: string, status: number) => {
    const octave = metrics.answered(route, status, 3, false)
    route.operations.of(operation).add(status >= 500, octave, 3)
    route.upstreams.of('upstream:a').add(status >= 500, octave, 3)
  }
  answer('GET /orders', 200)
  answer('GET /orders', 200)
  interval.take(figuresOf(metrics))
  answer('GET /orders', 200)
  answer('POST /orders', 502)
  answer('POST /orders', 200)
  route.policy({ kind: 'rate-limiting', id: 'p1' }).answered++
  route.policy({ kind: 'rate-limiting', id: 'p1' }).took(0.003)
  const traffic = interval.take(figuresOf(metrics))
  expect(traffic.apis['a']).toMatchObject({
    operations: { 'POST /orders': { requests: 2, errors: 1 }, 'GET /orders': { requests: 1, errors: 0 } },
    upstreams: { 'upstream:a': { requests: 3, errors: 1, latencyMs: { p50: 4 } } },
    policies: { p1: { kind: 'rate-limiting', answered: 1, failed: 0, latencyMs: { p50: 2 ** -8 } } },
  })
  expect(Object.keys(traffic.apis['a']?.operations ?? {})[0]).toBe('POST /orders')
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
    ['http://of-a-worker-that-ended', { pools: 0, connections: 0, unhealthy: 0, ejected: 0 }],
  ])
  const many = Array.from({ length: 300 }, (_, i): [string, UpstreamFigures] => [`upstream:u${i}`, well])
  const bad = {
    ...well,
    circuitsOpen: 2,
    healthChecks: new Map([['failed', 7]]),
    handshakes: new Map([
      ['ok', 9],
      ['upstream_tls_cert_expired', 4],
    ]),
    endpoints,
  }
  const upstreams = new Map([...many, ['upstream:bad', bad] as const])
  const certificates = new Map(
    Array.from({ length: 300 }, (_, i) => {
      const names = { api: `api:${i}`, subject: `CN=${i}`, sha256: `${i}` }
      return [String(i), { use: 'listener' as const, ...names, notBefore: 0, notAfter: 2e9 - i }]
    }),
  )
  const worker = { worker: 1, isServing: true, crashes: 2, isCrashLooping: false }
  const workers = [
    { ...worker, requests: 9, connections: 3, refusedShare: 0, lateMs: 0, rssBytes: 4, cpuSeconds: 5 },
  ]
  const id = '0190a1b2-0000-7000-8000-000000000001'
  const opened = { id, client: undefined, agency: 'fire', renewals: 2, openedAtMs: 0 }
  const sessions = [
    { ...opened, subject: 'anna', route: 'api:a', expiresAtMs: 2e12 },
    { ...opened, subject: 'x'.repeat(9_000), route: undefined, expiresAtMs: 1e18 },
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
      idle: 5,
      unverified: 0,
      circuitRefusals: 0,
      healthChecks: { succeeded: 0, failed: 7 },
      failedHandshakes: { upstream_tls_cert_expired: 4 },
      recentFailedHandshakes: { upstream_tls_cert_expired: 4 },
      endpointList: [
        { url: 'http://b', pools: 2, connections: 0, unhealthyIn: 0, ejectedIn: 2 },
        { url: 'http://a', pools: 2, connections: 0, unhealthyIn: 1, ejectedIn: 0 },
      ],
    },
  ])
  expect(Object.keys(taken.upstreams ?? {})).toHaveLength(200)
  expect(taken.certificates).toHaveLength(100)
  expect(taken.certificates?.[0]).toEqual({
    use: 'listener',
    apiId: '299',
    subject: 'CN=299',
    sha256: '299',
    notBefore: '1970-01-01T00:00:00.000Z',
    notAfter: '2033-05-18T03:28:21.000Z',
  })
  expect(taken.workers).toEqual([{ ...worker, requests: 9, connections: 3, rssBytes: 4 }])
  const openedAt = '1970-01-01T00:00:00.000Z'
  const shown = { id, client: null, agency: 'fire', renewals: 2, openedAt }
  expect(taken.sessions).toEqual([
    { ...shown, apiId: 'a', subject: 'anna', expiresAt: '2033-05-18T03:33:20.000Z' },
    { ...shown, apiId: '', subject: 'x'.repeat(200), expiresAt: null },
  ])
  const node = { status: 'healthy', problems: [], uptimeSeconds: 1, rssBytes: 1 } as const
  expect(() => report.parse({ ...node, appliedRevision: null, appliedHash: null, ...taken })).not.toThrow()
})

it('counts the requests of a worker in the interval, also when it was started again meanwhile', () => {
  const interval = new IntervalFigures()
  const worker = { worker: 1, isServing: true, crashes: 0, isCrashLooping: false, connections: 0 }
  const taken = [9, 12, 4].map((requests) => {
    const workers = [{ ...worker, requests, refusedShare: 0, lateMs: 0, rssBytes: 0, cpuSeconds: 0 }]
    return interval.take(figuresOf(new Metrics(), { workers })).workers?.[0]?.requests
  })
  expect(taken).toEqual([9, 3, 4])
})

it('is cut where a node of another version sends more than fits', () => {
  const node = { status: 'healthy', problems: Array(80).fill('x'), uptimeSeconds: 1, rssBytes: 1 } as const
  const taken = new IntervalFigures().take(figuresOf(new Metrics()))
  const codes = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`${i}`.padStart(900, 'c'), i]))
  const kept = report.parse({ ...node, appliedRevision: null, appliedHash: null, ...taken, codes })
  expect(kept.problems).toHaveLength(50)
  expect(Object.keys(kept.codes ?? {}).every((code) => code.length <= 300)).toBe(true)
  expect(Object.keys(kept.codes ?? {}).length).toBeLessThanOrEqual(200)
})
