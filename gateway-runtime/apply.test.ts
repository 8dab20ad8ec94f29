import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { canonicalJson, type SignedManifest } from '#contract/manifest.ts'
import { type FetchItems, type Offer, Revisions } from './apply.ts'
import { Planner } from './plan.ts'
import { createServer as createDataPlane } from './serve/server.ts'
import { Serving } from './serving.ts'
import { Store } from './store/store.ts'
import { oneApi, Publisher, policy } from './testing/publisher.ts'
import { closing, memoryLog, startUpstream, temporaryFolder } from './testing/world.ts'

const end = closing()
let publisher: Publisher
let upstream: string
let folder: string
let node: Awaited<ReturnType<typeof startNode>>

async function startNode() {
  const { log, lines } = memoryLog()
  const store = await Store.open(folder, log)
  if (store.identity.registered === undefined) await store.saveIdentity(publisher.identity())
  const dataPlane = createDataPlane()
  const serving = new Serving(dataPlane, new Planner({ allowLoopback: true }))
  const revisions = new Revisions(serving, store, log)
  const stop = async () => {
    await dataPlane.drain(0)
    await store.close()
  }
  return { store, serving, revisions, lines, dataPlane, stop }
}

const noFetch: FetchItems = () => Promise.reject(new Error('asked for items'))

