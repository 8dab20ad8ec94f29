import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Prepared } from '#policies/definition.ts'
import type { Exchange, Outcome, Refusal } from '#policies/exchange.ts'
import { compileRules } from '#policies/rules.ts'
import { timedCalls } from './metrics.ts'
import { Operations } from './operations.ts'
import type { LivePolicy } from './plan.ts'
import {
  codeOf,
  eventually,
  type Gateway,
  type GatewaySetup,
  head,
  OK,
  route,
  ScriptedUpstream,
  startGateway,
  statusOf,
  talk,
} from './wire-fixture.ts'

const last = (line: string, ...fields: string[]) => head(line, 'Host: a', 'Connection: close', ...fields)
const GET = last('GET / HTTP/1.1')
const NO: Refusal = { status: 403, code: 'test.no', detail: 'no' }

let upstream: ScriptedUpstream
const gateways: Gateway[] = []

beforeAll(async () => {
  upstream = await new ScriptedUpstream().start()
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
  upstream.script = (_request, socket) => void socket.write(OK)
  upstream.seen = ''
})
afterAll(() => upstream.stop())

type Attached = Partial<LivePolicy> & { prepared: Prepared }

async function gatewayWith(
  attached: readonly Attached[],
  setup: Partial<GatewaySetup> = {},
): Promise<Gateway> {
  const policies = attached.map((one, index) => ({ id: `p${index}`, kind: `test-${index}`, ...one }))
  const gateway = await startGateway({
    upstreamPort: upstream.port,
    routes: (pool) => [route(pool, { policies })],
    ...setup,
  })
  gateways.push(gateway)
  return gateway
}

const nothing = (_done: unknown): undefined => undefined
const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4)
const requestBodyOf = () => bodyOf(upstream.seen)

describe('rules', () => {
  it('keep a policy out of all phases of the requests that it is not for', async () => {
    const calls: string[] = []
    const applies = compileRules([{ path: '/in/.*', methods: 'GET|POST' }])
    const prepared: Prepared = {
      onRequest: () => nothing(calls.push('request')),
      requestBody: { maxBytes: 10, run: () => nothing(calls.push('body')) },
      onResponse: () => void calls.push('response'),
      responseBody: { maxBytes: 10, run: () => void calls.push('answer') },
      onDone: () => void calls.push('done'),
    }
    const gateway = await gatewayWith([{ applies, prepared }])
    await talk(gateway.port, [last('GET /out HTTP/1.1')])
    await talk(gateway.port, [last('DELETE /in/a HTTP/1.1')])
    expect(calls).toEqual([])
    await talk(gateway.port, [last('GET /in/a HTTP/1.1')])
    expect(calls).toEqual(['request', 'body', 'response', 'answer', 'done'])
  })

  it('are looked at once, at the turn of their policy, with what those before it have set', async () => {
    const gateway = await gatewayWith([
      { prepared: { onRequest: (exchange) => nothing(exchange.setHeader('x-role', 'admin')) } },
      {
        applies: compileRules([{ headers: { 'x-role': 'admin' } }]),
        prepared: { onResponse: (exchange) => exchange.setResponseHeader('x-seen', 'yes') },
      },
      { prepared: { onRequest: (exchange) => nothing(exchange.removeHeader('x-role')) } },
    ])
    expect((await talk(gateway.port, [GET])).text).toMatch(/\r\nx-seen: yes\r\n/)
  })
})

