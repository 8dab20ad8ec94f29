import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { constants, createServer as createHttp2Server } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  BreakerSettings,
  HealthCheckSettings,
  OutlierSettings,
  RetrySettings,
  UpstreamSettings,
} from '#policies/settings.ts'
import {
  codeOf,
  eventually,
  type Gateway,
  head,
  OK,
  policy,
  poolTo,
  route,
  ScriptedUpstream,
  startGateway,
  statusOf,
  talk,
} from '../wire-fixture.ts'
import type { PoolOptions } from './pool.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const get = (path = '/') => head(`GET ${path} HTTP/1.1`, 'Host: a', 'Connection: close')
const answer = (status: number, body = 'no') =>
  head(`HTTP/1.1 ${status} X`, `Content-Length: ${body.length}`).concat(body)

const retryOnce: RetrySettings = {
  numRetries: 1,
  triggers: ['connect-failure', 'reset', 'gateway-error'],
  statusCodes: [],
  perTryTimeoutMs: 0,
  backOffBaseMs: 1,
  backOffMaxMs: 5,
  budgetPercent: 100,
  budgetMinConcurrency: 10,
  idempotentOnly: true,
}
const breaker: BreakerSettings = {
  maxConnections: 100,
  maxPendingRequests: 100,
  maxRequests: 100,
  maxRetries: 100,
  halfOpenRequests: 1,
}
const outlier: OutlierSettings = {
  consecutive5xxErrors: 3,
  intervalMs: 10_000,
  baseEjectionMs: 200,
  maxEjectionPercent: 50,
}

async function origin(script?: ScriptedUpstream['script']): Promise<ScriptedUpstream> {
  const upstream = await new ScriptedUpstream().start()
  if (script !== undefined) upstream.script = script
  closing.push(() => upstream.stop())
  return upstream
}

async function gatewayTo(
  upstreams: readonly ScriptedUpstream[],
  settings: UpstreamSettings,
  options: Partial<PoolOptions> = {},
): Promise<Gateway> {
  const gateway = await startGateway({
    upstreamPort: 1,
    pool: {
      endpoints: upstreams.map(({ port }) => ({ url: `http://127.0.0.1:${port}` })),
      settings,
      ...options,
    },
  })
  closing.push(() => gateway.stop())
  return gateway
}

async function ask(gateway: Gateway, request = get()) {
  const { text } = await talk(gateway.port, [request])
  return { status: statusOf(text), code: codeOf(text), text }
}

/** How many requests an upstream has seen. */
const requests = ({ seen }: ScriptedUpstream, method = 'GET') => seen.split(`${method} /`).length - 1

let upstream: ScriptedUpstream
beforeEach(async () => {
  upstream = await origin()
})

/** Answers by turns; the last answer stays. */
function turns(...answers: (string | ((socket: Socket) => void))[]): ScriptedUpstream['script'] {
  let turn = 0
  return (_request, socket) => {
    const next = answers[Math.min(turn++, answers.length - 1)]
    if (typeof next === 'string') socket.write(next)
    else next?.(socket)
  }
}

