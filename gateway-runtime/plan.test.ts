import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { type Draft, Planner } from './plan.ts'
import { clientFinder, type PortsOwner, StateKeeper } from './ports.ts'
import { contentsOf } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'

const limited = policy('rate-limiting', {
  rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60_000 }],
})

function clientsItem(keyHash: string): Item {
  return {
    kind: 'contracts',
    id: 'contracts:orders',
    clients: [{ id: 'c', name: 'C', keyHashes: [keyHash] }],
  }
}

let planner: Planner
beforeEach(() => {
  planner = new Planner({ allowLoopback: false })
})
const drafts: Draft[] = []
afterEach(() => {
  for (const draft of drafts.splice(0)) draft.discard()
})

async function committed(items: readonly Item[]) {
  const built = await planner.build(contentsOf(items))
  if (!built.ok) throw new Error(JSON.stringify(built.reasons))
  built.draft.commit()
  return built.draft.plan.routes
}

function named(id: string, basePath: string): Item[] {
  return oneApi('http://upstream.example', { basePath, policies: [limited] }).map((item) =>
    item.kind === 'api' ? { ...item, id } : item,
  )
}

describe('Planner', () => {
  it('serves what did not change by the very same objects, so that its connections and counters live on', async () => {
    const [before] = await committed(named('api:a', '/a'))
    const both = [...named('api:a', '/a'), ...named('api:b', '/b').slice(2)]
    const [a, b] = await committed(both)
    expect(a).toBe(before)
    expect(b?.upstream).toBe(a?.upstream)
    const [changed] = await committed(named('api:a', '/changed'))
    expect(changed).not.toBe(a)
    expect(changed?.upstream).toBe(a?.upstream)
  })

  it('makes an API anew when its upstream or its clients change', async () => {
    const items = named('api:a', '/a').map((item) =>
      item.kind === 'api' ? { ...item, contracts: 'contracts:orders' } : item,
    )
    const [first] = await committed([...items, clientsItem('a'.repeat(64))])
    const [second] = await committed([...items, clientsItem('b'.repeat(64))])
    expect(second).not.toBe(first)
    expect(second?.upstream).toBe(first?.upstream)
    const slower = items.map((item) => (item.kind === 'upstream' ? { ...item, connectTimeoutMs: 1 } : item))
    const [third] = await committed([...slower, clientsItem('b'.repeat(64))])
    expect(third?.upstream).not.toBe(second?.upstream)
  })

  it('is not changed by a build that fails or is discarded', async () => {
    const [before] = await committed(named('api:a', '/a'))
    const bad = oneApi('http://upstream.example', { policies: [policy('from-the-future')] })
    expect(await planner.build(contentsOf(bad))).toMatchObject({ ok: false })
    const other = await planner.build(contentsOf(named('api:a', '/other')))
    if (other.ok) other.draft.discard()
    expect((await committed(named('api:a', '/a')))[0]).toBe(before)
  })

  it('names every fault at once, with a pointer to its item', async () => {
    const bad = [
      ...named('api:a', '/a').slice(0, 1),
      ...named('api:a', '/a').slice(2),
      ...named('api:b', '/b').slice(2),
    ]
    const built = await planner.build(contentsOf(bad))
    expect(built.ok ? [] : built.reasons.map((one) => one.pointer)).toEqual([
      '/items/api:a/upstream',
      '/items/api:b/upstream',
    ])
  })

  it('gives the reason why no pool can be made of an upstream, and where', async () => {
    const built = await planner.build(contentsOf(oneApi('http://upstream.example/?q=1')))
    const upstream = oneApi('').find((item) => item.kind === 'upstream')?.id
    expect(built).toMatchObject({
      ok: false,
      reasons: [
        {
          pointer: `/items/${upstream}/endpoints/0/url`,
          reason: expect.stringContaining('must not hold a query') as string,
        },
      ],
    })
  })

  it('refuses upstreams on this machine unless it was told to allow them', async () => {
    const local = contentsOf(oneApi('http://127.0.0.1:1'))
    expect(await planner.build(local)).toMatchObject({ ok: false })
    const allowing = await new Planner({ allowLoopback: true }).build(local)
    if (allowing.ok) drafts.push(allowing.draft)
    expect(allowing.ok).toBe(true)
  })
})

describe('StateKeeper', () => {
  const ownerIn = (id: string): PortsOwner => ({
    policyId: 'p',
    policyKind: 'rate-limiting',
    api: { id, name: 'a', version: '1', basePath: '/a', document: undefined, certificates: [] },
    rules: [],
    clients: clientFinder(undefined),
    destination: () => undefined,
  })

  it('gives a policy its state back under the same name, and forgets what nobody uses', () => {
    const keeper = new StateKeeper()
    const used = new Set<string>()
    const counter = (api: string, names: Set<string>, count: number) =>
      keeper.portsFor(ownerIn(api), names).state('counter', () => ({ count }))
    const first = counter('api:a', used, 1)
    expect(counter('api:a', used, 2)).toBe(first)
    expect(counter('api:b', new Set(), 3)).not.toBe(first)
    keeper.keepOnly(used)
    expect(keeper.size).toBe(1)
  })
})