async function restarted() {
  await node.stop()
  node = await startNode()
  end.add(() => node.stop())
  return node.revisions.restore()
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${node.serving.ports[0]}${path}`, { headers })
}

/** Applies revision 5, which every refusal must leave in place. */
async function servingFive(): Promise<void> {
  expect(await node.revisions.apply(publisher.offer(5, oneApi(upstream)), noFetch)).toMatchObject({
    status: 'applied',
  })
  expect((await get('/orders/1')).status).toBe(200)
}

async function expectRefused(offer: Offer, pointer: string, reason: string): Promise<void> {
  const answer = await node.revisions.apply(offer, noFetch)
  expect(answer).toMatchObject({ status: 'refused', servingRevision: 5 })
  const reasons = answer.status === 'refused' ? answer.reasons : []
  expect(reasons.map((one) => one.pointer)).toContain(pointer)
  expect(reasons.map((one) => one.reason).join('\n')).toContain(reason)
  expect(node.revisions.current?.manifest.revision).toBe(5)
  expect(node.revisions.refusal?.reason).toContain(pointer)
  expect((await get('/orders/1')).status).toBe(200)
}

beforeEach(async () => {
  publisher = new Publisher()
  folder = await temporaryFolder(end)
  upstream = await startUpstream('orders', end)
  node = await startNode()
  end.add(() => node.stop())
})
afterEach(() => end.closeAll())

describe('Revisions', () => {
  it('opens no port before the first configuration, then serves it and says so with its hash', async () => {
    expect(node.serving.ports).toEqual([])
    const offer = publisher.offer(1, oneApi(upstream))
    const answer = await node.revisions.apply(offer, noFetch)
    const { hash } = offer.signed.manifest
    expect(answer).toMatchObject({ status: 'applied', revision: 1, hash, persisted: true })
    expect(await (await get('/orders/7?a=1')).json()).toMatchObject({ name: 'orders', url: '/7?a=1' })
  })

  it('asks for exactly the items that it does not serve already', async () => {
    await servingFive()
    const next = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    const asked: string[][] = []
    const answer = await node.revisions.apply(
      { signed: next.signed, items: {} },
      async (gatewayId, hashes) => {
        expect(gatewayId).toBe('gateway-1')
        asked.push([...hashes])
        return Object.fromEntries(hashes.map((hash) => [hash, publisher.items.get(hash)]))
      },
    )
    expect(answer).toMatchObject({ status: 'applied', revision: 6 })
    expect(asked).toEqual([[next.signed.manifest.items['api:orders']]])
    expect((await get('/v2')).status).toBe(200)
    expect((await get('/orders')).status).toBe(404)
  })

  it('asks for nothing when the contents are those that it serves, and takes the new number', async () => {
    await servingFive()
    const same = publisher.offer(9, oneApi(upstream))
    expect(await node.revisions.apply({ signed: same.signed, items: {} }, noFetch)).toMatchObject({
      status: 'applied',
      revision: 9,
    })
  })

  it('takes a difference to what it serves as it takes the whole, also over a restart', async () => {
    const five = publisher.offer(5, oneApi(upstream))
    await node.revisions.apply(five, noFetch)
    const six = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    const delta = { signed: publisher.delta(five.signed, six.signed), items: six.items }
    const { hash } = six.signed.manifest
    expect(await node.revisions.applyDelta(delta, noFetch)).toMatchObject({
      status: 'applied',
      revision: 6,
      hash,
      persisted: true,
    })
    expect(node.revisions.current?.manifest).toEqual(six.signed.manifest)
    expect((await get('/v2')).status).toBe(200)
    expect((await get('/orders')).status).toBe(404)
    expect(await restarted()).toMatchObject({ served: true })
    expect(node.revisions.current?.manifest.hash).toBe(hash)
    expect((await get('/v2')).status).toBe(200)
  })

  it('asks for the whole where a difference is not to what it serves, or does not add up', async () => {
    const four = publisher.offer(4, oneApi(upstream, { basePath: '/v4' }))
    const six = publisher.offer(6, oneApi(upstream, { basePath: '/v6' }))
    const early = { signed: publisher.delta(four.signed, six.signed), items: six.items }
    expect(await node.revisions.applyDelta(early, noFetch)).toEqual({ status: 'other-base' })
    await servingFive()
    expect(await node.revisions.applyDelta(early, noFetch)).toEqual({ status: 'other-base' })
    const { signed } = publisher.offer(5, oneApi(upstream))
    const right = publisher.delta(signed, six.signed)
    const wrong = { ...right, change: { ...right.change, removed: ['upstream:orders'] } }
    expect(await node.revisions.applyDelta({ signed: wrong, items: six.items }, noFetch)).toEqual({
      status: 'other-base',
    })
    expect(node.revisions.current?.manifest.revision).toBe(5)
    expect(node.revisions.refusal).toBeUndefined()
    expect((await get('/orders')).status).toBe(200)
  })

  it('refuses a difference that nobody it trusts has signed, one that is older, and one without its form', async () => {
    await servingFive()
    const { signed: five } = publisher.offer(5, oneApi(upstream))
    const { signed: six, items } = publisher.offer(6, oneApi(upstream, { basePath: '/v6' }))
    const { signed: three } = publisher.offer(3, oneApi(upstream, { basePath: '/v6' }))
    const right = publisher.delta(five, six)
    const cases = [
      [{ ...right, manifest: { ...right.manifest, revision: 7 } }, '/signed/signature'],
      [{ ...right, keyId: 'key-2' }, '/signed/keyId'],
      [publisher.delta(five, three), '/signed/manifest/revision'],
      [{ ...right, change: { set: right.change.set } }, '/signed/change/removed'],
    ] as const
    for (const [signed, pointer] of cases) {
      const answer = await node.revisions.applyDelta({ signed, items }, noFetch)
      expect(answer).toMatchObject({ status: 'refused', servingRevision: 5, reasons: [{ pointer }] })
    }
    expect((await get('/orders')).status).toBe(200)
    expect(await node.revisions.applyDelta({ signed: right, items }, noFetch)).toMatchObject({
      status: 'applied',
    })
  })

  it('applies offers one after another in the order in which they came', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 2].map((revision) =>
        node.revisions.apply(
          publisher.offer(revision, oneApi(upstream, { basePath: `/r${revision}` })),
          noFetch,
        ),
      ),
    )
    expect(answers.map((answer) => answer.status)).toEqual(['applied', 'applied', 'applied', 'refused'])
    expect((await get('/r3')).status).toBe(200)
  })

  it('keeps the port open and the counters running over a change of something else', async () => {
    const limited = [
      policy('rate-limiting', { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60_000 }] }),
    ]
    await node.revisions.apply(publisher.offer(1, oneApi(upstream, { policies: limited })), noFetch)
    const [port] = node.serving.ports
    expect((await get('/orders')).status).toBe(200)
    const other: Item[] = oneApi(upstream, { basePath: '/other' }).flatMap((item) =>
      item.kind === 'api' ? [{ ...item, id: 'api:other' }] : [],
    )
    const both = [...oneApi(upstream, { policies: limited }), ...other]
    expect(await node.revisions.apply(publisher.offer(2, both), noFetch)).toMatchObject({ status: 'applied' })
    expect(node.serving.ports).toEqual([port])
    expect((await get('/orders')).status).toBe(429)
    expect((await get('/other')).status).toBe(200)
  })
})

describe('revisions under load', () => {
  it('100 of them, of routes, policies and upstreams, fail no request on keep-alive connections', async () => {
    const second = await startUpstream('second', end)
    const limit = policy('rate-limiting', {
      rateLimits: [{ maximumRequests: 1e9, timePeriodInMilliseconds: 1000 }],
    })
    await node.revisions.apply(publisher.offer(1, oneApi(upstream)), noFetch)
    const [port = 0] = node.serving.ports
    const counts = { ok: 0, failed: [] as unknown[] }
    let isDone = false
    const callers = Array.from({ length: 8 }, async () => {
      while (!isDone) {
        const answer = await fetch(`http://127.0.0.1:${port}/orders`).catch((error: unknown) => error)
        const status = answer instanceof Response ? (await answer.text(), answer.status) : answer
        if (status === 200) counts.ok++
        else counts.failed.push(status)
      }
    })
    for (let revision = 2; revision <= 101; revision++) {
      const url = revision % 3 === 0 ? second : upstream
      const policies = revision % 2 === 0 ? [limit] : []
      const extra = oneApi(url, { basePath: `/extra${revision}` }).flatMap((item) =>
        item.kind === 'api' ? [{ ...item, id: 'api:extra' }] : [],
      )
      const answer = await node.revisions.apply(
        publisher.offer(revision, [...oneApi(url, { policies }), ...extra]),
        noFetch,
      )
      expect(answer).toMatchObject({ status: 'applied', revision })
    }
    isDone = true
    await Promise.all(callers)
    expect(counts.failed).toEqual([])
    expect(counts.ok).toBeGreaterThan(100)
    expect(node.serving.ports).toEqual([port])
  })
})

