import { describe, expect, it } from 'vitest'
import type { SharedStore } from '../definition.ts'
import type { Client } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { rateLimitingSlaBased } from './policy.ts'

const gold = { name: 'gold', limits: [{ maximumRequests: 3, timePeriodInMilliseconds: 60_000 }] }
const iron = { name: 'iron', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60_000 }] }
const clientsById: Record<string, Client> = {
  ann: { id: 'ann', name: 'Ann', tier: gold },
  ben: { id: 'ben', name: 'Ben', tier: iron },
  cat: { id: 'cat', name: 'Cat', tier: iron },
  dan: { id: 'dan', name: 'Dan' },
}

const byKeyHash = { 'hash:s3cret': { id: 'ann', name: 'Ann', tier: gold } }

function prepared(config: Record<string, unknown> = {}, ports = portsInMemory(byKeyHash, { clientsById })) {
  const policy = rateLimitingSlaBased.prepare(rateLimitingSlaBased.config.parse(config), ports)
  const ask = (headers: Record<string, string>) => {
    const exchange = new ExchangeInMemory({ headers })
    return { answer: policy.onRequest?.(exchange), exchange }
  }
  const as = (id: string) => ask({ client_id: id }).answer
  return { policy, as, ask, ports }
}

describe('rate-limiting-sla-based', () => {
  it('holds each client to the limits of its own tier, counted apart', () => {
    const { as } = prepared()
    expect([as('ann'), as('ann'), as('ann')]).toEqual([undefined, undefined, undefined])
    expect(as('ann')).toMatchObject({
      status: 429,
      code: 'rate-limiting-sla-based.exceeded',
      detail: 'More than 3 requests a minute.',
      headers: { 'retry-after': '20' },
    })
    expect([as('ben'), as('cat')]).toEqual([undefined, undefined])
    expect(as('ben')).toMatchObject({ status: 429 })
  })

  it('refuses a caller that does not say who it is, is unknown, or has no tier', () => {
    const { as, ask } = prepared()
    expect(ask({}).answer).toMatchObject({ status: 401, code: 'rate-limiting-sla-based.client_missing' })
    expect(as('')).toMatchObject({ status: 401, code: 'rate-limiting-sla-based.client_missing' })
    expect(as('eve')).toMatchObject({ status: 401, code: 'rate-limiting-sla-based.client_unknown' })
    expect(as('dan')).toMatchObject({ status: 403, code: 'rate-limiting-sla-based.no_tier' })
  })

  it('believes an id only with the secret that belongs to it, where one is asked for', () => {
    const { ask } = prepared({ clientSecretExpression: "#[attributes.headers['client_secret']]" })
    const good = ask({ client_id: 'ann', client_secret: 's3cret' })
    expect(good.answer).toBeUndefined()
    expect(good.exchange.client?.id).toBe('ann')
    const wrong = { status: 401, code: 'rate-limiting-sla-based.client_unknown' }
    expect(ask({ client_id: 'ann', client_secret: 'guess' }).answer).toMatchObject(wrong)
    expect(ask({ client_id: 'ben', client_secret: 's3cret' }).answer).toMatchObject(wrong)
    expect(ask({ client_id: 'ann' }).answer).toMatchObject({
      status: 401,
      code: 'rate-limiting-sla-based.client_missing',
    })
  })

  it('takes nobody for authenticated by an id alone', () => {
    const { ask } = prepared()
    expect(ask({ client_id: 'ann' }).exchange.client).toBeUndefined()
  })

  it('counts by what a policy before it found out, when told to', () => {
    const { policy } = prepared({ clientIdExpression: '#[authentication.clientId]' })
    const ask = () => policy.onRequest?.(new ExchangeInMemory({ client: { id: 'ben', name: 'Ben' } }))
    expect(ask()).toBeUndefined()
    expect(ask()).toMatchObject({ status: 429 })
  })

  it('keeps its counters over a new plan', () => {
    const { as, ports } = prepared()
    expect(as('ben')).toBeUndefined()
    expect(prepared({}, ports).as('ben')).toMatchObject({ status: 429 })
  })

  it('tells what is left when told to', () => {
    const { ask, policy } = prepared({ exposeHeaders: true })
    const { exchange } = ask({ client_id: 'ann' })
    policy.onResponse?.(exchange)
    expect(exchange.responseHeader('x-ratelimit-remaining')).toBe('2')
    expect(exchange.responseHeader('ratelimit-policy')).toBe('"default";q=3;w=60')
  })

  it('counts in the shared store across nodes, under the tier and the client', async () => {
    const keys: string[] = []
    const sharedStore: SharedStore = {
      evaluate: async (_script, [key = '']) => (keys.push(key), [1, '0']),
      get: async () => undefined,
      set: async () => undefined,
      delete: async () => undefined,
    }
    const { as } = prepared({ clusterizable: true }, portsInMemory({}, { clientsById, sharedStore }))
    expect(await as('ann')).toBeUndefined()
    expect(await as('ben')).toBeUndefined()
    expect(keys[0]).toContain('gold')
    expect(keys[0]?.endsWith(' ann')).toBe(true)
    expect(keys[1]?.endsWith(' ben')).toBe(true)
  })

  it('refuses to be prepared for counting across nodes where there is no shared store', () => {
    expect(() => prepared({ clusterizable: true })).toThrow('--shared-store')
  })

  it.each([
    [{ clientIdExpression: '' }, 'clientIdExpression'],
    [{ clientIdExpression: 'client_id' }, 'clientIdExpression'],
    [{ clientSecretExpression: '#[payload]' }, 'clientSecretExpression'],
    [{ failureMode: 'maybe' }, 'failureMode'],
    [{ tiers: [] }, ''],
  ])('refuses %j at its field', (given, path) => {
    const issues = rateLimitingSlaBased.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})