describe('what is counted of a route', () => {
  const countedOf = (gateway: Gateway) => {
    const [counted] = gateway.server.figures().routes.values()
    if (counted === undefined) throw new Error('no route')
    return counted
  }

  it('says which attached policy answered, would have, or threw', async () => {
    const refuses: Prepared = { onRequest: () => NO }
    const throws: Prepared = {
      onResponse: () => {
        throw new Error('a bug')
      },
    }
    const gateway = await gatewayWith([
      { prepared: refuses, dryRun: true },
      { prepared: throws },
      { prepared: refuses },
    ])
    await talk(gateway.port, [GET])
    const { policies, upstreams } = countedOf(gateway)
    const said = [...policies].map(([key, { answered, dryRefused, failed }]) => [
      key,
      { answered, dryRefused, failed },
    ])
    expect(Object.fromEntries(said)).toEqual({
      'test-0 p0': { answered: 0, dryRefused: 1, failed: 0 },
      'test-1 p1': { answered: 0, dryRefused: 0, failed: 1 },
      'test-2 p2': { answered: 1, dryRefused: 0, failed: 0 },
    })
    expect(upstreams.size).toBe(0)
  })

  it('says what its operations and upstreams answered, and times every policy now and then', async () => {
    const policies = [
      { id: 'at-once', kind: 'test', prepared: { onRequest: () => undefined } },
      { id: 'waits', kind: 'test', prepared: { onRequest: async () => undefined } },
    ]
    const operations = new Operations([{ method: 'GET', path: '/orders/{id}' }])
    const gateway = await gatewayWith([], { routes: (pool) => [route(pool, { policies, operations })] })
    const calls = 2 * timedCalls
    const requests = [head('GET /orders/1 HTTP/1.1', 'Host: a').repeat(calls), last('GET /else HTTP/1.1')]
    await talk(gateway.port, [requests.join('')])
    const counted = countedOf(gateway)
    const requestsOf = (parts: typeof counted.operations) =>
      [...parts].map(([name, tally]) => [name, tally.requests])
    expect(requestsOf(counted.operations)).toEqual([['GET /orders/{id}', calls]])
    expect([...counted.upstreams.values()].map((tally) => tally.requests)).toEqual([calls + 1])
    const timed = [...counted.policies].map(([key, { latency }]) => [key, latency.some((count) => count > 0)])
    expect(Object.fromEntries(timed)).toEqual({ 'test at-once': true, 'test waits': true })
  })
})

