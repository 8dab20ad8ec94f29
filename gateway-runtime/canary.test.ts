import { afterEach, describe, expect, it } from 'vitest'
import type { ApiItem, Item } from '#contract/items.ts'
import { Planner } from './plan.ts'
import { head, route as liveRoute, ScriptedUpstream, startGateway, talk } from './serve/wire-fixture.ts'
import { contentsOf } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** One API with the destinations `stable` and `canary`. */
function withDestinations(stable: string, canary: string, policies: ApiItem['policies']): Item[] {
  return oneApi(stable, { policies }).flatMap((item): Item[] => {
    if (item.kind === 'upstream')
      return [item, { ...item, id: 'upstream:canary', endpoints: [{ url: canary }] }]
    if (item.kind !== 'api') return [item]
    return [{ ...item, destinations: { stable: 'upstream:orders', canary: 'upstream:canary' } }]
  })
}

async function origin(): Promise<{ count: number; url: string }> {
  const upstream = await new ScriptedUpstream().start()
  const counted = { count: 0, url: `http://127.0.0.1:${upstream.port}` }
  upstream.script = (_request, socket) => {
    counted.count++
    socket.write(head('HTTP/1.1 200 OK', 'Content-Length: 0'))
  }
  closing.push(() => upstream.stop())
  return counted
}

const weighted = policy('route-weighted', {
  routes: [
    { weight: 80, destinationRef: { name: 'stable' } },
    { weight: 20, destinationRef: { name: 'canary' } },
  ],
})

describe('a canary', () => {
  it('of 20 % gets 20 % of 10,000 requests, to within 1 %', async () => {
    const [stable, canary] = [await origin(), await origin()]
    const built = await new Planner({ allowLoopback: true }).build(
      contentsOf(withDestinations(stable.url, canary.url, [weighted])),
    )
    if (!built.ok) throw new Error(JSON.stringify(built.reasons))
    const [planned] = built.draft.plan.routes
    if (planned === undefined) throw new Error('no route')
    closing.push(() => built.draft.discard())
    const gateway = await startGateway({
      upstreamPort: 1,
      routes: (pool) => [liveRoute(pool, planned)],
    })
    closing.push(() => gateway.stop())
    const get = head('GET /orders/7 HTTP/1.1', 'Host: a')
    const last = head('GET /orders/7 HTTP/1.1', 'Host: a', 'Connection: close')
    const batches = Array.from({ length: 10 }, () => talk(gateway.port, [get.repeat(999) + last]))
    for (const { text } of await Promise.all(batches))
      expect(text.split('HTTP/1.1 200 OK\r\n')).toHaveLength(1_001)
    expect(stable.count + canary.count).toBe(10_000)
    expect(Math.abs(canary.count - 2_000)).toBeLessThanOrEqual(100)
  })
})

describe('a plan', () => {
  const reasonsFor = async (items: readonly Item[]) => {
    const built = await new Planner({ allowLoopback: true }).build(contentsOf(items))
    if (built.ok) built.draft.discard()
    return built.ok ? [] : built.reasons
  }

  it('refuses a route to a destination that the API does not have', async () => {
    const items = withDestinations('http://a.example', 'http://b.example', [
      policy('route', { destinationRef: { name: 'elsewhere' } }),
    ])
    expect(await reasonsFor(items)).toEqual([
      {
        pointer: '/items/api:orders/policies/0/config',
        reason: 'the API has no destination elsewhere',
      },
    ])
  })

  it('refuses TLS for an upstream that is spoken to without, rather than pass it over', async () => {
    const reasons = await reasonsFor(oneApi('http://a.example', { policies: [policy('tls-outbound')] }))
    expect(reasons).toMatchObject([
      {
        pointer: '/items/api:orders/policies/0/config',
        reason: expect.stringContaining('is http://') as string,
      },
    ])
  })

  it('refuses a chain whose weights are nothing in sum', async () => {
    const routes = [{ weight: 0, destinationRef: { name: 'stable' } }]
    const items = withDestinations('http://a.example', 'http://b.example', [
      policy('route-weighted', { routes }),
    ])
    expect(await reasonsFor(items)).toMatchObject([{ pointer: '/items/api:orders/policies/0/config/routes' }])
  })
})