describe('a retry', () => {
  it('follows a 503, and the client sees the good answer alone', async () => {
    upstream.script = turns(answer(503), OK)
    const gateway = await gatewayTo([upstream], { retry: retryOnce })
    const { text } = await ask(gateway)
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)+\r\nok$/)
    expect(requests(upstream)).toBe(2)
    expect(upstream.connections).toBe(1)
    expect(gateway.pool.figures().retries).toBe(1)
  })

  it('that fails too gives the client the answer of the last attempt, whole', async () => {
    upstream.script = turns(answer(503, 'first'), answer(503, 'second'))
    const { status, text } = await ask(await gatewayTo([upstream], { retry: retryOnce }))
    expect([status, text.endsWith('\r\n\r\nsecond'), requests(upstream)]).toEqual([503, true, 2])
  })

  it('does not wait for the end of an answer that nobody will see', async () => {
    upstream.script = turns(head('HTTP/1.1 503 X', 'Content-Length: 1000000'), OK)
    expect(await ask(await gatewayTo([upstream], { retry: retryOnce }))).toMatchObject({ status: 200 })
    expect(upstream.connections).toBe(2)
  })

  it('follows a reset, a garbled answer and silence, for methods that may be repeated', async () => {
    for (const failure of [
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.write('garbage\r\n\r\n'),
      () => undefined,
    ]) {
      upstream.script = turns(failure, OK)
      const gateway = await gatewayTo([upstream], { retry: { ...retryOnce, perTryTimeoutMs: 60 } })
      expect(await ask(gateway)).toMatchObject({ status: 200 })
    }
  })

  it('follows no status and no failure that it was not told to', async () => {
    upstream.script = turns(answer(500), OK)
    const gateway = await gatewayTo([upstream], { retry: retryOnce })
    expect(await ask(gateway)).toMatchObject({ status: 500 })
    upstream.script = turns(answer(503), OK)
    const only: RetrySettings = { ...retryOnce, triggers: ['retriable-status-codes'], statusCodes: [429] }
    const second = await gatewayTo([upstream], { retry: only })
    expect(await ask(second)).toMatchObject({ status: 503 })
    upstream.script = turns(answer(429), OK)
    expect(await ask(second)).toMatchObject({ status: 200 })
  })

  it('never repeats a request whose body has begun to go out, whatever the method and the settings', async () => {
    for (const method of ['POST', 'PUT']) {
      upstream.seen = ''
      upstream.script = turns((socket) => socket.destroy())
      const gateway = await gatewayTo([upstream], { retry: { ...retryOnce, idempotentOnly: false } })
      const request = head(`${method} / HTTP/1.1`, 'Host: a', 'Connection: close', 'Content-Length: 3')
      expect(await ask(gateway, `${request}abc`)).toMatchObject({ status: 502, code: 'upstream_reset' })
      expect(requests(upstream, method)).toBe(1)
    }
  })

  it('repeats a POST without a body only when told to', async () => {
    const post = head('POST / HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Length: 0')
    upstream.script = turns(answer(503), OK)
    expect(await ask(await gatewayTo([upstream], { retry: retryOnce }), post)).toMatchObject({ status: 503 })
    upstream.script = turns(answer(503), OK)
    const bold = await gatewayTo([upstream], { retry: { ...retryOnce, idempotentOnly: false } })
    expect(await ask(bold, post)).toMatchObject({ status: 200 })
  })

  it('sends a POST with its body elsewhere when the first place could not be connected to', async () => {
    const dead = await new ScriptedUpstream().start()
    dead.stop()
    const gateway = await gatewayTo([dead, upstream], { retry: retryOnce })
    const request = head('POST / HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Length: 3')
    for (let i = 0; i < 4; i++) expect(await ask(gateway, `${request}abc`)).toMatchObject({ status: 200 })
    expect(requests(upstream, 'POST')).toBe(4)
  })

  it('keeps to its budget: what goes beyond it gets the failure at once', async () => {
    const seen = new Set<string>()
    const held: Socket[] = []
    upstream.script = (request, socket) => {
      const path = /^GET (\S+)/.exec(request)?.[1] ?? ''
      if (seen.has(path)) held.push(socket)
      else socket.write(answer(503))
      seen.add(path)
    }
    const retry: RetrySettings = { ...retryOnce, budgetPercent: 0, budgetMinConcurrency: 2 }
    const gateway = await gatewayTo([upstream], { retry })
    const answers = Array.from({ length: 10 }, (_, i) => ask(gateway, get(`/${i}`)))
    const statuses: number[] = []
    for (const one of answers) void one.then(({ status }) => statuses.push(status))
    await eventually(() => statuses.length === 8 && held.length === 2)
    expect(statuses).toEqual(Array(8).fill(503))
    expect(gateway.pool.figures()).toMatchObject({ retries: 2, retriesRefused: 8 })
    for (const socket of held) socket.write(OK)
    await Promise.all(answers)
    expect(statuses.slice(8)).toEqual([200, 200])
  })

  it('gives its place in the budget back when the client goes away meanwhile', async () => {
    upstream.script = turns(answer(503), () => undefined, answer(503), OK)
    const retry: RetrySettings = { ...retryOnce, budgetPercent: 0, budgetMinConcurrency: 1 }
    const gateway = await gatewayTo([upstream], { retry })
    const leaving = talk(gateway.port, [get()], { until: () => false })
    await eventually(() => requests(upstream) === 2)
    await gateway.server.drain(0)
    await leaving
    expect(gateway.pool.figures().connections).toBe(0)
    const again = await startGateway({ upstreamPort: 1, routes: () => [route(gateway.pool)] })
    closing.push(() => again.stop())
    expect(await ask(again)).toMatchObject({ status: 200 })
  })
})