describe('a policy in dry run', () => {
  const dryRun = true

  it('refuses nothing, and what it would have done is in the log, the metrics and an event', async () => {
    const gateway = await gatewayWith([
      { dryRun, prepared: { onRequest: () => NO } },
      { dryRun, prepared: { onRequest: () => Promise.resolve({ ...NO, code: 'test.later' }) } },
    ])
    expect(statusOf((await talk(gateway.port, [GET])).text)).toBe(200)
    const [entry] = gateway.entries
    expect(entry?.dryRun).toEqual([
      { policy: 'test-0', code: 'test.no', status: 403 },
      { policy: 'test-1', code: 'test.later', status: 403 },
    ])
    expect(gateway.server.figures()).toMatchObject({ refused: 0 })
    expect(gateway.server.figures().routes.get('r')).toMatchObject({ refused: 0, dryRefused: 2 })
    expect(gateway.events.map(({ level, code }) => `${level} ${code}`)).toEqual([
      'info policy_dry_run',
      'info policy_dry_run',
    ])
  })

  it('changes nothing that others see, and sees its own changes', async () => {
    let own: Record<string, unknown> = {}
    const gateway = await gatewayWith([
      {
        dryRun,
        prepared: {
          onRequest(exchange) {
            exchange.setHeader('x-dry', '1')
            exchange.removeHeader('x-kept')
            exchange.setQuery('?dry=1')
            exchange.client = { id: 'dry', name: 'Dry' }
            exchange.claims = { sub: 'dry' }
            exchange.destinationPath = '/dry'
            return undefined
          },
          onResponse(exchange) {
            const { query, client, claims } = exchange
            exchange.setResponseHeader('x-dry', '1')
            own = { query, client, claims, dry: exchange.header('x-dry'), kept: exchange.header('x-kept') }
            return { status: 200, code: 'test.instead', detail: '' }
          },
        },
      },
      {
        prepared: {
          onRequest: ({ client, claims }) => (client === undefined && claims === undefined ? undefined : NO),
        },
      },
    ])
    const { text } = await talk(gateway.port, [last('GET /a?b=1 HTTP/1.1', 'X-Kept: yes')])
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).not.toMatch(/x-dry/)
    expect(upstream.seen).toMatch(/^GET \/a\?b=1 HTTP\/1\.1\r\n/)
    expect(upstream.seen).toMatch(/\r\nX-Kept: yes\r\n/)
    expect(upstream.seen).not.toMatch(/x-dry/)
    expect(own).toEqual({
      query: '?dry=1',
      client: { id: 'dry', name: 'Dry' },
      claims: { sub: 'dry' },
      dry: '1',
      kept: undefined,
    })
  })

  it('that throws costs nothing but a report', async () => {
    const fails = () => {
      throw new Error('a bug')
    }
    const gateway = await gatewayWith([
      { dryRun, prepared: { onRequest: fails, onResponse: fails, requestBody: { maxBytes: 1, run: fails } } },
    ])
    expect(statusOf((await talk(gateway.port, [GET])).text)).toBe(200)
    expect(gateway.events.map(({ code }) => code)).toEqual(Array(3).fill('policy_failed'))
  })

  it('refuses no body: too long for it, all of it reaches the upstream', async () => {
    const seen: string[] = []
    const reads = (maxBytes: number): Prepared => ({
      requestBody: {
        maxBytes,
        run(_exchange, body) {
          seen.push(Buffer.from(body).toString())
          return NO
        },
      },
    })
    const gateway = await gatewayWith([
      { dryRun, prepared: reads(4) },
      { dryRun, prepared: reads(6) },
    ])
    const chunked = last('POST / HTTP/1.1', 'Transfer-Encoding: chunked')
    await talk(gateway.port, [chunked, '3\r\nabc\r\n', '5\r\ndefgh\r\n', '3\r\nijk\r\n0\r\n\r\n'])
    expect(requestBodyOf()).toBe('8\r\nabcdefgh\r\n3\r\nijk\r\n0\r\n\r\n')
    upstream.seen = ''
    await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 9'), 'abcdefghi'])
    expect(requestBodyOf()).toBe('abcdefghi')
    expect(seen).toEqual([])
    upstream.seen = ''
    await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 5'), 'ab', 'cde'])
    expect(requestBodyOf()).toBe('abcde')
    expect(seen).toEqual(['abcde'])
    expect(gateway.entries.map(({ dryRun: dry = [] }) => dry.map(({ code }) => code))).toEqual([
      ['body_too_large', 'body_too_large'],
      ['body_too_large', 'body_too_large'],
      ['body_too_large', 'test.no'],
    ])
  })
})

