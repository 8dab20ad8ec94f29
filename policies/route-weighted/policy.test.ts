import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { routeWeighted } from './policy.ts'

const to = (name: string, weight: number, destinationPath?: string) => ({
  weight,
  destinationRef: { name },
  ...(destinationPath === undefined ? {} : { destinationPath }),
})
const canary = [to('stable', 80), to('canary', 20)]

function prepared(config: unknown) {
  const ports = portsInMemory({}, { destinations: ['stable', 'canary', 'old'] })
  return routeWeighted.prepare(routeWeighted.config.parse(config), ports)
}

/** How many of 10,000 requests went where. */
function spread(
  config: unknown,
  exchangeOf: (n: number) => ExchangeInMemory = () => new ExchangeInMemory({}),
) {
  const policy = prepared(config)
  const counts = new Map<string, number>()
  for (let n = 0; n < 10_000; n++) {
    const exchange = exchangeOf(n)
    void policy.onRequest?.(exchange)
    const name = exchange.destination?.name ?? ''
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

describe('route-weighted', () => {
  it('sends 20 % of 10,000 requests to the canary, to within 1 % and all along', () => {
    const share = (spread({ routes: canary }).get('canary') ?? 0) / 10_000
    expect(Math.abs(share - 0.2)).toBeLessThan(0.002)
  })

  it.each(['header', 'claim'] as const)('by a %s keeps the shares and each caller in place', (by) => {
    const exchangeOf = (n: number) =>
      by === 'header'
        ? new ExchangeInMemory({ headers: { 'x-user': `user-${n}` } })
        : new ExchangeInMemory({ claims: { 'x-user': `user-${n}` } })
    const sticky = { by, name: by === 'header' ? 'X-User' : 'x-user' }
    const share = (spread({ routes: canary, sticky }, exchangeOf).get('canary') ?? 0) / 10_000
    expect(Math.abs(share - 0.2)).toBeLessThan(0.01)
    const policy = prepared({ routes: canary, sticky })
    const places = Array.from({ length: 20 }, () => {
      const exchange = exchangeOf(7)
      void policy.onRequest?.(exchange)
      return exchange.destination?.name
    })
    expect(new Set(places).size).toBe(1)
  })

  it('by a cookie tells a new caller where it was sent, and sends it there again', () => {
    const policy = prepared({ routes: canary, sticky: { by: 'cookie', name: 'place' } })
    const first = new ExchangeInMemory({})
    void policy.onRequest?.(first)
    policy.onResponse?.(first)
    const [cookie = ''] = first.responseHeaderValues('set-cookie')
    expect(cookie).toMatch(/^place=(?:stable|canary); Path=\/; HttpOnly; SameSite=Lax$/)
    for (const name of ['stable', 'canary', 'stable', 'canary']) {
      const next = new ExchangeInMemory({ headers: { cookie: `a=b; place=${name}` } })
      void policy.onRequest?.(next)
      policy.onResponse?.(next)
      expect(next.destination?.name).toBe(name)
      expect(next.responseHeaderValues('set-cookie')).toEqual([])
    }
  })

  it('chooses anew for a cookie that names no destination with a weight', () => {
    const policy = prepared({
      routes: [to('stable', 1), to('old', 0)],
      sticky: { by: 'cookie', name: 'place' },
    })
    for (const value of ['old', 'elsewhere', '%']) {
      const exchange = new ExchangeInMemory({ headers: { cookie: `place=${value}` } })
      void policy.onRequest?.(exchange)
      expect(exchange.destination?.name).toBe('stable')
    }
  })

  it('puts the path of the destination in front', () => {
    const exchange = new ExchangeInMemory({ resourcePath: '/7' })
    void prepared({ routes: [to('stable', 1, '/v2')] }).onRequest?.(exchange)
    expect(exchange.destinationPath).toBe('/v2/7')
  })

  it('refuses weights that are negative or nothing in sum, and destinations that are not there', () => {
    const fits = (routes: unknown) => routeWeighted.config.safeParse({ routes }).success
    expect(fits([to('stable', 0), to('canary', 0)])).toBe(false)
    expect(fits([to('stable', 1), to('canary', -1)])).toBe(false)
    expect(fits(canary)).toBe(true)
    expect(() => prepared({ routes: [to('nowhere', 1)] })).toThrow('no destination nowhere')
    expect(() => prepared({})).toThrow('must name a destination')
  })
})