describe('an upstream with one endpoint and a breaker', () => {
  it('is left alone once it has failed three times, tried by one request at a time, and taken back', async () => {
    const held: Socket[] = []
    upstream.script = turns(answer(500), answer(500), answer(500), (socket) => held.push(socket), OK)
    const gateway = await gatewayTo([upstream], { breaker, outlier })
    for (let i = 0; i < 3; i++) expect(await ask(gateway)).toMatchObject({ status: 500 })
    const refused = await ask(gateway)
    expect(refused).toMatchObject({ status: 503, code: 'upstream_circuit_open' })
    expect(refused.text).toMatch(/\r\nretry-after: 1\r\n/)
    expect(requests(upstream)).toBe(3)
    expect(gateway.pool.figures()).toMatchObject({ isCircuitOpen: true, circuitRefusals: 1 })

    const trial = await firstThrough(gateway, () => held.length === 1)
    for (let i = 0; i < 3; i++) expect(await ask(gateway)).toMatchObject({ code: 'upstream_circuit_open' })
    expect(requests(upstream)).toBe(4)
    held[0]?.write(OK)
    expect(statusOf(await trial.answer)).toBe(200)
    expect(await ask(gateway)).toMatchObject({ status: 200 })
    expect(gateway.pool.figures().isCircuitOpen).toBe(false)
  })

  it('is tried again when whoever tried it went away', async () => {
    const held: Socket[] = []
    upstream.script = turns(answer(500), answer(500), answer(500), (socket) => held.push(socket), OK)
    const gateway = await gatewayTo([upstream], { breaker, outlier })
    for (let i = 0; i < 3; i++) await ask(gateway)
    const trial = await firstThrough(gateway, () => held.length === 1)
    trial.leave()
    await eventually(() => gateway.pool.figures().connections === 0)
    expect(await ask(gateway)).toMatchObject({ status: 200 })
  })

  it('is taken back by a WebSocket that opens', async () => {
    const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    const opened = head(
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Accept: ${accept}`,
    )
    upstream.script = turns(answer(500), answer(500), answer(500), opened, OK)
    const gateway = await gatewayTo([upstream], { breaker, outlier: { ...outlier, baseEjectionMs: 1 } })
    for (let i = 0; i < 3; i++) await ask(gateway)
    const upgrade = head(
      'GET / HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${KEY}`,
    )
    await eventually(() => upstream.seen !== '' && gateway.pool.figures().endpoints[0]?.isEjected === true)
    const { text } = await opensThrough(gateway, upgrade)
    expect(text).toContain('101')
    expect(gateway.pool.figures().endpoints[0]?.isEjected).toBe(false)
    expect(await ask(gateway)).toMatchObject({ status: 200 })
  })

  it('gets no more requests at once than its breaker allows', async () => {
    const held: Socket[] = []
    upstream.script = (_request, socket) => void held.push(socket)
    const gateway = await gatewayTo([upstream], { breaker: { ...breaker, maxRequests: 2 } })
    const running = [ask(gateway), ask(gateway)]
    await eventually(() => held.length === 2)
    expect(await ask(gateway)).toMatchObject({ status: 503, code: 'upstream_circuit_open' })
    for (const socket of held) socket.write(OK)
    expect(await Promise.all(running)).toMatchObject([{ status: 200 }, { status: 200 }])
  })

  it('lets no more wait for a connection than its breaker allows', async () => {
    const held: Socket[] = []
    upstream.script = (_request, socket) => void held.push(socket)
    const limits = { ...breaker, maxConnections: 1, maxPendingRequests: 1 }
    const gateway = await gatewayTo([upstream], { breaker: limits })
    const running = [ask(gateway), ask(gateway)]
    await eventually(() => gateway.pool.figures().pending === 1 && held.length === 1)
    expect(await ask(gateway)).toMatchObject({ code: 'upstream_circuit_open' })
    upstream.script = turns(OK)
    held[0]?.write(OK)
    expect(await Promise.all(running)).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(upstream.connections).toBe(1)
  })
})

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Asks until the circuit lets one through. */
async function opensThrough(gateway: Gateway, request: string) {
  for (;;) {
    const said = await talk(gateway.port, [request], { until: (text) => text.includes('\r\n\r\n') })
    if (!said.text.includes('upstream_circuit_open') && statusOf(said.text) !== 503) return said
  }
}