describe('the end of an exchange', () => {
  function listener(more: Prepared = {}) {
    const outcomes: Outcome[] = []
    const prepared: Prepared = { ...more, onDone: (_exchange, outcome) => void outcomes.push(outcome) }
    return { outcomes, prepared }
  }

  it('is told with status, counts, endpoint and times where it was answered', async () => {
    const { outcomes, prepared } = listener()
    const gateway = await gatewayWith([{ prepared }])
    await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 5'), 'he', 'llo'])
    await eventually(() => outcomes.length > 0)
    const [outcome] = outcomes
    expect(outcomes).toEqual([
      {
        status: 200,
        code: undefined,
        requestBytes: 5,
        responseBytes: 2,
        upstream: `127.0.0.1:${upstream.port}`,
        durationMs: expect.any(Number),
        upstreamMs: expect.any(Number),
      },
    ])
    expect(outcome?.durationMs).toBeGreaterThanOrEqual(outcome?.upstreamMs ?? Infinity)
  })

  it('is told where a later policy refused, but not to those that were not asked', async () => {
    const first = listener()
    const behind = listener()
    const gateway = await gatewayWith([
      { prepared: first.prepared },
      { prepared: { onRequest: () => NO } },
      { prepared: behind.prepared },
    ])
    const { text } = await talk(gateway.port, [GET])
    expect(first.outcomes).toMatchObject([
      { status: 403, code: 'test.no', responseBytes: bodyOf(text).length, upstream: undefined },
    ])
    expect(behind.outcomes).toEqual([])
  })

  it('is told where the upstream failed, the client went, or the answer was cut', async () => {
    const { outcomes, prepared } = listener()
    const gateway = await gatewayWith([{ prepared }])
    upstream.script = (_request, socket) => void socket.destroy()
    await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 1'), 'x'])
    expect(outcomes).toMatchObject([{ status: 502, code: 'upstream_reset' }])

    upstream.script = (_request, socket) => {
      socket.write(head('HTTP/1.1 200 OK', 'Content-Length: 10').concat('half'))
      setTimeout(() => socket.destroy(), 20)
    }
    await talk(gateway.port, [GET])
    expect(outcomes[1]).toMatchObject({ status: 200, code: 'upstream_reset', responseBytes: 4 })

    upstream.script = () => undefined
    upstream.seen = ''
    await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 9'), 'x'], { halfClose: true })
    await eventually(() => outcomes.length === 3)
    expect(outcomes[2]).toMatchObject({ status: 499, code: 'client_gone', requestBytes: 1 })
  })

  it('comes once, and no policy runs behind it, where a client goes while one waits', async () => {
    const { outcomes, prepared } = listener()
    let goOn = (_nothing: undefined) => {}
    let later = 0
    const gateway = await gatewayWith([
      { prepared },
      { prepared: { onRequest: () => new Promise((resolve) => (goOn = resolve)) } },
      { prepared: { onRequest: () => nothing(later++) } },
    ])
    const gone = talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 1')], { halfClose: true })
    await gone
    await eventually(() => outcomes.length === 1)
    goOn(undefined)
    await new Promise((resolve) => setImmediate(resolve))
    expect([outcomes.length, later]).toEqual([1, 0])
    expect(upstream.seen).not.toContain('Content-Length: 1\r\n')
  })
})

