import { describe, expect, it } from 'vitest'
import type { Refusal } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { spikeControl } from './policy.ts'
import { RecentMoments } from './recent-moments.ts'

const small = {
  maximumRequests: 2,
  timePeriodInMilliseconds: 1_000,
  delayTimeInMillis: 400,
  delayAttempts: 3,
  queuingLimit: 2,
}

function prepared(config: Record<string, unknown> = {}, ports = portsInMemory()) {
  const policy = spikeControl.prepare(spikeControl.config.parse({ ...small, ...config }), ports)
  const ask = (exchange = new ExchangeInMemory({})) => policy.onRequest?.(exchange)
  return { policy, ask, ports }
}

const outcome = {
  status: 499,
  code: undefined,
  durationMs: 0,
  requestBytes: 0,
  responseBytes: 0,
  upstream: undefined,
  upstreamMs: undefined,
}

/** What a promise has come to by now, without waiting for it. */
async function soFar(answer: Refusal | undefined | Promise<Refusal | undefined>) {
  return Promise.race([answer, Promise.resolve('waiting')])
}

describe('spike-control', () => {
  it('lets what fits through at once, and what does not fit wait until there is room', async () => {
    const { ask, ports } = prepared()
    expect([ask(), ask()]).toEqual([undefined, undefined])
    const third = ask()
    expect(third).toBeInstanceOf(Promise)
    ports.pass(800)
    expect(await soFar(third)).toBe('waiting')
    ports.pass(400)
    expect(await third).toBeUndefined()
  })

  it('refuses with 429 what waited in vain, after all its attempts and not before', async () => {
    const { ask, ports } = prepared({ delayTimeInMillis: 100 })
    ask()
    ask()
    const third = ask()
    ports.pass(299)
    expect(await soFar(third)).toBe('waiting')
    ports.pass(1)
    expect(await third).toMatchObject({
      status: 429,
      code: 'spike-control.exceeded',
      headers: { 'retry-after': '1' },
    })
  })

  it('refuses at once what finds the queue full, and takes more once there is room in it', async () => {
    const { ask, ports } = prepared()
    ask()
    ask()
    const waiting = [ask(), ask()].map((answer) => Promise.resolve(answer))
    expect(ask()).toMatchObject({ status: 429, code: 'spike-control.exceeded' })
    ports.pass(1_200)
    expect(await Promise.all(waiting)).toEqual([undefined, undefined])
    expect(ask()).toBeInstanceOf(Promise)
  })

  it.each([{ delayAttempts: 0 }, { queuingLimit: 0 }])('refuses at once when told so by %j', (config) => {
    const { ask } = prepared(config)
    ask()
    ask()
    expect(ask()).toMatchObject({ status: 429 })
  })

  it('gives the place of a client that left to another', async () => {
    const { policy, ask } = prepared({ queuingLimit: 1 })
    ask()
    ask()
    const leaver = new ExchangeInMemory({})
    const left = ask(leaver)
    expect(ask()).toMatchObject({ status: 429 })
    policy.onDone?.(leaver, outcome)
    expect(await left).toMatchObject({ status: 429 })
    expect(ask()).toBeInstanceOf(Promise)
  })

  it('never lets more than the maximum through in any stretch of a period', () => {
    const moments = new RecentMoments(5, 1_000)
    const passed: number[] = []
    for (let now = 0; now < 20_000; now += 37) if (moments.take(now)) passed.push(now)
    for (const [index, moment] of passed.entries()) {
      const fifthAfter = passed[index + 5]
      if (fifthAfter !== undefined) expect(fifthAfter - moment).toBeGreaterThanOrEqual(1_000)
    }
    expect(passed.length).toBeGreaterThan(90)
  })

  it('says how many are left as exactly as it counts', () => {
    const moments = new RecentMoments(5, 1_000)
    const passed: number[] = []
    for (let now = 0; now < 5_000; now += 130) {
      if (moments.take(now)) passed.push(now)
      expect(moments.remaining(now)).toBe(5 - passed.filter((moment) => moment > now - 1_000).length)
    }
  })

  it('counts with the other processes of the node where there are some, and by itself while they are away', async () => {
    let isAway = false
    const named: string[] = []
    const ports = portsInMemory(
      {},
      {
        countOnNode: ({ name, algorithm }) => {
          named.push(`${name} ${algorithm}`)
          return async () => {
            if (isAway) throw new Error('away')
            return { isAllowed: false, limit: 0, remaining: 0, resetMs: 700, retryMs: 700 }
          }
        },
      },
    )
    const { ask } = prepared({ delayAttempts: 0 }, ports)
    expect(named).toEqual(['gate recent-moments'])
    expect(await ask()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    isAway = true
    expect([await ask(), await ask()]).toEqual([undefined, undefined])
    expect(await ask()).toMatchObject({ status: 429 })
  })

  it('counts over plans', () => {
    const { ask, ports } = prepared()
    ask()
    ask()
    expect(prepared({ delayAttempts: 0 }, ports).ask()).toMatchObject({ status: 429 })
  })

  it('tells what is left when told to', () => {
    const { policy, ports } = prepared({ exposeHeaders: true, delayAttempts: 0 })
    const exchange = new ExchangeInMemory({})
    expect(policy.onRequest?.(exchange)).toBeUndefined()
    policy.onResponse?.(exchange)
    expect(exchange.responseHeader('x-ratelimit-remaining')).toBe('1')
    ports.pass(300)
    policy.onRequest?.(new ExchangeInMemory({}))
    expect(policy.onRequest?.(new ExchangeInMemory({}))).toMatchObject({
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000', 'retry-after': '1' },
    })
  })

  it('says in a line what it does', () => {
    expect(spikeControl.summarise(spikeControl.config.parse({}))).toBe(
      '100 requests a second, 5 may wait 1 × 1000 ms',
    )
  })

  it.each([
    [{ maximumRequests: 0 }, 'maximumRequests'],
    [{ maximumRequests: 1_000_000 }, 'maximumRequests'],
    [{ timePeriodInMilliseconds: 0 }, 'timePeriodInMilliseconds'],
    [{ delayTimeInMillis: -1 }, 'delayTimeInMillis'],
    [{ delayAttempts: 1.5 }, 'delayAttempts'],
    [{ queuingLimit: -1 }, 'queuingLimit'],
    [{ clusterizable: true }, ''],
  ])('refuses %j at its field', (given, path) => {
    const issues = spikeControl.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})