/** Asks until a request is through to the upstream; that one is still under way. */
async function firstThrough(gateway: Gateway, isThrough: () => boolean) {
  for (;;) {
    const socket = connect(gateway.port, '127.0.0.1').setEncoding('latin1')
    socket.write(get())
    let text = ''
    socket.on('data', (part: string) => (text += part))
    const ended = once(socket, 'end')
    await eventually(() => isThrough() || text !== '')
    if (isThrough()) return { leave: () => socket.resetAndDestroy(), answer: ended.then(() => text) }
    socket.destroy()
  }
}

describe('an upstream with several endpoints', () => {
  it('keeps away from one that fails again and again, and panics when most are out', async () => {
    const [bad, good, third] = [await origin(turns(answer(500))), await origin(), await origin()]
    const gateway = await gatewayTo([bad, good, third], { outlier: { ...outlier, baseEjectionMs: 60_000 } })
    for (let i = 0; i < 9; i++) await ask(gateway)
    expect(requests(bad)).toBe(3)
    for (let i = 0; i < 10; i++) expect(await ask(gateway)).toMatchObject({ status: 200 })
    expect(requests(bad)).toBe(3)
    expect(gateway.pool.figures().endpoints.map(({ isEjected }) => isEjected)).toEqual([true, false, false])

    const all = [await origin(turns(answer(500))), await origin(turns(answer(500))), await origin()]
    const most = { ...outlier, baseEjectionMs: 60_000, maxEjectionPercent: 90 }
    const panicking = await gatewayTo(all, { outlier: most })
    for (let i = 0; i < 9; i++) await ask(panicking)
    const statuses = new Set<number>()
    for (let i = 0; i < 6; i++) statuses.add((await ask(panicking)).status)
    expect(statuses).toEqual(new Set([200, 500]))
  })

  it.each([
    ['without retries costs at most three requests', undefined, 3],
    ['with retries costs none', { ...retryOnce, numRetries: 2 }, 0],
  ] as const)('one of which dies under load %s', async (_name, retry, failedMax) => {
    const upstreams = [await origin(), await origin(), await origin()]
    const gateway = await gatewayTo(upstreams, retry === undefined ? {} : { retry })
    const failed: string[] = []
    let done = 0
    const client = async () => {
      for (let i = 0; i < 60; i++) {
        const { status, text } = await ask(gateway)
        done++
        if (done === 60) upstreams[1]?.stop()
        if (status !== 200) failed.push(text)
      }
    }
    await Promise.all(Array.from({ length: 4 }, client))
    expect(failed.length, failed.join('\n')).toBeLessThanOrEqual(failedMax)
    expect(done).toBe(240)
  })

  it('sends requests past one that is busy, when the least loaded is asked for', async () => {
    const held: Socket[] = []
    const slow = await origin((_request, socket) => void held.push(socket))
    const gateway = await gatewayTo([slow, upstream], {}, { balancing: 'least-requests' })
    const trial = await firstThrough(gateway, () => held.length === 1)
    for (let i = 0; i < 10; i++) expect(await ask(gateway)).toMatchObject({ status: 200 })
    expect(requests(slow)).toBe(1)
    held[0]?.write(OK)
    expect(statusOf(await trial.answer)).toBe(200)
  })

  it('shares requests out by weight, and sends none where the weight is 0', async () => {
    const [none, light, heavy] = [await origin(), await origin(), await origin()]
    const endpoints = [none, light, heavy].map(({ port }, i) => ({
      url: `http://127.0.0.1:${port}`,
      weight: [0, 1, 3][i],
    }))
    const gateway = await gatewayTo([], {}, { endpoints })
    for (let i = 0; i < 40; i++) await ask(gateway)
    expect([none, light, heavy].map((one) => requests(one))).toEqual([0, 10, 30])
  })

  it('keeps connections without work for as long as it is told', async () => {
    const timeouts = { connectMs: 1_000, responseMs: 1_000, idleMs: 1_000, keepMs: 50 }
    const gateway = await gatewayTo([upstream], {}, { timeouts })
    await ask(gateway)
    expect(gateway.pool.figures()).toMatchObject({ connections: 1, idle: 1 })
    await eventually(() => gateway.pool.figures().connections === 0, 1_000)
  })

  it.each([
    ['a header', { by: 'header', name: 'X-Key' }],
    ['a cookie', { by: 'cookie', name: 'key' }],
    ['a claim', { by: 'claim', name: 'tenant.id' }],
  ] as const)('sends the same caller to the same endpoint, by %s', async (_, hashOn) => {
    const upstreams = [await origin(), await origin(), await origin()]
    const endpoints = upstreams.map(({ port }) => ({ url: `http://127.0.0.1:${port}` }))
    const pool = poolTo('', { endpoints, balancing: 'consistent-hash', hashOn })
    const claiming = policy({
      onRequest(exchange) {
        exchange.claims = { tenant: { id: exchange.header('x-key') } }
        return undefined
      },
    })
    const gateway = await startGateway({
      upstreamPort: 1,
      routes: () => [route(pool, { policies: [claiming] })],
    })
    closing.push(
      () => pool.dispose(),
      () => gateway.stop(),
    )
    const places = new Map<string, Set<number>>()
    for (let i = 0; i < 60; i++) {
      const key = `k${i % 12}`
      for (const one of upstreams) one.seen = ''
      const fields = [`X-Key: ${key}`, `Cookie: a=b; key=${key}`, 'Connection: close']
      await ask(gateway, head('GET / HTTP/1.1', 'Host: a', ...fields))
      const at = upstreams.findIndex((one) => one.seen !== '')
      places.set(key, (places.get(key) ?? new Set()).add(at))
    }
    expect([...places.values()].map(({ size }) => size)).toEqual(Array(12).fill(1))
    expect(new Set([...places.values()].flatMap((at) => [...at])).size).toBeGreaterThan(1)
  })

  it('passes over one that its health checks find ill, and comes back to it', async () => {
    const check: HealthCheckSettings = {
      path: '/health?of=node',
      method: 'GET',
      intervalMs: 20,
      timeoutMs: 20,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
      expectedStatuses: [200],
    }
    let isIll = true
    const ill = await origin((request, socket) =>
      socket.write(request.startsWith('GET /health') && isIll ? answer(503) : OK),
    )
    const gateway = await gatewayTo([ill, upstream], { healthCheck: check })
    await eventually(() => gateway.pool.figures().endpoints[0]?.isHealthy === false)
    for (let i = 0; i < 6; i++) await ask(gateway, get('/work'))
    expect(ill.seen).not.toContain('GET /work')
    expect(ill.seen).toContain('GET /health?of=node HTTP/1.1\r\nHost: 127.0.0.1')
    isIll = false
    await eventually(() => gateway.pool.figures().endpoints[0]?.isHealthy === true)
    for (let i = 0; i < 4; i++) await ask(gateway, get('/work'))
    expect(ill.seen).toContain('GET /work')
    expect(gateway.pool.figures().healthChecks?.failed).toBeGreaterThanOrEqual(2)
    gateway.pool.dispose()
    expect(gateway.pool.figures().connections).toBe(gateway.pool.figures().idle)
  })
})

