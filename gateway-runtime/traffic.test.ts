import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { serveHere } from './data-plane.ts'
import { sha256 } from './ports.ts'
import type { Contents } from './plan.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { startRedis } from './testing/redis.ts'
import { closing, memoryLog, until } from './testing/world.ts'

/** Traffic policies in a node that serves, over sockets. */

const end = closing()
afterEach(() => end.closeAll())

async function origin(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    request.resume().on('end', () => answer(request, response, seen.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server }
}

type Attached = Parameters<typeof policy>

function contentsOf(items: readonly Item[]): Contents {
  return new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }]))
}

type Policies = readonly [kind: Attached[0], config: Attached[1]][]
interface Given {
  readonly sharedStore?: string
  readonly otlpEndpoint?: string
}

function attached(policies: Policies) {
  return policies.map(([kind, config], order) => ({ ...policy(kind, config), id: `p${order}`, order }))
}

function node(upstream: string, policies: Policies, more: Given = {}) {
  return nodeOf(oneApi(upstream, { basePath: '/', policies: attached(policies) }), more)
}

async function nodeOf(items: readonly Item[], more: Given = {}) {
  const { log, lines } = memoryLog()
  const plane = await serveHere(
    { trustedHops: 0, allowLoopback: true, accessLog: false, override: {}, ...more },
    { event: () => undefined, log: (level, fields, text) => log[level](fields, text) },
  )
  end.add(() => plane.drain(0))
  const served = await plane.serve(contentsOf(items))
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${plane.ports[0]}${path}`, init)
  return { served, get, lines, plane }
}

describe('http-caching on the wire', () => {
  it('answers from the cache byte for byte, to GET, HEAD and conditions', async () => {
    const { url, seen } = await origin((_request, response, count) => {
      response.setHeader('cache-control', 'max-age=60')
      response.setHeader('etag', `"v${count}"`)
      response.setHeader('content-type', 'text/plain')
      for (let i = 0; i < 4; i++) response.write(`part ${i} of ${count};`)
      response.end()
    })
    const { get } = await node(url, [['http-caching', {}]])
    const first = await (await get('/a')).text()
    const again = await get('/a')
    expect(await again.text()).toBe(first)
    expect(Object.fromEntries(again.headers)).toMatchObject({
      age: '0',
      etag: '"v1"',
      'content-type': 'text/plain',
      'content-length': String(first.length),
      'cache-status': 'Hexgate; hit',
    })
    expect(again.headers.get('date')?.split('GMT')).toHaveLength(2)
    const head = await get('/a', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(first.length)])
    // With a condition fetch asks for no-cache, unless something is said already.
    const having = { 'if-none-match': '"v1"', 'cache-control': 'max-age=600' }
    const same = await get('/a', { headers: having })
    expect([same.status, await same.text()]).toEqual([304, ''])
    expect(seen).toHaveLength(1)
    await get('/a', { method: 'DELETE' })
    expect((await get('/a')).headers.get('etag')).toBe('"v3"')
  })

  it('gives parts of what it keeps, and errors as they were, none of which is a refusal', async () => {
    const { url, seen } = await origin((request, response) => {
      response.setHeader('cache-control', 'max-age=60')
      response.setHeader('content-type', 'text/plain')
      if (request.url === '/none') response.writeHead(404).end('nothing here')
      else response.end('0123456789')
    })
    const { get, plane } = await node(url, [['http-caching', {}]])
    await (await get('/a')).text()
    const part = await get('/a', { headers: { range: 'bytes=3-5' } })
    expect([part.status, await part.text()]).toEqual([206, '345'])
    expect(Object.fromEntries(part.headers)).toMatchObject({
      'content-length': '3',
      'content-range': 'bytes 3-5/10',
      'content-type': 'text/plain',
    })
    const outside = await get('/a', { headers: { range: 'bytes=20-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    for (const hit of [null, 'Hexgate; hit']) {
      const missing = await get('/none')
      expect([missing.status, missing.headers.get('cache-status')]).toEqual([404, hit])
      expect([missing.headers.get('content-type'), await missing.text()]).toEqual([
        'text/plain',
        'nothing here',
      ])
    }
    expect(seen).toHaveLength(2)
    expect((await plane.figures()).traffic.refused).toBe(1)
  })

  it('has a stale answer confirmed by the upstream and gives it whole', async () => {
    const { url, seen } = await origin((request, response) => {
      response.setHeader('etag', '"v1"')
      response.setHeader('cache-control', 'no-cache')
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end()
      else response.end('the whole of it')
    })
    const { get } = await node(url, [['http-caching', {}]])
    for (let i = 0; i < 3; i++) {
      const answer = await get('/a')
      expect([answer.status, await answer.text()]).toEqual([200, 'the whole of it'])
    }
    expect(seen.map((request) => request.headers['if-none-match'])).toEqual([undefined, '"v1"', '"v1"'])
  })

  it('fetches once what a hundred ask for at the same time', async () => {
    const { url, seen } = await origin((_request, response) => {
      response.setHeader('cache-control', 'max-age=60')
      setTimeout(() => response.end('once'), 50)
    })
    const { get } = await node(url, [['http-caching', {}]])
    const answers = await Promise.all(Array.from({ length: 100 }, async () => (await get('/a')).text()))
    expect(new Set(answers)).toEqual(new Set(['once']))
    expect(seen).toHaveLength(1)
  })

  it('does not keep an answer that broke off, nor one that is too long', async () => {
    const { url, seen } = await origin((request, response) => {
      response.setHeader('cache-control', 'max-age=60')
      if (request.url === '/long') return void response.end('x'.repeat(2_000))
      response.setHeader('content-length', '100')
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    const { get } = await node(url, [['http-caching', { maxEntryBytes: 1_000 }]])
    for (let i = 0; i < 2; i++) {
      await expect(get('/broken').then((answer) => answer.text())).rejects.toThrow()
      expect(await (await get('/long')).text()).toHaveLength(2_000)
    }
    expect(seen).toHaveLength(4)
  })

  it('lets a client that leaves while it waits for another go, and serves on', async () => {
    const release: (() => void)[] = []
    const { url } = await origin((_request, response) => {
      response.setHeader('cache-control', 'max-age=60')
      release.push(() => response.end('late'))
    })
    const { get, plane } = await node(url, [['http-caching', {}]])
    const leader = get('/a')
    await until('the upstream was asked', () => release.length === 1)
    const socket = connect(plane.ports[0] ?? 0, '127.0.0.1')
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
    const follower = get('/a')
    socket.destroy()
    release[0]?.()
    expect(await (await leader).text()).toBe('late')
    expect(await (await follower).text()).toBe('late')
    expect((await get('/a')).headers.get('cache-status')).toBe('Hexgate; hit')
  })

  it('covers an error of the upstream, and an upstream that is gone, for as long as the answer allows it', async () => {
    const { url, server } = await origin((_request, response, count) => {
      response.setHeader('cache-control', 'max-age=0, stale-if-error=600')
      response.setHeader('etag', '"v1"')
      response.writeHead(count === 1 ? 200 : 503).end(count === 1 ? 'good' : 'bad')
    })
    const { get } = await node(url, [['http-caching', {}]])
    expect(await (await get('/a')).text()).toBe('good')
    const covered = await get('/a')
    expect([covered.status, await covered.text()]).toEqual([200, 'good'])
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const alone = await get('/a')
    expect([alone.status, await alone.text()]).toEqual([200, 'good'])
  })
})

describe('nodes that share a store', () => {
  it('count together and keep answers together', async () => {
    const redis = await startRedis(end)
    const { url, seen } = await origin((_request, response, count) => {
      response.setHeader('cache-control', 'max-age=60')
      response.end(`answer ${count}`)
    })
    const policies: Policies = [
      [
        'rate-limiting',
        {
          rateLimits: [{ maximumRequests: 5, timePeriodInMilliseconds: 86_400_000 }],
          clusterizable: true,
          failureMode: 'closed',
        },
      ],
      ['http-caching', { distributed: true, mode: 'write-behind', writeBehind: { flushInterval: 10 } }],
    ]
    const store = { sharedStore: redis.url }
    const nodes = await Promise.all([node(url, policies, store), node(url, policies, store)])
    for (const { lines } of nodes)
      await until('connected', () => lines.some((line) => line['code'] === 'shared_store.connected'))
    const [one, two] = nodes
    expect(await (await one.get('/a')).text()).toBe('answer 1')
    await until(
      'the other node has it',
      async () => (await two.get('/a')).headers.get('cache-status') !== null,
    )
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) statuses.push((await (i % 2 === 0 ? one : two).get('/a')).status)
    expect(statuses.at(-1)).toBe(429)
    expect(seen.length).toBeLessThanOrEqual(4)
    await redis.stop()
    await until('it is noticed', async () => (await one.get('/a')).status === 503)
  })

  it('are not held up by a store that stands still, and other APIs do not notice at all', async () => {
    const redis = await startRedis(end)
    const { url } = await origin((_request, response) => response.end('fine'))
    const limits = [{ maximumRequests: 10_000, timePeriodInMilliseconds: 86_400_000 }]
    const policies = attached([['rate-limiting', { rateLimits: limits, clusterizable: true }]])
    const limited = oneApi(url, { basePath: '/limited', policies })
    const plain = oneApi(url, { basePath: '/plain' }).flatMap((item) =>
      item.kind === 'api' ? [{ ...item, id: 'api:plain' }] : [],
    )
    const { get, lines } = await nodeOf([...limited, ...plain], { sharedStore: redis.url })
    const said = (code: string) => lines.filter((line) => line['code'] === code).length
    await until('connected', () => said('shared_store.connected') === 1)
    const ask = async (path: string, times: number) => {
      const began = performance.now()
      const statuses = new Set<number>()
      for (let i = 0; i < times; i++) statuses.add((await get(path)).status)
      return { statuses: [...statuses], ms: performance.now() - began }
    }
    redis.pause()
    end.add(() => redis.resume())
    const [counted, other] = await Promise.all([ask('/limited', 100), ask('/plain', 100)])
    expect([counted.statuses, other.statuses]).toEqual([[200], [200]])
    // Each wait of 100 ms is followed by a second in which nobody waits.
    expect(counted.ms).toBeLessThan(2_000)
    expect(other.ms).toBeLessThan(2_000)
    expect(said('rate-limiting.store_away')).toBe(1)
    redis.resume()
    await until('counted together again', async () => {
      await get('/limited')
      return said('rate-limiting.store_back') === 1
    })
  })

  it.each([
    ['rate-limiting', { clusterizable: true }],
    ['rate-limiting-sla-based', { clusterizable: true }],
    ['http-caching', { distributed: true }],
  ])('refuses %s %j on a node without one, with the option that is missing', async (kind, config) => {
    const { url } = await origin((_request, response) => response.end())
    const { served } = await node(url, [[kind, config]])
    expect(served).toMatchObject({ ok: false, reasons: [{ pointer: '/items/api:orders/policies/0/config' }] })
    expect(JSON.stringify(served)).toContain('--shared-store redis://')
  })
})

describe('rate-limiting-sla-based on the wire', () => {
  it('holds clients to the tier of their contract, and refuses those without one', async () => {
    const { url } = await origin((_request, response) => response.end('fine'))
    const limits = [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }]
    const contracts: Item = {
      kind: 'contracts',
      id: 'contracts:orders',
      clients: [
        { id: 'ann', name: 'Ann', keyHashes: [sha256('ann-key')], tier: { name: 'iron', limits } },
        { id: 'ben', name: 'Ben', keyHashes: [] },
      ],
    }
    const policies = attached([
      ['rate-limiting-sla-based', { clientSecretExpression: "#[attributes.headers['client_secret']]" }],
    ])
    const api = oneApi(url, { basePath: '/', policies }).map((item) =>
      item.kind === 'api' ? { ...item, contracts: contracts.id } : item,
    )
    const { get } = await nodeOf([...api, contracts])
    const as = async (id: string, secret: string) =>
      (await get('/', { headers: { client_id: id, client_secret: secret } })).status
    expect(await as('ann', 'ann-key')).toBe(200)
    expect(await as('ann', 'wrong')).toBe(401)
    expect(await as('ann', 'ann-key')).toBe(200)
    expect(await as('ann', 'ann-key')).toBe(429)
    expect((await get('/')).status).toBe(401)
  })
})

describe('spec-validation on the wire', () => {
  const spec = JSON.stringify({
    openapi: '3.1.0',
    paths: {
      '/orders': {
        post: {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { type: 'object', required: ['item'] } } },
          },
          responses: { 200: { content: { 'application/json': { schema: { type: 'array' } } } } },
        },
      },
    },
  })

  it('refuses with a problem document before the upstream hears of it, and reports answers', async () => {
    const { url, seen } = await origin((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
    const { get, lines } = await node(url, [
      ['spec-validation', { source: 'inline', spec, maxBodyBytes: 100 }],
    ])
    const post = (body: string | ReadableStream) =>
      get('/orders', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit)
    const refused = await post('{"count":1}')
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      code: 'spec-validation.body_invalid',
      detail: "The body must have required property 'item'.",
    })
    const long = await post(new Blob([`{"item":"${'x'.repeat(200)}"}`]).stream())
    expect(long.status).toBe(413)
    expect((await get('/orders')).status).toBe(405)
    expect((await get('/other')).status).toBe(404)
    expect(seen).toHaveLength(0)
    const good = await post(new Blob(['{"item":"nut"}']).stream())
    expect([good.status, await good.text()]).toEqual([200, '{}'])
    await until('the answer was reported', () =>
      lines.some((line) => line['code'] === 'spec-validation.answer_invalid'),
    )
  })
})

describe('spike-control on the wire', () => {
  it('delays what is too much, serves it, and refuses what the queue has no room for', async () => {
    const { url } = await origin((_request, response) => response.end())
    const config = {
      maximumRequests: 2,
      timePeriodInMilliseconds: 300,
      delayTimeInMillis: 310,
      delayAttempts: 1,
      queuingLimit: 2,
    }
    const { get } = await node(url, [['spike-control', config]])
    const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await get('/')).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 429, 429])
  })
})

describe('tracing on the wire', () => {
  it('names its span to the upstream and brings the very same one to the collector', async () => {
    const { url, seen } = await origin((_request, response) => response.end('fine'))
    const received: string[] = []
    const collector = await origin((_request, response) => response.end('{}'))
    collector.server.prependListener('request', (request: IncomingMessage) => {
      request.on('data', (chunk: Buffer) => received.push(chunk.toString()))
    })
    const { get } = await node(url, [['tracing', {}]], { otlpEndpoint: collector.url })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await (
      await get('/a?key=hunter2', { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
    ).text()
    await until('spans have come', () => collector.seen.length > 0 && received.join('').includes(traceId))
    const [, trace, spanId, flags] = String(seen[0]?.headers['traceparent']).split('-')
    expect([trace, flags]).toEqual([traceId, '01'])
    const body = received.join('')
    expect(body).toContain(`"spanId":"${spanId}"`)
    expect(body).toContain('"parentSpanId":"00f067aa0ba902b7"')
    expect(body).not.toContain('hunter2')
  })
})
