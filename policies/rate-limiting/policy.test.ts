import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { Buckets } from './buckets.ts'
import { rateLimiting } from './policy.ts'
import { Windows } from './windows.ts'

function limits(...pairs: [number, number][]) {
  return pairs.map(([maximumRequests, timePeriodInMilliseconds]) => ({
    maximumRequests,
    timePeriodInMilliseconds,
  }))
}

function prepared(config: Record<string, unknown>, ports = portsInMemory()) {
  return rateLimiting.prepare(rateLimiting.config.parse(config), ports)
}

function from(remoteAddress: string) {
  return new ExchangeInMemory({ remoteAddress })
}

describe('rate-limiting', () => {
  it('allows exactly the burst, refuses the next with 429 and a retry-after that is then right', () => {
    const ports = portsInMemory()
    const policy = prepared({ rateLimits: limits([7, 10_000]) }, ports)
    const answers = Array.from({ length: 8 }, () => policy.onRequest?.(from('192.0.2.1')))
    expect(answers.slice(0, 7)).toEqual(Array(7).fill(undefined))
    expect(answers[7]).toMatchObject({
      status: 429,
      code: 'rate-limiting.exceeded',
      headers: { 'retry-after': '2' },
    })
    ports.clock.ms = 1_000
    expect(policy.onRequest?.(from('192.0.2.1'))).toMatchObject({ status: 429 })
    ports.clock.ms = 2_000
    expect(policy.onRequest?.(from('192.0.2.1'))).toBeUndefined()
  })

  it.each([
    [1, 1_000],
    [3, 1_000],
    [7, 1_000],
    [49, 333],
    [997, 60_000],
  ])('never loses the last of %i requests to fractions, late on the clock too', (maximum, period) => {
    const ports = portsInMemory()
    ports.clock.ms = 3e9 + 0.37
    const policy = prepared({ rateLimits: limits([maximum, period]) }, ports)
    for (let i = 0; i < maximum; i++) expect(policy.onRequest?.(from('192.0.2.1'))).toBeUndefined()
    expect(policy.onRequest?.(from('192.0.2.1'))).toMatchObject({ status: 429 })
  })

  it('keeps the average at the limit over a long time', () => {
    const ports = portsInMemory()
    const policy = prepared({ rateLimits: limits([10, 1_000]) }, ports)
    let allowed = 0
    for (ports.clock.ms = 0; ports.clock.ms < 100_000; ports.clock.ms += 7)
      if (policy.onRequest?.(from('192.0.2.1')) === undefined) allowed++
    expect(allowed).toBeGreaterThanOrEqual(1_000)
    expect(allowed).toBeLessThanOrEqual(1_010)
  })

  it('asks every limit, and a refusal by one costs nothing in the others', () => {
    const ports = portsInMemory()
    const policy = prepared({ rateLimits: limits([2, 1_000], [3, 60_000]) }, ports)
    for (let i = 0; i < 2; i++) expect(policy.onRequest?.(from('192.0.2.1'))).toBeUndefined()
    for (let i = 0; i < 5; i++) expect(policy.onRequest?.(from('192.0.2.1'))).toMatchObject({ status: 429 })
    ports.clock.ms = 1_000
    expect(policy.onRequest?.(from('192.0.2.1'))).toBeUndefined()
    expect(policy.onRequest?.(from('192.0.2.1'))).toMatchObject({ headers: { 'retry-after': '19' } })
  })

  it('counts callers apart by the selector, and those without the value together', () => {
    const policy = prepared({
      rateLimits: limits([1, 1_000]),
      keySelector: "#[attributes.headers['X-Tenant']]",
    })
    const of = (headers: Record<string, string>) => policy.onRequest?.(new ExchangeInMemory({ headers }))
    expect(of({ 'x-tenant': 'a' })).toBeUndefined()
    expect(of({ 'x-tenant': 'b' })).toBeUndefined()
    expect(of({ 'x-tenant': 'a' })).toMatchObject({ status: 429 })
    expect(of({})).toBeUndefined()
    expect(of({})).toMatchObject({ status: 429 })
    expect(of({ 'x-tenant': '' })).toBeUndefined()
  })

  it('counts by whatever a formula comes to', () => {
    const policy = prepared({ rateLimits: limits([1, 1_000]), keySelector: '#[attributes.method]' })
    const of = (method: string) => policy.onRequest?.(new ExchangeInMemory({ method }))
    expect([of('GET'), of('POST')]).toEqual([undefined, undefined])
    expect(of('GET')).toMatchObject({ status: 429 })
  })

  it('counts without a selector all callers together, and by client when told to', () => {
    const shared = prepared({ rateLimits: limits([1, 1_000]) })
    expect(shared.onRequest?.(from('192.0.2.1'))).toBeUndefined()
    expect(shared.onRequest?.(from('192.0.2.2'))).toMatchObject({ status: 429 })
    const byClient = prepared({ rateLimits: limits([1, 1_000]), keySelector: '#[authentication.clientId]' })
    const as = (id: string) => byClient.onRequest?.(new ExchangeInMemory({ client: { id, name: id } }))
    expect([as('a'), as('b')]).toEqual([undefined, undefined])
    expect(as('a')).toMatchObject({ status: 429 })
  })

  it('keeps its counters over a new plan with the same limits and begins anew with others', () => {
    const ports = portsInMemory()
    prepared({ rateLimits: limits([1, 1_000]) }, ports).onRequest?.(from('192.0.2.1'))
    const again = prepared({ rateLimits: limits([1, 1_000]), exposeHeaders: true }, ports)
    expect(again.onRequest?.(from('192.0.2.1'))).toMatchObject({ status: 429 })
    const other = prepared({ rateLimits: limits([2, 1_000]) }, ports)
    expect(other.onRequest?.(from('192.0.2.1'))).toBeUndefined()
  })

  it('tells what is left on answers and refusals when told to, and nothing else', () => {
    const policy = prepared({ rateLimits: limits([2, 10_000]), exposeHeaders: true })
    const exchange = from('192.0.2.1')
    policy.onRequest?.(exchange)
    policy.onResponse?.(exchange)
    expect(Object.fromEntries(exchange.responseHeaders)).toEqual({
      'ratelimit-policy': ['"default";q=2;w=10'],
      ratelimit: ['"default";r=1;t=5'],
      'x-ratelimit-limit': ['2'],
      'x-ratelimit-remaining': ['1'],
      'x-ratelimit-reset': ['5000'],
    })
    policy.onRequest?.(from('192.0.2.1'))
    expect(policy.onRequest?.(from('192.0.2.1'))).toMatchObject({
      headers: { 'retry-after': '5', ratelimit: '"default";r=0;t=10', 'x-ratelimit-remaining': '0' },
    })
    const silent = prepared({ rateLimits: limits([2, 10_000]) })
    const quiet = from('192.0.2.1')
    silent.onRequest?.(quiet)
    silent.onResponse?.(quiet)
    expect(quiet.responseHeaders.size).toBe(0)
  })

  it('counts with the other processes of the node where there are some, and by itself while they are away', async () => {
    let isAway = false
    const keys: string[] = []
    const ports = portsInMemory(
      {},
      {
        countOnNode: () => async (key) => {
          if (isAway) throw new Error('away')
          keys.push(key)
          const isAllowed = keys.length < 3
          return { isAllowed, limit: 1, remaining: 0, resetMs: 4_000, retryMs: isAllowed ? 0 : 2_500 }
        },
      },
    )
    const given = {
      rateLimits: limits([5, 1_000], [2, 5_000]),
      keySelector: "#[attributes.queryParams['k']]",
    }
    const policy = prepared({ ...given, exposeHeaders: true }, ports)
    const ask = (query = '?k=a') => policy.onRequest?.(new ExchangeInMemory({ query }))
    const exchange = new ExchangeInMemory({ query: '?k=a' })
    expect(await policy.onRequest?.(exchange)).toBeUndefined()
    policy.onResponse?.(exchange)
    expect(exchange.responseHeader('ratelimit-policy')).toBe('"default";q=2;w=5')
    expect(await ask('?k=b')).toBeUndefined()
    expect(await ask()).toMatchObject({
      status: 429,
      headers: { 'retry-after': '3', ratelimit: '"default";r=0;t=4' },
    })
    expect(keys).toEqual(['=a', '=b', '=a'])
    isAway = true
    expect([await ask(), await ask()]).toEqual([undefined, undefined])
    expect(await ask()).toMatchObject({ status: 429 })
  })

  it('bounds its memory by forgetting full buckets first and then the least recently used', () => {
    const buckets = new Buckets(limits([1, 1_000]), 3)
    for (const key of ['a', 'b', 'c']) expect(buckets.take(key, 0)).toBe(true)
    buckets.take('d', 500)
    expect(buckets.size).toBe(3)
    expect(buckets.take('b', 500)).toBe(false)
    buckets.take('e', 1_200)
    expect(buckets.size).toBe(2)
    expect(buckets.take('d', 1_200)).toBe(false)
    for (let i = 0; i < 10_000; i++) buckets.take(`flood-${i}`, 1_300)
    expect(buckets.size).toBe(3)
  })

  it('counts long values under their hash', () => {
    const seen: string[] = []
    const ports = { ...portsInMemory(), sha256: (text: string) => (seen.push(text), 'short') }
    const policy = prepared({ keySelector: "#[attributes.queryParams['t']]" }, ports)
    policy.onRequest?.(new ExchangeInMemory({ query: `?t=${'x'.repeat(500)}` }))
    expect(seen).toEqual([`=${'x'.repeat(500)}`])
  })

  it('fills in its defaults, which then stay as they are', () => {
    const defaults = rateLimiting.config.parse({})
    expect(rateLimiting.config.parse(defaults)).toEqual(defaults)
    expect(rateLimiting.summarise(defaults)).toBe('100 requests a minute')
    const other = rateLimiting.config.parse({
      rateLimits: limits([1, 3_600_000], [5, 90_000]),
      keySelector: '#[authentication.clientId]',
      clusterizable: true,
    })
    expect(rateLimiting.summarise(other)).toBe(
      '1 request an hour, 5 requests in 90 seconds for each authentication.clientId, over all nodes',
    )
  })

  it.each([
    [{ rateLimits: [] }, 'rateLimits'],
    [{ rateLimits: limits([0, 1_000]) }, 'rateLimits/0/maximumRequests'],
    [{ rateLimits: limits([1.5, 1_000]) }, 'rateLimits/0/maximumRequests'],
    [{ rateLimits: limits([1, Number.NaN]) }, 'rateLimits/0/timePeriodInMilliseconds'],
    [{ keySelector: '#[payload.x]' }, 'keySelector'],
    [{ keySelector: "#[attributes.headers['a b']]" }, 'keySelector'],
    [{ keySelector: 'x-tenant' }, 'keySelector'],
    [{ clusterizable: 'yes' }, 'clusterizable'],
    [{ failureMode: 'maybe' }, 'failureMode'],
    [{ algorithm: 'leaky' }, 'algorithm'],
  ])('refuses %j at its field', (given, path) => {
    const issues = rateLimiting.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })

  it('refuses to be prepared for counting across nodes where there is no shared store, and names the option', () => {
    expect(() => prepared({ clusterizable: true })).toThrow('start it with --shared-store redis://')
  })

  it('answers at once while it counts for itself', () => {
    const policy = prepared({ rateLimits: limits([1, 1_000]) })
    expect(policy.onRequest?.(from('192.0.2.1'))).not.toBeInstanceOf(Promise)
    expect(policy.onRequest?.(from('192.0.2.1'))).not.toBeInstanceOf(Promise)
  })
})