describe('an upstream that does everything wrong, asked by clients that leave', () => {
  it('leaves no place in a budget, no trial and no connection taken behind', async () => {
    const wrongs: ((socket: Socket) => void)[] = [
      (socket) => void socket.write(OK),
      (socket) => void socket.write(answer(503)),
      (socket) => void socket.write(answer(500)),
      (socket) => void socket.destroy(),
      (socket) => void socket.resetAndDestroy(),
      () => undefined,
      (socket) => void socket.write('garbage\r\n\r\n'),
      (socket) => void socket.write(head('HTTP/1.1 503 X', 'Content-Length: 100').concat('part')),
      (socket) => void socket.end(head('HTTP/1.1 200 OK', 'Content-Length: 100').concat('part')),
      (socket) => void socket.write(OK + OK),
    ]
    let turn = 0
    const wrong: ScriptedUpstream['script'] = (_request, socket) => wrongs[turn++ % wrongs.length]?.(socket)
    const upstreams = [await origin(wrong), await origin(wrong), await origin(wrong)]
    const retry: RetrySettings = {
      ...retryOnce,
      triggers: ['5xx'],
      perTryTimeoutMs: 30,
      budgetPercent: 0,
      budgetMinConcurrency: 1,
    }
    const settings: UpstreamSettings = {
      retry,
      breaker: { ...breaker, maxConnections: 6, maxRequests: 12 },
      outlier: { ...outlier, baseEjectionMs: 1, maxEjectionPercent: 100 },
    }
    const timeouts = { connectMs: 100, responseMs: 100, idleMs: 50 }
    const gateway = await gatewayTo(upstreams, settings, { timeouts })
    const client = async (n: number) => {
      for (let i = 0; i < 40; i++) {
        const socket = connect(gateway.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.on('data', () => undefined)
        const closed = once(socket, 'close')
        socket.write(get(`/${n}/${i}`))
        if ((n + i) % 3 === 0) setTimeout(() => socket.resetAndDestroy(), i % 7)
        await closed
      }
    }
    await Promise.all(Array.from({ length: 10 }, (_, n) => client(n)))
    for (const one of upstreams) one.script = (_request, socket) => socket.write(OK)
    const settled = () => {
      const { connections, idle, pending } = gateway.pool.figures()
      return connections === idle && pending === 0
    }
    await eventually(settled)
    await eventually(
      () => gateway.pool.figures().endpoints.every(({ isEjected }) => !isEjected) || probe(gateway),
    )
    await eventually(settled)
    const once503 = turns(answer(503), OK)
    for (const one of upstreams) one.script = once503
    const before = gateway.pool.figures().retries
    expect(await ask(gateway)).toMatchObject({ status: 200 })
    expect(gateway.pool.figures().retries).toBe(before + 1)
    await eventually(settled)
    expect(gateway.pool.figures().endpoints.reduce((sum, { connections }) => sum + connections, 0)).toBe(
      gateway.pool.figures().connections,
    )
  })
})

/** Sends one more request, for conditions that need traffic to come about. */
function probe(gateway: Gateway): false {
  void ask(gateway)
  return false
}

describe('an upstream with HTTP/2', () => {
  async function http2Origin(statusOf: (path: string, count: number) => number) {
    let count = 0
    const server = createHttp2Server()
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined)
      const status = statusOf(String(headers[':path']), ++count)
      if (status === 0) return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      stream.respond({ ':status': status })
      stream.end('body')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('not bound')
    return { url: `http://127.0.0.1:${address.port}`, seen: () => count }
  }

  async function gatewayOver2(url: string, settings: UpstreamSettings) {
    const gateway = await startGateway({
      upstreamPort: 1,
      pool: { endpoints: [{ url }], protocol: 'http2', settings },
    })
    closing.push(() => gateway.stop())
    return gateway
  }

  it('has its requests sent again after a 503 and after a reset', async () => {
    for (const failure of [503, 0]) {
      const { url, seen } = await http2Origin((_path, count) => (count === 1 ? failure : 200))
      const gateway = await gatewayOver2(url, { retry: retryOnce })
      const { status, text } = await ask(gateway)
      expect([status, text.includes('body'), seen()]).toEqual([200, true, 2])
    }
  })

  it('is left alone once it has failed three times, and is tried again', async () => {
    let isIll = true
    const { url, seen } = await http2Origin(() => (isIll ? 500 : 200))
    const gateway = await gatewayOver2(url, { breaker, outlier })
    for (let i = 0; i < 3; i++) expect(await ask(gateway)).toMatchObject({ status: 500 })
    expect(await ask(gateway)).toMatchObject({ code: 'upstream_circuit_open' })
    expect(seen()).toBe(3)
    isIll = false
    let answered = await ask(gateway)
    while (answered.status === 503) answered = await ask(gateway)
    expect(answered.status).toBe(200)
    expect(seen()).toBe(4)
  })

  it('has its health checked', async () => {
    let isIll = true
    const { url } = await http2Origin((path) => (path === '/health' && isIll ? 500 : 200))
    const gateway = await gatewayOver2(url, {
      healthCheck: {
        path: '/health',
        method: 'GET',
        intervalMs: 20,
        timeoutMs: 500,
        healthyThreshold: 1,
        unhealthyThreshold: 1,
        expectedStatuses: [200],
      },
    })
    await eventually(() => gateway.pool.figures().endpoints[0]?.isHealthy === false)
    isIll = false
    await eventually(() => gateway.pool.figures().endpoints[0]?.isHealthy === true)
  })
})