describe('a request body that a policy wants whole', () => {
  const reads = (
    run: (body: string, exchange: Exchange) => Refusal | undefined,
    maxBytes = 100,
  ): Attached => ({
    prepared: {
      requestBody: { maxBytes, run: (exchange, body) => run(Buffer.from(body).toString(), exchange) },
    },
  })
  const chunkedPost = last('POST / HTTP/1.1', 'Transfer-Encoding: chunked')

  it('is read before anything goes on, and goes on with its length', async () => {
    const seen: string[] = []
    const gateway = await gatewayWith([
      reads((body) => {
        seen.push(body, upstream.seen)
        return undefined
      }),
    ])
    const { text } = await talk(gateway.port, [chunkedPost, '3\r\nabc\r\n', '2\r\nde\r\n', '0\r\n\r\n'])
    expect(statusOf(text)).toBe(200)
    expect(seen).toEqual(['abcde', ''])
    expect(upstream.seen).toMatch(/\r\nContent-Length: 5\r\n\r\nabcde$/)
    expect(upstream.seen).not.toMatch(/transfer-encoding/i)
  })

  it('of no bytes is one too', async () => {
    const seen: string[] = []
    const gateway = await gatewayWith([reads((body) => nothing(seen.push(body)))])
    expect(statusOf((await talk(gateway.port, [GET])).text)).toBe(200)
    expect(statusOf((await talk(gateway.port, [`${chunkedPost}0\r\n\r\n`])).text)).toBe(200)
    expect(seen).toEqual(['', ''])
    expect(upstream.seen).toMatch(/\r\nContent-Length: 0\r\n\r\n$/)
  })

  it('is shown to one policy after the other until one refuses, however long they take', async () => {
    const seen: string[] = []
    const waits = (name: string, answer: Refusal | undefined): Attached => ({
      prepared: {
        requestBody: {
          maxBytes: 100,
          async run() {
            seen.push(name)
            await new Promise((resolve) => setImmediate(resolve))
            return answer
          },
        },
      },
    })
    const gateway = await gatewayWith([waits('one', undefined), waits('two', NO), waits('three', undefined)])
    const { text } = await talk(gateway.port, [`${last('POST / HTTP/1.1', 'Content-Length: 2')}hi`])
    expect([statusOf(text), codeOf(text)]).toEqual([403, 'test.no'])
    expect(seen).toEqual(['one', 'two'])
    expect(upstream.seen).toBe('')
  })

  it('may be left streaming by a policy that does not want it', async () => {
    let ran = 0
    const gateway = await gatewayWith([
      { prepared: { requestBody: { maxBytes: 1, wants: () => false, run: () => nothing(ran++) } } },
    ])
    await talk(gateway.port, [`${chunkedPost}3\r\nabc\r\n0\r\n\r\n`])
    expect(requestBodyOf()).toBe('3\r\nabc\r\n0\r\n\r\n')
    expect(ran).toBe(0)
  })

  it.each([
    ['announces', last('POST / HTTP/1.1', 'Content-Length: 11')],
    ['turns out to be', `${chunkedPost}b\r\n`.concat('x'.repeat(11))],
  ])('that %s longer than the smallest bound is a 413 and goes nowhere', async (_name, request) => {
    const gateway = await gatewayWith([reads(() => undefined, 10), reads(() => undefined, 20)])
    const { text, ended } = await talk(gateway.port, [request])
    expect([statusOf(text), codeOf(text), ended]).toEqual([413, 'body_too_large', true])
    expect(upstream.seen).toBe('')
  })

  it('is asked for by 100 Continue, and the upstream is not asked again', async () => {
    const gateway = await gatewayWith([reads(() => undefined)])
    const expecting = last('POST / HTTP/1.1', 'Content-Length: 2', 'Expect: 100-continue')
    const { text } = await talk(gateway.port, [expecting], { until: (so) => so.endsWith('\r\n\r\n') })
    expect(text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    const whole = await talk(gateway.port, [expecting, 'hi'])
    expect(whole.text).toMatch(/HTTP\/1\.1 200 OK\r\n/)
    expect(upstream.seen).toMatch(/\r\n\r\nhi$/)
    expect(upstream.seen).not.toMatch(/expect/i)
  })

  it('below the minimum rate is a 408', async () => {
    const limits = { bodyWindowMs: 60, bodyBytesPerSecondMin: 1_000 }
    const gateway = await gatewayWith([reads(() => undefined)], { server: { limits } })
    const { text } = await talk(gateway.port, [`${last('POST / HTTP/1.1', 'Content-Length: 50')}slow`])
    expect([statusOf(text), codeOf(text)]).toEqual([408, 'request_timeout'])
  })

  it('that breaks its framing is a 400, and one that ends early reaches nobody', async () => {
    const gateway = await gatewayWith([reads(() => undefined)])
    const { text } = await talk(gateway.port, [`${chunkedPost}3\r\nabcX`])
    expect([statusOf(text), codeOf(text)]).toEqual([400, 'bad_framing'])
    await talk(gateway.port, [`${last('POST / HTTP/1.1', 'Content-Length: 9')}abc`], { halfClose: true })
    expect(upstream.seen).toBe('')
  })

  it('is one of many that share a bounded memory: beyond it 503', async () => {
    const gateway = await gatewayWith([reads(() => undefined, 50_000)], {
      server: { limits: { collectedBytesMax: 10_000 } },
    })
    const post = (length: number) =>
      last('POST / HTTP/1.1', `Content-Length: ${length}`).concat('x'.repeat(length))
    const { text } = await talk(gateway.port, [post(20_000)])
    expect([statusOf(text), codeOf(text)]).toEqual([503, 'overloaded'])
    for (let i = 0; i < 5; i++) expect(statusOf((await talk(gateway.port, [post(3_000)])).text)).toBe(200)
  })

  it('leaves the requests behind it on the connection as they are', async () => {
    const bodies: string[] = []
    const gateway = await gatewayWith([reads((body) => nothing(bodies.push(body)))])
    const one = `${head('POST /1 HTTP/1.1', 'Host: a', 'Content-Length: 3')}one`
    const two = `${head('POST /2 HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3\r\ntwo\r\n0\r\n\r\n`
    const { text } = await talk(gateway.port, [one + two + GET])
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
    expect(bodies).toEqual(['one', 'two', ''])
  })

  it('may be large: 4 MB arrive as they were sent', async () => {
    const gateway = await gatewayWith([reads(() => undefined, 64 * 1024 * 1024)])
    const body = Buffer.alloc(4 * 1024 * 1024, 'x')
    const { text } = await talk(gateway.port, [
      last('POST / HTTP/1.1', `Content-Length: ${body.length}`),
      body,
    ])
    expect(statusOf(text)).toBe(200)
    expect(requestBodyOf()).toBe(body.toString())
  })
})

describe('a bound that a policy sets to the body', () => {
  const limits: Attached = {
    prepared: { onRequest: (exchange) => nothing(exchange.limitBody(5)) },
  }

  it('holds for what is announced and for what streams, and a body within it passes', async () => {
    const gateway = await gatewayWith([limits])
    const announced = await talk(gateway.port, [last('POST / HTTP/1.1', 'Content-Length: 6')])
    expect([statusOf(announced.text), codeOf(announced.text)]).toEqual([413, 'body_too_large'])
    expect(upstream.seen).toBe('')
    const chunked = last('POST / HTTP/1.1', 'Transfer-Encoding: chunked')
    const streamed = await talk(gateway.port, [chunked, '3\r\nabc\r\n', '3\r\ndef\r\n0\r\n\r\n'])
    expect([statusOf(streamed.text), codeOf(streamed.text)]).toEqual([413, 'body_too_large'])
    const within = await talk(gateway.port, [chunked, '5\r\nabcde\r\n0\r\n\r\n'])
    expect(statusOf(within.text)).toBe(200)
  })

  it('binds nobody in dry run, and says whom it would have', async () => {
    const gateway = await gatewayWith([{ ...limits, dryRun: true }])
    for (const body of ['abcdef', 'abcde']) {
      const request = last('POST / HTTP/1.1', `Content-Length: ${body.length}`)
      expect(statusOf((await talk(gateway.port, [request, body])).text)).toBe(200)
    }
    await eventually(() => gateway.entries.length === 2)
    expect(gateway.entries.map(({ dryRun }) => dryRun)).toEqual([
      [{ policy: 'test-0', code: 'body_too_large', status: 413 }],
      [],
    ])
  })
})

describe('an answer body that a policy wants', () => {
  interface Shown {
    body: string | null
    status: number
    type: string | undefined
    edited: string | undefined
  }
  function watches(maxBytes: number, wants?: (exchange: Exchange) => boolean) {
    const shown: Shown[] = []
    const prepared: Prepared = {
      responseBody: {
        maxBytes,
        ...(wants === undefined ? {} : { wants }),
        run(exchange, body) {
          shown.push({
            body: body === null ? null : Buffer.from(body).toString(),
            status: exchange.status,
            type: exchange.responseHeader('content-type'),
            edited: exchange.responseHeader('x-edited'),
          })
        },
      },
    }
    return { shown, prepared }
  }
  const answer = (...lines: string[]) => head('HTTP/1.1 200 OK', 'Content-Type: text/plain', ...lines)

  it.each([
    ['with a length', `${answer('Content-Length: 5')}hello`],
    ['in chunks', `${answer('Transfer-Encoding: chunked')}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`],
    ['until the end of the connection', `${answer()}hello`],
  ])('is shown whole %s, with the head as it was at the turn of the policy', async (_name, text) => {
    upstream.script = (_request, socket) => {
      socket.write(text)
      if (!/Length|chunked/.test(text)) socket.end()
    }
    const { shown, prepared } = watches(5)
    const gateway = await gatewayWith([
      { prepared: { onResponse: (exchange) => exchange.setResponseHeader('x-edited', 'before it') } },
      { prepared },
      { prepared: { onResponse: (exchange) => exchange.setResponseHeader('x-edited', 'behind it') } },
    ])
    const client = await talk(gateway.port, [GET])
    expect(client.text).toMatch(/\r\nx-edited: before it\r\n/)
    await eventually(() => shown.length === 1)
    expect(shown).toEqual([{ body: 'hello', status: 200, type: 'text/plain', edited: 'behind it' }])
  })

  it('is null where it is longer than the bound of that policy, and the client gets all of it', async () => {
    upstream.script = (_request, socket) => void socket.write(`${answer('Content-Length: 5')}hello`)
    const short = watches(4)
    const long = watches(5)
    const gateway = await gatewayWith([{ prepared: short.prepared }, { prepared: long.prepared }])
    expect((await talk(gateway.port, [GET])).text).toMatch(/\r\n\r\nhello$/)
    await eventually(() => long.shown.length === 1 && short.shown.length === 1)
    expect([short.shown[0]?.body, long.shown[0]?.body]).toEqual([null, 'hello'])
  })

  it('is null where it was cut, and not shown where it was not wanted or is the gateway’s own', async () => {
    upstream.script = (request, socket) => {
      socket.write(`${answer('Content-Length: 5')}he`)
      if (request.includes('/cut')) setTimeout(() => socket.destroy(), 20)
      else socket.write('llo')
    }
    const { shown, prepared } = watches(5, ({ path }) => path !== '/unwanted')
    const gateway = await gatewayWith([
      { prepared },
      { prepared: { onRequest: ({ path }) => (path === '/refused' ? NO : undefined) } },
    ])
    await talk(gateway.port, [last('GET /cut HTTP/1.1')])
    await talk(gateway.port, [last('GET /unwanted HTTP/1.1')])
    await talk(gateway.port, [last('GET /refused HTTP/1.1')])
    expect(shown.map(({ body }) => body)).toEqual([null])
  })

  it.each([
    ['HEAD', last('HEAD / HTTP/1.1'), head('HTTP/1.1 200 OK', 'Content-Length: 5')],
    ['204', GET, head('HTTP/1.1 204 No Content')],
    ['304', GET, head('HTTP/1.1 304 Not Modified')],
  ])('is of no bytes for %s', async (_name, request, text) => {
    upstream.script = (_request, socket) => void socket.write(text)
    const { shown, prepared } = watches(5)
    const gateway = await gatewayWith([{ prepared }])
    await talk(gateway.port, [request])
    expect(shown.map(({ body }) => body)).toEqual([''])
  })

  it('that a policy throws over is reported, and the client has its answer', async () => {
    const gateway = await gatewayWith([
      {
        prepared: {
          responseBody: {
            maxBytes: 5,
            run: () => Promise.reject(new Error('later')),
          },
        },
      },
      {
        prepared: {
          responseBody: {
            maxBytes: 5,
            run() {
              throw new Error('at once')
            },
          },
        },
      },
    ])
    expect(statusOf((await talk(gateway.port, [GET])).text)).toBe(200)
    await eventually(() => gateway.events.length === 2)
  })
})

describe('an answer that a policy keeps', () => {
  const stored: Refusal = {
    status: 200,
    code: 'cache.hit',
    detail: '',
    headers: { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], age: '7' },
    body: Buffer.from('stored'),
  }

  it('goes out in the upstream’s place and counts as no refusal', async () => {
    const gateway = await gatewayWith([{ prepared: { onRequest: () => stored } }])
    const { text } = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a') + GET])
    const [first] = text.split('HTTP/1.1 200 OK').slice(1)
    expect(first).toMatch(/\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nage: 7\r\n/)
    expect(first).toMatch(/\r\ncontent-length: 6\r\n\r\nstored$/)
    expect(upstream.seen).toBe('')
    expect(gateway.server.figures()).toMatchObject({ requests: 2, refused: 0, errors: 0 })
    expect(gateway.entries[0]).toMatchObject({ status: 200, code: 'cache.hit', bodyBytes: 6 })
  })

  it('may be an error of the upstream’s, which is no refusal either', async () => {
    const answers = [
      { ...stored, status: 404 },
      { ...stored, status: 404, body: Buffer.alloc(0) },
    ]
    const gateway = await gatewayWith([{ prepared: { onRequest: () => answers.shift() } }])
    const { text } = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a') + GET])
    const [first, second] = text.split('HTTP/1.1 404 Not Found').slice(1)
    expect(first).toMatch(/\r\ncontent-type: text\/plain\r\n[^]*\r\ncontent-length: 6\r\n\r\nstored$/)
    expect(second).toMatch(/\r\ncontent-length: 0\r\n[^]*\r\n\r\n$/)
    expect(gateway.server.figures()).toMatchObject({ requests: 2, refused: 0, errors: 0 })
  })

  it('has no body for HEAD and 304, and the connection goes on', async () => {
    const gateway = await gatewayWith([
      { prepared: { onRequest: ({ method }) => (method === 'HEAD' ? stored : { ...stored, status: 304 }) } },
    ])
    const { text } = await talk(gateway.port, [head('HEAD / HTTP/1.1', 'Host: a') + GET])
    expect(text).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\ncontent-length: 6\r\n\r\nHTTP\/1\.1 304 Not Modified\r\n/,
    )
    expect(text).not.toContain('stored')
    expect(text.slice(text.indexOf('304'))).not.toContain('content-length')
  })

  it('takes the place of a 304 that confirms it; policies before it see and edit that', async () => {
    upstream.connections = 0
    upstream.script = (_request, socket) => void socket.write(head('HTTP/1.1 304 Not Modified', 'X-Old: 1'))
    const statuses: number[] = []
    const gateway = await gatewayWith([
      {
        prepared: {
          onResponse(exchange) {
            statuses.push(exchange.status)
            exchange.setResponseHeader('x-age', exchange.responseHeader('age') ?? 'none')
          },
        },
      },
      {
        prepared: {
          onRequest: (exchange) => nothing(exchange.setHeader('if-none-match', '"1"')),
          onResponse: ({ status }) => (status === 304 ? stored : undefined),
        },
      },
      { prepared: { onResponse: (exchange) => exchange.setResponseHeader('x-inner', '1') } },
    ])
    const { text } = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a') + GET])
    expect(text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(2)
    expect(text).toMatch(/\r\nx-age: 7\r\n[^]*\r\n\r\nstored$/)
    expect(text).not.toMatch(/x-old|x-inner/i)
    expect(statuses).toEqual([200, 200])
    expect([upstream.connections, gateway.pool.figures().idle]).toEqual([1, 1])
  })

  it('takes the place of a whole answer too, of which the client sees nothing', async () => {
    upstream.script = (_request, socket) =>
      void socket.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 100000')}evil`)
    const gateway = await gatewayWith([{ prepared: { onResponse: () => stored } }])
    const { text } = await talk(gateway.port, [GET])
    expect(text).toMatch(/\r\n\r\nstored$/)
    expect(text).not.toContain('evil')
    expect(gateway.pool.figures().connections).toBe(0)
  })

  it('with headers of the framing is a bug of the policy', async () => {
    const headers = { 'Content-Length': '3' }
    const gateway = await gatewayWith([{ prepared: { onRequest: () => ({ ...stored, headers }) } }])
    expect(codeOf((await talk(gateway.port, [GET])).text)).toBe('policy_failed')
  })
})