describe('rate-limiting by a sliding window', () => {
  const config = { rateLimits: limits([4, 1_000]), algorithm: 'sliding-window' }

  it('counts the window before by the part of it that is still within a period', () => {
    const ports = portsInMemory()
    const policy = prepared(config, ports)
    const allowedAt = (ms: number) => {
      ports.clock.ms = ms
      return policy.onRequest?.(from('192.0.2.1')) === undefined
    }
    expect([900, 900, 900, 900, 900].map(allowedAt)).toEqual([true, true, true, true, false])
    expect(allowedAt(1_100)).toBe(false)
    expect(allowedAt(1_250)).toBe(true)
    expect(allowedAt(1_250)).toBe(false)
    expect(allowedAt(1_500)).toBe(true)
    expect([2_900, 2_900, 2_900, 2_900].map(allowedAt)).toEqual([true, true, true, false])
  })

  it.each([950, 1_000, 1_130, 1_999])(
    'says when to come back, and then that is right (asked at %i ms)',
    (ms) => {
      const windows = new Windows(limits([4, 1_000]), 10)
      for (let i = 0; i < 4; i++) windows.take('a', 900)
      const { retryMs, remaining } = windows.standing('a', ms)
      if (remaining > 0) return expect(windows.take('a', ms)).toBe(true)
      expect(windows.take('a', ms + retryMs - 2)).toBe(false)
      return expect(windows.take('a', ms + retryMs + 0.1)).toBe(true)
    },
  )

  it('keeps the average at the limit over a long time', () => {
    const windows = new Windows(limits([10, 1_000]), 10)
    let allowed = 0
    for (let now = 0; now < 100_000; now += 7) if (windows.take('a', now)) allowed++
    expect(allowed).toBeGreaterThan(900)
    expect(allowed).toBeLessThanOrEqual(1_010)
  })

  it('bounds its memory', () => {
    const windows = new Windows(limits([1, 1_000]), 3)
    for (let i = 0; i < 10_000; i++) windows.take(`flood-${i}`, i)
    expect(windows.size).toBe(3)
  })

  it('tells what is left', () => {
    const windows = new Windows(limits([4, 1_000]), 10)
    expect(windows.standing('a', 300)).toMatchObject({ remaining: 4, resetMs: 0, retryMs: 0 })
    windows.take('a', 300)
    expect(windows.standing('a', 300)).toMatchObject({ remaining: 3, resetMs: 1_700 })
    expect(windows.standing('a', 1_200)).toMatchObject({ remaining: 3, resetMs: 800 })
    expect(windows.standing('a', 2_000)).toMatchObject({ remaining: 4, resetMs: 0 })
  })
})
