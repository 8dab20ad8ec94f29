import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '#policies/exchange-in-memory.ts'
import { Buckets } from '#policies/rate-limiting/buckets.ts'
import type { Limit } from '#policies/rate-limiting/limits.ts'
import { rateLimiting } from '#policies/rate-limiting/policy.ts'
import { type Algorithm, sharedCounter } from '#policies/rate-limiting/shared-counter.ts'
import { Windows } from '#policies/rate-limiting/windows.ts'
import { createSharedStore, type OpenedStore } from './shared-store.ts'
import { startRedis, type TestRedis } from './testing/redis.ts'
import { closing, memoryLog, until } from './testing/world.ts'

const end = closing()
let redis: TestRedis
let store: OpenedStore

beforeAll(async () => {
  redis = await startRedis(end)
  store = createSharedStore(redis.url, memoryLog().log)
  end.add(() => store.close())
  await until('connected', () => store.isConnected)
}, 120_000)
afterAll(() => end.closeAll())

const hourMs = 3_600_000

function limits(...pairs: [number, number][]): Limit[] {
  return pairs.map(([maximumRequests, timePeriodInMilliseconds]) => ({
    maximumRequests,
    timePeriodInMilliseconds,
  }))
}

function node(config: Record<string, unknown>) {
  const ports = portsInMemory({}, { sharedStore: store })
  const policy = rateLimiting.prepare(rateLimiting.config.parse({ clusterizable: true, ...config }), ports)
  const ask = async () => policy.onRequest?.(new ExchangeInMemory({}))
  return { ask, policy, ports }
}

describe('counting across nodes', () => {
  it.each<[Algorithm, Limit[]]>([
    ['gcra', limits([5, hourMs])],
    ['gcra', limits([997, hourMs])],
    ['gcra', limits([7, hourMs], [3, 2 * hourMs])],
    ['sliding-window', limits([5, hourMs])],
    ['sliding-window', limits([7, 24 * hourMs], [3, 48 * hourMs])],
  ])('gives the same answers as counting in one process: %s %j', async (algorithm, of) => {
    const key = `same ${algorithm} ${JSON.stringify(of)}`
    const shared = sharedCounter(store, algorithm, of)
    const local = algorithm === 'gcra' ? new Buckets(of, 10) : new Windows(of, 10)
    const tries = Math.min(...of.map((limit) => limit.maximumRequests)) + 3
    for (let i = 0; i < tries; i++) {
      const isAllowed = local.take('k', 0)
      const { remaining, limit } = local.standing('k', 0)
      expect(await shared.take(key)).toMatchObject({ isAllowed, standing: { remaining, limit } })
    }
  })

  it.each<Algorithm>(['gcra', 'sliding-window'])(
    'allows exactly the limit over two nodes that ask at the same time (%s)',
    async (algorithm) => {
      const config = {
        rateLimits: limits([50, 24 * hourMs]),
        algorithm,
        keySelector: '#[attributes.remoteAddress]',
      }
      const [first, second] = [node(config), node(config)]
      const answers = await Promise.all(
        Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? first : second).ask()),
      )
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(50)
      const refused = answers.find((answer) => answer !== undefined)
      expect(refused).toMatchObject({ status: 429, code: 'rate-limiting.exceeded' })
    },
  )

  it.each<Algorithm>(['gcra', 'sliding-window'])(
    'refills by the clock of the store (%s)',
    async (algorithm) => {
      const { ask } = node({
        rateLimits: limits([2, 300]),
        algorithm,
        keySelector: '#[attributes.remoteAddress]',
      })
      expect([await ask(), await ask()]).toEqual([undefined, undefined])
      await until('allowed again', async () => (await ask()) === undefined, 2_000)
    },
  )

  it('leaves no key behind for longer than it matters', async () => {
    const counter = sharedCounter(store, 'gcra', limits([2, 200]))
    await counter.take('short')
    expect(await store.get('short')).toBeDefined()
    await until('it is gone', async () => (await store.get('short')) === undefined, 2_000)
  })

  it('tells what is left on answers', async () => {
    const { policy } = node({ rateLimits: limits([3, hourMs]), exposeHeaders: true })
    const exchange = new ExchangeInMemory({})
    expect(await policy.onRequest?.(exchange)).toBeUndefined()
    policy.onResponse?.(exchange)
    expect(exchange.responseHeader('x-ratelimit-remaining')).toBe('2')
  })

  it('while the store is away counts alone, passes or refuses as told, says so once, and counts together again after', async () => {
    const own = { rateLimits: limits([2, 7 * hourMs]) }
    const local = node({ ...own, failureMode: 'local' })
    const open = node({ ...own, failureMode: 'open', keySelector: '#[attributes.remoteAddress]' })
    const closed = node({ ...own, failureMode: 'closed', keySelector: '#[authentication.clientId]' })
    await redis.stop()
    await until('the loss is noticed', () => !store.isConnected)
    expect([await local.ask(), await local.ask()]).toEqual([undefined, undefined])
    expect(await local.ask()).toMatchObject({ status: 429 })
    for (let i = 0; i < 5; i++) expect(await open.ask()).toBeUndefined()
    expect(await closed.ask()).toMatchObject({
      status: 503,
      code: 'rate-limiting.store_away',
      headers: { 'retry-after': '1' },
    })
    expect(local.ports.logged.map(({ code }) => code)).toEqual(['rate-limiting.store_away'])
    expect(open.ports.counted.get('["store_failures",{}]')).toBe(5)
    await redis.start()
    await until('connected again', () => store.isConnected)
    expect(await closed.ask()).toBeUndefined()
    expect(await local.ask()).toBeUndefined()
    expect(local.ports.logged.at(-1)).toMatchObject({ code: 'rate-limiting.store_back' })
  })
})