describe('a destination that a policy chooses', () => {
  it('gets the request, under the path that the policy asks for', async () => {
    const other = await origin(turns(answer(200, 'other')))
    const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
    const destination = { name: 'other', pool: poolTo(`http://127.0.0.1:${other.port}/base`) }
    const choosing = policy({
      onRequest(exchange) {
        if (exchange.header('x-canary') === undefined) return undefined
        exchange.destination = destination
        exchange.destinationPath = '/v2/orders'
        return undefined
      },
    })
    const gateway = await startGateway({
      upstreamPort: 1,
      routes: () => [route(pool, { policies: [choosing], destinations: [destination] })],
    })
    closing.push(
      () => pool.dispose(),
      () => destination.pool.dispose(),
      () => gateway.stop(),
    )
    expect((await ask(gateway, get('/orders?a=1'))).text).toContain('\r\n\r\nok')
    const chosen = head('GET /orders?a=1 HTTP/1.1', 'Host: a', 'X-Canary: 1', 'Connection: close')
    expect((await ask(gateway, chosen)).text).toContain('\r\n\r\nother')
    expect(other.seen).toMatch(/^GET \/base\/v2\/orders\?a=1 HTTP\/1\.1\r\nHost: 127\.0\.0\.1/)
    expect(requests(upstream)).toBe(1)
  })

  it.each(['v2', '/a b', '/a?b', '/a#b', '/a\r\nX: y', '/ä'])('has no path like %j', async (path) => {
    const choosing = policy({
      onRequest(exchange) {
        exchange.destinationPath = path
        return undefined
      },
    })
    const gateway = await startGateway({
      upstreamPort: upstream.port,
      routes: (pool) => [route(pool, { policies: [choosing] })],
    })
    closing.push(() => gateway.stop())
    expect(await ask(gateway)).toMatchObject({ status: 500, code: 'policy_failed' })
    expect(upstream.seen).toBe('')
  })
})