describe('a revision is refused with its reason, and the old one goes on, when', () => {
  beforeEach(servingFive)

  it('its manifest was changed after it was signed', async () => {
    const { signed, items } = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    const tampered: SignedManifest = { ...signed, manifest: { ...signed.manifest, revision: 7 } }
    await expectRefused({ signed: tampered, items }, '/signed/signature', 'does not fit')
  })

  it('its signature is another one, cut short or empty', async () => {
    const { signed, items } = publisher.offer(6, oneApi(upstream))
    for (const signature of [randomBytes(64).toString('base64url'), signed.signature.slice(0, 20), ''])
      await expectRefused({ signed: { ...signed, signature }, items }, '/signed/signature', 'does not fit')
  })

  it('it is signed by somebody else, under the same key id or another', async () => {
    const stranger = new Publisher().offer(6, oneApi(upstream))
    await expectRefused(stranger, '/signed/signature', 'does not fit')
    const unknown = { ...stranger, signed: { ...stranger.signed, keyId: 'key-2' } }
    await expectRefused(unknown, '/signed/keyId', 'key-2')
  })

  it('it is older than what was served, or the same number with other contents', async () => {
    await expectRefused(publisher.offer(4, oneApi(upstream)), '/signed/manifest/revision', 'older than 5')
    const other = publisher.offer(5, oneApi(upstream, { basePath: '/v2' }))
    await expectRefused(other, '/signed/manifest/hash', 'other contents')
  })

  it('it is for another gateway', async () => {
    const { signed, items } = publisher.offer(6, oneApi(upstream))
    const elsewhere = publisher.sign({ ...signed.manifest, gatewayId: 'gateway-2' })
    await expectRefused({ signed: elsewhere, items }, '/signed/manifest/gatewayId', 'gateway-2')
  })

  it('its hash is not that of the items it names', async () => {
    const { signed, items } = publisher.offer(6, oneApi(upstream))
    const wrong = publisher.sign({ ...signed.manifest, hash: 'a'.repeat(64) })
    await expectRefused({ signed: wrong, items }, '/signed/manifest/hash', 'not the hash')
  })

  it('an item is not what its hash says', async () => {
    const { signed, items } = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    const hash = signed.manifest.items['api:orders'] ?? ''
    const swapped = { ...items, [hash]: { ...(items[hash] as object), basePath: '/admin' } }
    await expectRefused({ signed, items: swapped }, '/items/api:orders', 'not what its hash says')
  })

  it('an item stands under the id of another', async () => {
    const manifest = publisher.manifest(6, oneApi(upstream))
    const items = { ...manifest.items, 'api:other': manifest.items['api:orders'] ?? '' }
    const { sha256 } = await import('./ports.ts')
    const renamed = publisher.sign({ ...manifest, items, hash: sha256(canonicalJson(items)) })
    await expectRefused({ signed: renamed, items: {} }, '/items/api:other', 'calls itself api:orders')
  })

  it('an item does not come', async () => {
    const { signed } = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    await expectRefused({ signed, items: {} }, '/items', 'could not be fetched: asked for items')
    const answer = await node.revisions.apply({ signed, items: {} }, async () => ({}))
    expect(answer).toMatchObject({ status: 'refused', reasons: [{ pointer: '/items/api:orders' }] })
  })

  it('an item has members that this build does not know', async () => {
    const [listener, up, api] = oneApi(upstream)
    const future = { ...api, mirror: true } as unknown as Item
    await expectRefused(publisher.offer(6, [listener, up, future] as Item[]), '/items/api:orders', 'mirror')
  })

  it('an item is of a kind that this build does not know', async () => {
    const future = { kind: 'from-the-future', id: 'from-the-future:a' } as unknown as Item
    const offer = publisher.offer(6, [...oneApi(upstream), future])
    await expectRefused(offer, '/items/from-the-future:a/kind', 'of a kind that is not known here')
  })

  it.each([
    ['its policy is of an unknown kind', policy('from-the-future'), '/policies/0/kind', 'from-the-future'],
    [
      'its policy is of an unknown version',
      { ...policy('cors'), policyVersion: '9.0.0' },
      '/policies/0/policyVersion',
      '9.0.0',
    ],
    [
      'the configuration of its policy does not fit',
      policy('rate-limiting', { rateLimits: [{ maximumRequests: 0 }] }),
      '/policies/0/config/rateLimits/0/maximumRequests',
      '>=1',
    ],
  ])('%s', async (_, attached, pointer, reason) => {
    const offer = publisher.offer(6, oneApi(upstream, { policies: [attached] }))
    await expectRefused(offer, `/items/api:orders${pointer}`, reason)
  })

  it('it names an upstream or clients that are not there, or an address that must not be reached', async () => {
    const [listener, up, api] = oneApi(upstream)
    await expectRefused(
      publisher.offer(6, [listener, api] as Item[]),
      '/items/api:orders/upstream',
      'upstream:orders',
    )
    const contracted = { ...api, contracts: 'contracts:none' } as Item
    await expectRefused(
      publisher.offer(6, [listener, up, contracted] as Item[]),
      '/items/api:orders/contracts',
      'contracts:none',
    )
    const metadata = publisher.offer(6, oneApi('http://169.254.169.254/'))
    await expectRefused(metadata, '/items/upstream:orders/endpoints/0/url', 'credentials')
  })

  it('it names an mTLS context that is not there', async () => {
    const offer = publisher.offer(6, oneApi(upstream, { policies: [policy('tls', { contextRef: 'edge' })] }))
    await expectRefused(offer, '/items/api:orders/policies/0/config/contextRef', 'no mTLS context edge')
  })

  it('two of its APIs claim one address', async () => {
    const twin = oneApi(upstream).flatMap((item) =>
      item.kind === 'api' ? [{ ...item, id: 'api:twin' }] : [],
    )
    await expectRefused(
      publisher.offer(6, [...oneApi(upstream), ...twin]),
      '/items/api:twin/basePath',
      'api:orders',
    )
  })

  it('its port is taken, or it has no listener', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    end.add(() => blocker.close())
    const address = blocker.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const taken = publisher.offer(6, oneApi(upstream, { port }))
    await expectRefused(taken, '/items/listener:http/port', `port ${port} at 127.0.0.1 is in use`)
    await expectRefused(publisher.offer(6, oneApi(upstream).slice(1)), '/items', 'no listener')
  })

  it('it is no manifest at all', async () => {
    await expectRefused(
      { signed: { manifest: { revision: 6 } }, items: {} },
      '/signed/manifest/gatewayId',
      'expected string',
    )
    await expectRefused({ signed: null, items: {} }, '/signed', 'expected object')
  })
})

