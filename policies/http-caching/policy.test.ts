import { describe, expect, it } from 'vitest'
import type { Prepared, SharedStore } from '../definition.ts'
import type { Outcome, Refusal } from '../exchange.ts'
import { ExchangeInMemory, type PortsInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { httpCaching } from './policy.ts'

type Given = ConstructorParameters<typeof ExchangeInMemory>[0]
type Headers = Record<string, string | readonly string[]>
interface Upstream {
  status?: number
  headers?: Headers
  body?: string | null
}

const epoch = Date.parse('2026-01-01T00:00:00Z')
const outcome: Outcome = {
  status: 200,
  code: undefined,
  durationMs: 1,
  requestBytes: 0,
  responseBytes: 0,
  upstream: undefined,
  upstreamMs: undefined,
}

function at(ports = portsInMemory()) {
  if (ports.clock.ms === 0) ports.clock.ms = epoch
  return ports
}

function cached(config: Record<string, unknown> = {}, ports: PortsInMemory = at()) {
  const policy = httpCaching.prepare(httpCaching.config.parse(config), ports)
  const asked: ExchangeInMemory[] = []
  /** One exchange from end to end; `upstream` is called only where the cache lets it through. */
  async function get(given: Given = {}, upstream: Upstream | (() => Upstream | Promise<Upstream>) = {}) {
    const exchange = new ExchangeInMemory(given)
    const own = await policy.onRequest?.(exchange)
    if (own !== undefined) {
      policy.onDone?.(exchange, outcome)
      return { by: 'cache', ...read(own), exchange }
    }
    asked.push(exchange)
    const answer = typeof upstream === 'function' ? await upstream() : upstream
    const instead = answered(policy, exchange, answer)
    policy.onDone?.(exchange, outcome)
    if (instead !== undefined) return { by: 'confirmed', ...read(instead), exchange }
    return { by: 'upstream', status: exchange.status, headers: {}, body: answer.body ?? 'fresh', exchange }
  }
  return { get, asked, policy, ports }
}

function answered(policy: Prepared, exchange: ExchangeInMemory, answer: Upstream): Refusal | undefined {
  exchange.status = answer.status ?? 200
  for (const [name, value] of Object.entries(answer.headers ?? { 'cache-control': 'max-age=60' }))
    exchange.responseHeaders.set(name, [value].flat())
  const instead = policy.onResponse?.(exchange)
  if (typeof instead === 'object') return instead
  const body = answer.body === undefined ? 'fresh' : answer.body
  if (policy.responseBody?.wants?.(exchange) === true)
    void policy.responseBody.run(exchange, body === null ? null : new TextEncoder().encode(body))
  return undefined
}

function read({ status, code, headers = {}, body }: Refusal) {
  return { status, code, headers, body: body === undefined ? undefined : new TextDecoder().decode(body) }
}

const forAMinute = { headers: { 'cache-control': 'max-age=60' }, body: 'first' }

describe('http-caching', () => {
  it('answers again without the upstream while an answer is fresh, with its age, and not after', async () => {
    const { get, ports } = cached()
    expect(await get({}, forAMinute)).toMatchObject({ by: 'upstream' })
    ports.pass(59_000)
    const hit = await get()
    expect(hit).toMatchObject({ by: 'cache', status: 200, code: 'http-caching.hit', body: 'first' })
    expect(hit.headers).toMatchObject({
      age: '59',
      'cache-control': 'max-age=60',
      'cache-status': 'Hexgate; hit',
    })
    ports.pass(2_000)
    expect(await get()).toMatchObject({ by: 'upstream' })
  })

  it.each<[string, Headers]>([
    ['no-store', { 'cache-control': 'no-store, max-age=60' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['Private in capitals', { 'cache-control': 'Private, Max-Age=60' }],
    ['nothing of its lifetime', { 'content-type': 'text/plain' }],
    [
      'only when it changed',
      { 'last-modified': 'Wed, 01 Jan 2020 00:00:00 GMT', 'cache-control': 'no-store' },
    ],
    ['a cookie', { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=b' }],
    ['vary by everything', { 'cache-control': 'max-age=60', vary: '*' }],
    ['already old', { 'cache-control': 'max-age=60', age: '61' }],
    ['expired', { expires: '0' }],
  ])('does not give again what says %s', async (_what, headers) => {
    const { get } = cached()
    await get({}, { headers })
    expect(await get()).toMatchObject({ by: 'upstream' })
  })

  it.each([
    ['POST', {}],
    ['GET', { status: 404, headers: {} }],
    ['GET', { status: 403, headers: { 'cache-control': 'max-age=60' } }],
    ['GET', { status: 500, headers: { 'cache-control': 'max-age=60' } }],
    ['GET', { status: 206, headers: { 'cache-control': 'max-age=60' } }],
    ['GET', { body: null }],
  ])('does not keep the answer to %s %j', async (method, upstream) => {
    const { get } = cached()
    await get({ method }, upstream)
    expect(await get({ method })).toMatchObject({ by: 'upstream' })
  })

  it.each([404, 405, 410, 414, 501])(
    'gives %i again as it was, for as long as it says itself',
    async (status) => {
      const { get, ports } = cached()
      const headers = { 'cache-control': 'max-age=60', 'content-type': 'text/plain' }
      await get({}, { status, headers, body: 'nothing here' })
      ports.pass(59_000)
      expect(await get()).toMatchObject({ by: 'cache', status, body: 'nothing here' })
      expect((await get()).headers).toMatchObject({ 'content-type': 'text/plain', age: '59' })
      ports.pass(2_000)
      expect(await get()).toMatchObject({ by: 'upstream' })
    },
  )

  it('keeps paths, queries and what varies apart', async () => {
    const { get } = cached()
    const by = (language: string) => ({ headers: { 'accept-language': language } })
    const varying = (body: string) => ({
      headers: { 'cache-control': 'max-age=60', vary: 'Accept-Language' },
      body,
    })
    await get(by('de'), varying('guten Tag'))
    expect(await get(by('fr'), varying('bonjour'))).toMatchObject({ by: 'upstream' })
    expect(await get(by('de'))).toMatchObject({ by: 'cache', body: 'guten Tag' })
    expect(await get(by('fr'))).toMatchObject({ by: 'cache', body: 'bonjour' })
    expect(await get({ query: '?b', ...by('de') })).toMatchObject({ by: 'upstream' })
    expect(await get({ path: '/other', ...by('de') })).toMatchObject({ by: 'upstream' })
  })

  it('gives an encoded answer only to those who take the encoding, though it forgot to say Vary', async () => {
    const { get } = cached()
    const zipped = { headers: { 'cache-control': 'max-age=60', 'content-encoding': 'gzip' } }
    await get({ headers: { 'accept-encoding': 'gzip' } }, zipped)
    expect(await get({ headers: { 'accept-encoding': 'gzip' } })).toMatchObject({ by: 'cache' })
    expect(await get({})).toMatchObject({ by: 'upstream' })
  })

  describe('of which a part is asked for', () => {
    const whole = { headers: { 'cache-control': 'max-age=60', etag: '"1"' }, body: '0123456789' }
    const part = (range: string, more: Headers = {}) => ({ headers: { range, ...more } })

    it('gives the part of what is stored', async () => {
      const { get } = cached()
      await get({}, whole)
      const answer = await get(part('bytes=2-4'))
      expect(answer).toMatchObject({ by: 'cache', status: 206, body: '234' })
      expect(answer.headers).toMatchObject({ 'content-range': 'bytes 2-4/10', etag: '"1"', age: '0' })
      expect(await get(part('bytes=-1'))).toMatchObject({ status: 206, body: '9' })
      const outside = await get(part('bytes=10-'))
      expect(outside).toMatchObject({ status: 416, code: 'http-caching.range', body: undefined })
      expect(outside.headers).toMatchObject({ 'content-range': 'bytes */10' })
    })

    it('gives all of it where the part is none, is another’s, or the client has it already', async () => {
      const { get } = cached()
      await get({}, whole)
      const all = { by: 'cache', status: 200, body: whole.body }
      expect(await get(part('bytes=5-2'))).toMatchObject(all)
      expect(await get(part('bytes=0-1', { 'if-range': '"2"' }))).toMatchObject(all)
      expect(await get(part('bytes=0-1', { 'if-range': '"1"' }))).toMatchObject({ status: 206, body: '01' })
      expect(await get(part('bytes=0-1', { 'if-none-match': '"1"' }))).toMatchObject({ status: 304 })
      expect(await get({ method: 'HEAD', ...part('bytes=0-1') })).toMatchObject(all)
    })

    it('leaves several parts, and what is not stored, to the upstream, and keeps no part', async () => {
      const { get, asked } = cached()
      const partial = { status: 206, headers: { 'cache-control': 'max-age=60' }, body: '01' }
      expect(await get(part('bytes=0-1'), partial)).toMatchObject({ by: 'upstream' })
      expect(await get(part('bytes=0-1'), partial)).toMatchObject({ by: 'upstream' })
      expect(asked.map(({ requestHeaders }) => [...requestHeaders.keys()])).toEqual([['range'], ['range']])
      expect(await get({}, whole)).toMatchObject({ by: 'upstream' })
      expect(await get(part('bytes=0-1,3-4'), partial)).toMatchObject({ by: 'upstream' })
      expect(await get(part('items=0-1'), partial)).toMatchObject({ by: 'upstream' })
      expect(await get(part('bytes=0-1', { 'cache-control': 'no-cache' }), partial)).toMatchObject({
        by: 'upstream',
      })
      expect(await get()).toMatchObject({ by: 'cache', body: whole.body })
    })

    it('gives no part of an error', async () => {
      const { get } = cached()
      await get({}, { ...whole, status: 404 })
      expect(await get(part('bytes=2-4'))).toMatchObject({ by: 'cache', status: 404, body: whole.body })
    })
  })

  it('answers HEAD from what GET was, and keeps nothing of a HEAD', async () => {
    const { get } = cached()
    await get({ method: 'HEAD' }, forAMinute)
    expect(await get({}, forAMinute)).toMatchObject({ by: 'upstream' })
    expect(await get({ method: 'HEAD' })).toMatchObject({ by: 'cache', body: 'first' })
  })

  it('forgets what an unsafe request has changed, and only when it went well', async () => {
    const { get } = cached()
    await get({}, forAMinute)
    await get({ method: 'PUT' }, { status: 409 })
    expect(await get()).toMatchObject({ by: 'cache' })
    await get({ method: 'PUT' }, { status: 204 })
    expect(await get()).toMatchObject({ by: 'upstream' })
  })

  it('heeds what the client asks: no-cache, max-age, only-if-cached', async () => {
    const { get, ports } = cached()
    const asking = (cacheControl: string) => ({ headers: { 'cache-control': cacheControl } })
    expect(await get(asking('only-if-cached'))).toMatchObject({
      status: 504,
      code: 'http-caching.not_cached',
    })
    await get({}, forAMinute)
    ports.pass(10_000)
    expect(await get(asking('Only-If-Cached'))).toMatchObject({ by: 'cache', status: 200 })
    expect(await get(asking('max-age=20'))).toMatchObject({ by: 'cache' })
    expect(await get(asking('max-age=5'), forAMinute)).toMatchObject({ by: 'upstream' })
    expect(await get(asking('no-cache'), forAMinute)).toMatchObject({ by: 'upstream' })
  })
})

describe('http-caching between callers', () => {
  const ann = { headers: { authorization: 'Bearer ann' } }
  const client = { id: 'ann', name: 'Ann' }

  it.each<[string, Given]>([
    ['an Authorization header', ann],
    ['a client that was found out', { client }],
    ['claims of a token', { claims: { sub: 'ann' } }],
  ])('never keeps what came for %s, unless the answer says that it is for all', async (_what, given) => {
    const { get } = cached()
    await get(given, forAMinute)
    expect(await get({})).toMatchObject({ by: 'upstream' })
    const { get: getPublic } = cached()
    await getPublic(given, { headers: { 'cache-control': 'public, max-age=60' } })
    expect(await getPublic({ headers: { authorization: 'Bearer ben' } })).toMatchObject({ by: 'cache' })
    const { get: getShared } = cached()
    await getShared(given, { headers: { 'cache-control': 's-maxage=60' } })
    expect(await getShared({})).toMatchObject({ by: 'cache' })
  })

  it('does not take must-revalidate for a leave to share', async () => {
    const { get } = cached()
    await get(ann, { headers: { 'cache-control': 'max-age=60, must-revalidate' } })
    expect(await get(ann)).toMatchObject({ by: 'upstream' })
  })

  it('does not give somebody who is known what was for nobody', async () => {
    const { get } = cached()
    await get({}, forAMinute)
    expect(await get(ann)).toMatchObject({ by: 'upstream' })
    expect(await get({})).toMatchObject({ by: 'cache' })
  })

  it.each([
    [{ useHttpCacheHeaders: true }, 'max-age=60'],
    [{ useHttpCacheHeaders: true }, 'public, max-age=60'],
    [{ useHttpCacheHeaders: false }, 'max-age=60'],
  ])(
    'keeps nothing where only a policy behind it found out who it is, which a stored answer would pass by: %j %s',
    (config, cacheControl) => {
      const { policy } = cached(config)
      const exchange = new ExchangeInMemory({})
      expect(policy.onRequest?.(exchange)).toBeUndefined()
      exchange.client = client
      answered(policy, exchange, { headers: { 'cache-control': cacheControl } })
      expect(policy.onRequest?.(new ExchangeInMemory({}))).toBeUndefined()
    },
  )

  it('with a lifetime of its own keeps every caller apart, by credentials and cookies', async () => {
    const { get, ports } = cached({ useHttpCacheHeaders: false, ttl: 10 })
    const secret = { headers: { 'cache-control': 'no-store' }, body: 'for ann' }
    await get(ann, secret)
    expect(await get(ann)).toMatchObject({ by: 'cache', body: 'for ann' })
    expect(await get({ headers: { authorization: 'Bearer ben' } }, secret)).toMatchObject({ by: 'upstream' })
    expect(await get({ headers: { cookie: 'session=1' } }, secret)).toMatchObject({ by: 'upstream' })
    expect(await get({ headers: { cookie: 'session=2' } }, secret)).toMatchObject({ by: 'upstream' })
    expect(await get({ client }, secret)).toMatchObject({ by: 'upstream' })
    expect(await get({}, secret)).toMatchObject({ by: 'upstream' })
    ports.pass(9_000)
    expect(await get(ann)).toMatchObject({ by: 'cache', headers: { 'cache-control': 'no-store', age: '9' } })
    ports.pass(1_000)
    expect(await get(ann)).toMatchObject({ by: 'upstream' })
  })
})

describe('http-caching and validators', () => {
  const tagged = { headers: { 'cache-control': 'max-age=60', etag: '"v1"' }, body: 'first' }

  it('answers a client that has it already with 304', async () => {
    const { get } = cached()
    await get({}, tagged)
    const same = await get({ headers: { 'if-none-match': 'W/"v1", "v0"' } })
    expect(same).toMatchObject({ by: 'cache', status: 304, body: undefined })
    expect(same.headers).toMatchObject({ etag: '"v1"', 'cache-control': 'max-age=60' })
    expect(await get({ headers: { 'if-none-match': '"v0"' } })).toMatchObject({ status: 200, body: 'first' })
    expect(await get({ headers: { 'if-none-match': '*' } })).toMatchObject({ status: 304 })
  })

  it('answers 304 by date too', async () => {
    const { get } = cached()
    const changed = 'Wed, 01 Jan 2025 00:00:00 GMT'
    await get({}, { headers: { 'cache-control': 'max-age=60', 'last-modified': changed } })
    expect(await get({ headers: { 'if-modified-since': changed } })).toMatchObject({ status: 304 })
    expect(await get({ headers: { 'if-modified-since': 'Tue, 31 Dec 2024 00:00:00 GMT' } })).toMatchObject({
      status: 200,
    })
  })

  it('asks the upstream whether a stale answer is still right, and gives it when it is', async () => {
    const { get, asked, ports } = cached()
    await get({}, tagged)
    ports.pass(61_000)
    const confirmed = await get({}, { status: 304, headers: { etag: '"v1"', 'cache-control': 'max-age=30' } })
    expect(asked.at(-1)?.header('if-none-match')).toBe('"v1"')
    expect(confirmed).toMatchObject({ by: 'confirmed', status: 200, body: 'first' })
    expect(confirmed.headers).toMatchObject({ 'cache-control': 'max-age=30', age: '0' })
    ports.pass(29_000)
    expect(await get()).toMatchObject({ by: 'cache', body: 'first' })
    ports.pass(2_000)
    await get({}, { ...tagged, body: 'second' })
    expect(await get()).toMatchObject({ by: 'cache', body: 'second' })
  })

  it('leaves a condition of the client alone, and learns from its answer', async () => {
    const { get, asked, ports } = cached()
    await get({}, tagged)
    ports.pass(61_000)
    const answer = await get(
      { headers: { 'if-none-match': '"v1"' } },
      { status: 304, headers: { etag: '"v1"', 'cache-control': 'max-age=60' } },
    )
    expect(asked.at(-1)?.header('if-none-match')).toBe('"v1"')
    expect(answer).toMatchObject({ by: 'upstream', status: 304 })
    expect(await get()).toMatchObject({ by: 'cache', body: 'first' })
  })

  it('uses an answer with must-revalidate while it is fresh, and never after', async () => {
    const { get, ports } = cached()
    const strict = { headers: { 'cache-control': 'max-age=60, must-revalidate, stale-if-error=600' } }
    await get({}, strict)
    const hit = await get()
    expect(hit).toMatchObject({ by: 'cache' })
    expect(hit.headers).toMatchObject({ 'cache-control': 'max-age=60, must-revalidate, stale-if-error=600' })
    ports.pass(61_000)
    expect(await get({ headers: { 'cache-control': 'max-stale' } }, { status: 503 })).toMatchObject({
      by: 'upstream',
      status: 503,
    })
  })

  it('covers errors with a stale answer for as long as that allows it', async () => {
    const { get, ports } = cached()
    await get({}, { headers: { 'cache-control': 'max-age=60, stale-if-error=600' }, body: 'first' })
    ports.pass(300_000)
    expect(await get({}, { status: 503 })).toMatchObject({ by: 'confirmed', status: 200, body: 'first' })
    expect(await get({}, { status: 404 })).toMatchObject({ by: 'upstream', status: 404 })
    ports.pass(400_000)
    expect(await get({}, { status: 503 })).toMatchObject({ by: 'upstream', status: 503 })
  })
})

describe('http-caching under load', () => {
  it('fetches once what many ask for at the same time', async () => {
    const { get, asked } = cached()
    const release: (() => void)[] = []
    const slow = () => new Promise<Upstream>((resolve) => release.push(() => resolve(forAMinute)))
    const answers = Array.from({ length: 20 }, () => get({}, slow))
    await Promise.resolve()
    for (const go of release) go()
    const by = (await Promise.all(answers)).map((answer) => answer.by)
    expect(by.filter((one) => one === 'upstream')).toHaveLength(1)
    expect(by.filter((one) => one === 'cache')).toHaveLength(19)
    expect(asked).toHaveLength(1)
  })

  it('lets all go on at once where the answer turned out not to be for all, and does not line them up again', async () => {
    const { get, asked, policy } = cached()
    const own = { headers: { 'cache-control': 'private' } }
    await Promise.all(Array.from({ length: 5 }, () => get({}, own)))
    expect(asked).toHaveLength(5)
    const first = new ExchangeInMemory({})
    expect(policy.onRequest?.(first)).toBeUndefined()
    expect(policy.onRequest?.(new ExchangeInMemory({}))).not.toBeInstanceOf(Promise)
  })

  it('does not make anybody wait for longer than 5 s, nor for a client that left', async () => {
    const { policy, ports } = cached()
    const ask = (exchange = new ExchangeInMemory({})) => policy.onRequest?.(exchange)
    const leader = new ExchangeInMemory({})
    expect(ask(leader)).toBeUndefined()
    const waiting = ask()
    expect(waiting).toBeInstanceOf(Promise)
    ports.pass(5_000)
    expect(await waiting).toBeUndefined()
    const { policy: other } = cached()
    const gone = new ExchangeInMemory({})
    expect(other.onRequest?.(gone)).toBeUndefined()
    const behind = other.onRequest?.(new ExchangeInMemory({}))
    other.onDone?.(gone, outcome)
    expect(await behind).toBeUndefined()
  })

  it('gives a stale answer to all but the one that renews it (stale-while-revalidate)', async () => {
    const { get, policy, ports } = cached()
    await get({}, { headers: { 'cache-control': 'max-age=60, stale-while-revalidate=60' }, body: 'old' })
    ports.pass(90_000)
    const renewing = new ExchangeInMemory({})
    expect(policy.onRequest?.(renewing)).toBeUndefined()
    expect(await get()).toMatchObject({ by: 'cache', body: 'old' })
    answered(policy, renewing, { ...forAMinute, body: 'new' })
    expect(await get()).toMatchObject({ by: 'cache', body: 'new' })
  })

  it('stays within its number of answers and its bytes, the least recently used go first', async () => {
    const { get } = cached({ maxCacheEntries: 2 })
    for (const path of ['/a', '/b']) await get({ path }, forAMinute)
    await get({ path: '/a' })
    await get({ path: '/c' }, forAMinute)
    expect(await get({ path: '/b' }, { headers: {} })).toMatchObject({ by: 'upstream' })
    expect(await get({ path: '/a' })).toMatchObject({ by: 'cache' })
    const small = cached({ maxCacheBytes: 65_536 })
    const large = { ...forAMinute, body: 'x'.repeat(40_000) }
    await small.get({ path: '/a' }, large)
    await small.get({ path: '/b' }, large)
    expect(await small.get({ path: '/a' })).toMatchObject({ by: 'upstream' })
  })

  it('keeps its answers over a new plan with the same configuration', async () => {
    const { get, ports } = cached()
    await get({}, forAMinute)
    expect(await cached({}, ports).get()).toMatchObject({ by: 'cache' })
    expect(await cached({ maxCacheEntries: 5 }, ports).get()).toMatchObject({ by: 'upstream' })
  })
})

describe('http-caching by its settings', () => {
  it('forgets one answer or all when a header says so, which the upstream does not see', async () => {
    const { get, asked } = cached({ invalidationHeader: 'X-Cache-Wish' })
    for (const path of ['/a', '/b']) await get({ path }, forAMinute)
    const wish = (value: string) => ({ path: '/a', headers: { 'x-cache-wish': value } })
    expect(await get(wish('invalidate'), forAMinute)).toMatchObject({ by: 'upstream' })
    expect(asked.at(-1)?.header('x-cache-wish')).toBeUndefined()
    expect(await get({ path: '/b' })).toMatchObject({ by: 'cache' })
    await get(wish('invalidate-all'), forAMinute)
    expect(await get({ path: '/b' })).toMatchObject({ by: 'upstream' })
    expect(await get(wish('please'))).toMatchObject({
      status: 400,
      code: 'http-caching.invalidation_unknown',
    })
  })

  it('keeps under another key when told to', async () => {
    const { get } = cached({ httpCachingKey: '#[attributes.requestPath]' })
    await get({ query: '?a' }, forAMinute)
    expect(await get({ query: '?b' })).toMatchObject({ by: 'cache' })
  })

  it('caches only for the requests and answers that it is told to', async () => {
    const { get } = cached({
      requestExpression: "#[attributes.requestPath contains 'static']",
      responseExpression: '#[attributes.statusCode == 203]',
    })
    await get({ path: '/static' }, forAMinute)
    expect(await get({ path: '/static' }, { ...forAMinute, status: 203 })).toMatchObject({ by: 'upstream' })
    expect(await get({ path: '/static' })).toMatchObject({ by: 'cache', status: 203 })
    await get({ path: '/other' }, { ...forAMinute, status: 203 })
    expect(await get({ path: '/other' })).toMatchObject({ by: 'upstream' })
  })

  it('refuses to be prepared as the cache of all nodes where there is no shared store', () => {
    expect(() => cached({ distributed: true })).toThrow('--shared-store')
  })

  it.each([
    [{ httpCachingKey: 'path' }, 'httpCachingKey'],
    [{ httpCachingKey: '#[attributes.statusCode]' }, 'httpCachingKey'],
    [{ requestExpression: '#[payload]' }, 'requestExpression'],
    [{ responseExpression: '#[' }, 'responseExpression'],
    [{ maxCacheEntries: 0 }, 'maxCacheEntries'],
    [{ ttl: 0 }, 'ttl'],
    [{ persistCache: true, distributed: false }, 'persistCache'],
    [{ mode: 'write-behind' }, 'mode'],
    [{ invalidationHeader: 'a b' }, 'invalidationHeader'],
    [{ invalidationHeader: 'Host' }, 'invalidationHeader'],
    [{ writeBehind: { maxQueue: 0 } }, 'writeBehind/maxQueue'],
  ])('refuses %j at its field', (given, path) => {
    const issues = httpCaching.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})

/** A store of the test's own: what it was told, in order, and whether it is there. */
function storeInMemory() {
  const values = new Map<string, Uint8Array>()
  const world = { values, isAway: false, writes: 0 }
  const here = async () => {
    if (world.isAway) throw new Error('away')
  }
  const store: SharedStore = {
    evaluate: () => Promise.reject(new Error('not used')),
    get: async (key) => (await here(), values.get(key)),
    set: async (key, value) => {
      await here()
      world.writes++
      values.set(key, value)
    },
    delete: async (keys) => {
      await here()
      for (const key of keys) values.delete(key)
    },
  }
  return { store, world }
}

describe('http-caching in several processes of a node', () => {
  it('forgets in all of them what one is to forget, and nothing else', async () => {
    const listeners: { heard(text: string): void }[] = []
    const one = (number: number) => {
      const siblings = {
        tell: (_name: string, text: string) =>
          listeners.forEach((listener, index) => index !== number && listener.heard(text)),
        listen: (_name: string, listener: { heard(text: string): void }) => void listeners.push(listener),
      }
      return cached({ invalidationHeader: 'x-wish' }, at(portsInMemory({}, { siblings })))
    }
    const [first, second] = [one(0), one(1)]
    for (const { get } of [first, second]) for (const path of ['/a', '/b']) await get({ path }, forAMinute)
    await first.get({ path: '/a', method: 'PUT' }, { status: 204 })
    expect(await second.get({ path: '/b' })).toMatchObject({ by: 'cache' })
    expect(await second.get({ path: '/a' }, { headers: {} })).toMatchObject({ by: 'upstream' })
    await second.get({ path: '/a', headers: { 'x-wish': 'invalidate-all' } }, { headers: {} })
    expect(await first.get({ path: '/b' })).toMatchObject({ by: 'upstream' })
  })
})

describe('http-caching of all nodes', () => {
  const shared = (config: Record<string, unknown>, store: SharedStore) =>
    cached({ distributed: true, ...config }, at(portsInMemory({}, { sharedStore: store })))

  it('gives on one node what another has fetched, with its age, and forgets it on both', async () => {
    const { store } = storeInMemory()
    const [one, two] = [
      shared({ invalidationHeader: 'x-wish' }, store),
      shared({ invalidationHeader: 'x-wish' }, store),
    ]
    await one.get({}, forAMinute)
    two.ports.pass(20_000)
    expect(await two.get()).toMatchObject({ by: 'cache', body: 'first', headers: { age: '20' } })
    await two.get({ method: 'DELETE' }, { status: 204 })
    expect(await one.get({}, forAMinute)).toMatchObject({ by: 'upstream' })
    expect(await one.get()).toMatchObject({ by: 'cache' })
    await two.get({ path: '/other', headers: { 'x-wish': 'invalidate-all' } }, forAMinute)
    expect(await one.get({}, { headers: {} })).toMatchObject({ by: 'upstream' })
  })

  it('goes to the upstream while the store is away, and says so once', async () => {
    const { store, world } = storeInMemory()
    const { get, ports } = shared({}, store)
    await get({}, forAMinute)
    world.isAway = true
    expect(await get({}, forAMinute)).toMatchObject({ by: 'upstream' })
    expect(await get({}, forAMinute)).toMatchObject({ by: 'upstream' })
    expect(ports.logged.map(({ code }) => code)).toEqual(['http-caching.store_away'])
    world.isAway = false
    expect(await get()).toMatchObject({ by: 'cache' })
  })

  it('takes nothing that was kept by other rules', async () => {
    const { store } = storeInMemory()
    await shared({ useHttpCacheHeaders: false }, store).get({}, { headers: { 'cache-control': 'no-store' } })
    expect(await shared({}, store).get()).toMatchObject({ by: 'upstream' })
  })

  it('takes nothing from the store that it cannot read', async () => {
    const { store, world } = storeInMemory()
    const { get } = shared({}, store)
    await get({}, forAMinute)
    for (const key of world.values.keys()) world.values.set(key, Uint8Array.of(0, 0, 0, 200, 1, 2))
    expect(await get()).toMatchObject({ by: 'upstream' })
  })

  it('writes behind in one go, and gives what still waits', async () => {
    const { store, world } = storeInMemory()
    const { get, ports } = shared({ mode: 'write-behind', writeBehind: { flushInterval: 500 } }, store)
    for (const path of ['/a', '/b', '/c']) await get({ path }, forAMinute)
    expect(world.writes).toBe(0)
    expect(await get({ path: '/b' })).toMatchObject({ by: 'cache' })
    ports.pass(500)
    await expect.poll(() => world.writes).toBe(3)
  })

  it('counts and says what a full queue has lost, and keeps the rest until the store is back', async () => {
    const { store, world } = storeInMemory()
    const { get, ports } = shared(
      { mode: 'write-behind', writeBehind: { flushInterval: 500, maxQueue: 2 } },
      store,
    )
    world.isAway = true
    for (const path of ['/a', '/b', '/c', '/d', '/e']) await get({ path }, forAMinute)
    expect(ports.counted.get('["write_behind_lost",{}]')).toBe(3)
    ports.pass(500)
    await expect
      .poll(() => ports.logged)
      .toContainEqual({
        level: 'warn',
        code: 'http-caching.write_behind_lost',
        fields: { answers: 3 },
      })
    world.isAway = false
    ports.pass(500)
    await expect.poll(() => world.writes).toBe(2)
    expect(await get({ path: '/e' })).toMatchObject({ by: 'cache' })
    expect(await get({ path: '/a' })).toMatchObject({ by: 'upstream' })
  })
})
