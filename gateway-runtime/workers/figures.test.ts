import { describe, expect, it } from 'vitest'
import { type Counted, nothingCounted } from '../data-plane.ts'
import type { UpstreamFigures } from '../plan-figures.ts'
import { Metrics } from '../serve/metrics.ts'
import { onlyServed, read, remaining, summed, Told, type Written } from './figures.ts'

const upstream: UpstreamFigures = {
  connections: 2,
  idle: 1,
  pending: 0,
  circuitsOpen: 1,
  unverified: 0,
  circuitRefusals: 3,
  retries: 4,
  retriesRefused: 5,
  healthChecks: new Map([['succeeded', 6]]),
  handshakes: new Map(),
  peers: new Map(),
  agreed: new Map(),
  endpoints: new Map([['http://a', { pools: 1, connections: 2, unhealthy: 1, ejected: 0 }]]),
}

function countedBy(metrics: Metrics, told?: Told): Counted {
  return {
    traffic: metrics.figures(told?.isNews()),
    policies: new Map([['["cors","seen",[]]', 7]]),
    upstreams: new Map([['upstream:a', upstream]]),
    certificates: new Map([
      [
        'listener aa',
        {
          use: 'listener',
          api: 'api:a',
          subject: 'CN=a',
          notBefore: 0,
          notAfter: 1_800_000_000,
          sha256: 'aa',
        },
      ],
    ]),
  }
}

function someTraffic(): Metrics {
  const metrics = new Metrics()
  metrics.connections = 3
  metrics.countersOf('api:a').webSockets = 1
  metrics.answered(metrics.countersOf('api:a'), 200, 5, false)
  metrics.answered(metrics.countersOf('api:b'), 429, 1, true, 'rate-limiting.exceeded')
  metrics.handshake('listener:a', 'ok')
  return metrics
}

/** Over the channel and back, which is JSON. */
function sent(written: Written): Written {
  return JSON.parse(JSON.stringify(written)) as Written
}

describe('figures of several processes', () => {
  it('arrive as they were sent', () => {
    const counted = countedBy(someTraffic())
    expect(read(sent(new Told().news(counted)))).toEqual(counted)
  })

  it('leave out routes and upstreams without news, which stay as they were', async () => {
    const metrics = someTraffic()
    const told = new Told()
    const news = async () => {
      const counted = countedBy(metrics, told)
      return told.news({ ...counted, upstreams: await told.upstreamNews(counted.upstreams) })
    }
    const first = read(sent(await news()))
    metrics.answered(metrics.countersOf('api:b'), 200, 1, false)
    const written = await news()
    expect(JSON.stringify(written)).not.toContain('["api:a"')
    expect(JSON.stringify(written)).not.toContain('upstream:a')
    expect(read(sent(written), first)).toEqual(countedBy(metrics))
  })

  it('are summed, in all and for each route, upstream, code and bucket; what is the same everywhere stays', () => {
    const one = countedBy(someTraffic())
    const { traffic, policies, upstreams, certificates } = summed(summed(nothingCounted, one), one)
    expect(traffic).toMatchObject({ requests: 4, refused: 2, connections: 6 })
    expect(traffic.latency.boundsMs).toEqual(one.traffic.latency.boundsMs)
    expect(traffic.latency.counts).toEqual(one.traffic.latency.counts.map((count) => 2 * count))
    expect(traffic.routes.get('api:a')).toMatchObject({ requests: 2, webSockets: 2, latencySumMs: 10 })
    expect(traffic.codes.get('rate-limiting.exceeded')).toBe(2)
    expect(traffic.handshakes.get('listener:a')?.get('ok')).toBe(2)
    expect(traffic.statuses.get(429)).toBe(2)
    expect([...policies.values()]).toEqual([14])
    expect(upstreams.get('upstream:a')).toMatchObject({ connections: 4, circuitsOpen: 2, retries: 8 })
    expect(upstreams.get('upstream:a')?.endpoints.get('http://a')?.unhealthy).toBe(2)
    expect(certificates).toEqual(one.certificates)
  })

  it('keep of a process that ended what rises only', () => {
    const { traffic, upstreams } = remaining(countedBy(someTraffic()))
    expect(traffic).toMatchObject({ requests: 2, connections: 0 })
    expect(traffic.routes.get('api:a')).toMatchObject({ requests: 1, webSockets: 0 })
    expect(upstreams.get('upstream:a')).toMatchObject({ connections: 0, circuitsOpen: 0, retries: 4 })
  })

  it('forget what is served no more', () => {
    const { traffic, upstreams } = onlyServed(countedBy(someTraffic()), (id) => id === 'api:b')
    expect([...traffic.routes.keys()]).toEqual(['api:b'])
    expect(upstreams.size).toBe(0)
    expect(traffic.requests).toBe(2)
  })

  it('tell of routes that nobody has asked yet a few at a time, and of each that was asked at once', () => {
    const metrics = new Metrics()
    const told = new Told()
    for (let index = 0; index < 600; index++) metrics.countersOf(`api:${index}`)
    metrics.answered(metrics.countersOf('api:599'), 200, 1, false)
    const readings = [1, 2, 3, 4].map(() => {
      const counted = countedBy(metrics, told)
      told.news(counted)
      return counted.traffic.routes
    })
    expect(readings.map(({ size }) => size)).toEqual([251, 250, 99, 0])
    expect(readings[0]?.has('api:599')).toBe(true)
  })

  it('tell again of a route that went and came back', () => {
    const metrics = someTraffic()
    const told = new Told()
    told.news(countedBy(metrics, told))
    expect(told.isNews()('api:a', metrics.countersOf('api:a'))).toBe(false)
    told.keepOnly((id) => id === 'api:b')
    expect(told.isNews()('api:a', metrics.countersOf('api:a'))).toBe(true)
  })
})