describe('the store of revisions', () => {
  it('serves the last revision after a restart, without the portal', async () => {
    await servingFive()
    expect(await restarted()).toEqual({ served: true, reasons: [] })
    expect(node.revisions.current?.manifest.revision).toBe(5)
    expect((await get('/orders/1')).status).toBe(200)
  })

  it('falls back to the generation before a corrupted one, and still refuses what is older than the corrupted', async () => {
    await servingFive()
    await node.revisions.apply(publisher.offer(8, oneApi(upstream, { basePath: '/v8' })), noFetch)
    const [newest = ''] = (await readdir(join(folder, 'generations'))).toSorted().reverse()
    const path = join(folder, 'generations', newest)
    const bytes = await readFile(path)
    bytes[50] = (bytes[50] ?? 0) ^ 1
    await writeFile(path, bytes)
    expect(await restarted()).toMatchObject({ served: true })
    expect((await get('/orders/1')).status).toBe(200)
    expect(node.lines.some((line) => line['code'] === 'store.generation-unreadable')).toBe(true)
    await expectRefused(publisher.offer(6, oneApi(upstream)), '/signed/manifest/revision', 'older than 8')
  })

  it('is not worn out by the same revision offered again and again', async () => {
    await servingFive()
    const next = publisher.offer(6, oneApi(upstream, { basePath: '/v2' }))
    for (let i = 0; i < 5; i++)
      expect(await node.revisions.apply(next, noFetch)).toMatchObject({ status: 'applied' })
    const files = (await readdir(join(folder, 'generations'))).toSorted()
    expect(files.map((file) => Number(file.slice(11, 21)))).toEqual([5, 6])
  })

  it('serves nothing, and opens no port, when nothing in it can be used', async () => {
    await servingFive()
    for (const file of await readdir(join(folder, 'generations')))
      await writeFile(join(folder, 'generations', file), '')
    expect(await restarted()).toEqual({ served: false, reasons: [] })
    expect(node.serving.ports).toEqual([])
    expect(node.revisions.current).toBeUndefined()
  })

  it('serves a revision that cannot be kept, and says that a restart would lose it', async () => {
    await servingFive()
    // A root user writes anywhere but into a folder that is gone.
    await rm(join(folder, 'generations'), { recursive: true })
    const answer = await node.revisions.apply(
      publisher.offer(6, oneApi(upstream, { basePath: '/v2' })),
      noFetch,
    )
    expect(answer).toMatchObject({ status: 'applied', revision: 6, persisted: false })
    expect((await get('/v2')).status).toBe(200)
    expect(node.lines.some((line) => line['code'] === 'store.not-persisted')).toBe(true)
  })
})
