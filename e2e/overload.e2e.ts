import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { apiDocument, FolderNode } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'
import { OpenLoad } from './open-load.ts'
import { type PlainUpstream, startPlainUpstream } from './plain-upstream.ts'

vi.setConfig({ testTimeout: 120_000 })

// More than the event loop handles before it comes to its timers again.
const connections = 2_500
const seconds = 4
const patienceMs = 2_000
// A node whose requests cost it more than they cost their clients: an expression over a long path.
const where = `/${'ab'.repeat(3_500)}`
const expression = '(?:(?:a|b)*(?:a|ab|b)(?:a|b){0,20})+/?|/.*'
let upstream: PlainUpstream
let node: FolderNode

beforeAll(async () => {
  upstream = await startPlainUpstream()
  const caching = ['http-caching', { useHttpCacheHeaders: false, ttl: 600 }] as const
  const headers = { inboundHeaders: [{ key: 'x-seen', value: 'yes' }] }
  const costly = ['header-injection', headers, { rules: [{ path: expression }] }] as const
  node = await FolderNode.start({
    documents: [apiDocument(upstream.url, { policies: [caching, costly] })],
    args: ['--limit', 'loop-delay-ms-max=100'],
  })
})
afterAll(async () => {
  expect(await node?.stop()).toBe(0)
  await upstream?.stop()
})

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`
}

/** What the node answers a second to clients that wait for their answers. */
async function peak(): Promise<number> {
  const load = await Load.start({ origin: node.origin, path: where, connections: 32 })
  await until('it is warm', () => Promise.resolve(load.answered > 1_000))
  const [before, beganMs] = [load.answered, performance.now()]
  await until('a peak', () => Promise.resolve(performance.now() - beganMs > 1_500))
  const perSecond = ((load.answered - before) * 1_000) / (performance.now() - beganMs)
  expect((await load.stop()).failures).toEqual([])
  return perSecond
}

it('four times what a node can serve: the rest is refused at once, and all is well as soon as it is over', async () => {
  const serving = await node.servingPid()
  const most = await peak()
  const load = { port: node.port, path: where, perSecond: 4 * most, seconds, patienceMs, connections }
  const found = await OpenLoad.run(load)
  console.log(
    `served ${Math.round(most)} a second at most; of ${Math.round(found.sent / seconds)} a second ` +
      `${Math.round(found.served / seconds)} were (${(found.served / seconds / most).toFixed(2)} times the most), ` +
      `half within ${quantile(found.latenciesMs, 0.5)}, 99 % within ${quantile(found.latenciesMs, 0.99)}; ` +
      `${found.refused} refused, half within ${quantile(found.refusalsMs, 0.5)}; ${found.gaveUp} gave up`,
  )
  expect(found.other).toEqual([])
  expect(found.served).toBeGreaterThan(0)
  expect(found.refused).toBeGreaterThan(0)
  expect(found.sent).toBe(found.served + found.refused + found.gaveUp)
  await until('it is over', async () => (await node.figure('hexgate_worker_refused_share{worker="1"}')) === 0)
  await until('nobody is left', async () => (await node.figure('hexgate_connections')) === 0)
  const after = await Load.start({ origin: node.origin, path: where, connections: 8 })
  await until('all are served', () => Promise.resolve(after.answered > 500))
  expect((await after.stop()).failures).toEqual([])
  expect(await node.figure('hexgate_upstream_pending_requests{upstream="upstream:default/orders"}')).toBe(0)
  expect(await node.servingPid()).toBe(serving)
  expect(node.linesOf('overloaded').length).toBeGreaterThan(0)
  expect(node.linesOf('overload_over').length).toBeGreaterThan(0)
})
