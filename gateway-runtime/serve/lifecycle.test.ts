import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildPlan } from './plan.ts'
import {
  codeOf,
  eventually,
  type Gateway,
  type GatewaySetup,
  head,
  OK,
  policy,
  poolTo,
  route,
  ScriptedUpstream,
  startGateway,
  statusOf,
  talk,
} from './wire-fixture.ts'

const GET = head('GET / HTTP/1.1', 'Host: a')
const LAST = head('GET / HTTP/1.1', 'Host: a', 'Connection: close')
const post = (length: number, ...fields: string[]) =>
  head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`, ...fields)
const answered = (text: string) => text.endsWith('\r\n\r\nok')

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

async function gatewayWith(setup: Partial<GatewaySetup> = {}): Promise<Gateway> {
  const gateway = await startGateway({ upstreamPort: upstream.port, ...setup })
  gateways.push(gateway)
  return gateway
}

async function open(port: number): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let text = ''
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await once(socket, 'connect')
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  return { socket, text: () => text, closed }
}

/** A port whose process has been stopped and whose queue is full: the kernel answers no further connection. */
async function stoppedListener(): Promise<{ port: number; end: () => void }> {
  const script =
    "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const port = Number(String(line))
  child.kill('SIGSTOP')
  const fillers = Array.from({ length: 10 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  )
  let connected = 0
  for (const filler of fillers) filler.on('connect', () => connected++)
  await eventually(() => connected >= 2)
  const end = () => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  }
  return { port, end }
}

describe('connections to the upstream', () => {
  it('are used again, one request after the other', async () => {
    const gateway = await gatewayWith()
    upstream.connections = 0
    const { text } = await talk(gateway.port, [GET.repeat(20) + LAST])
    expect(text.split('\r\n\r\nok')).toHaveLength(22)
    expect(upstream.connections).toBe(1)
    expect(gateway.pool.figures()).toMatchObject({ connections: 1, idle: 1, pending: 0 })
  })

  it('are thrown away where bytes follow the answer, which no client ever sees', async () => {
    const gateway = await gatewayWith()
    upstream.connections = 0
    upstream.script = (_request, socket) =>
      void socket.write(`${OK}${head('HTTP/1.1 200 OK', 'Content-Length: 4')}evil`)
    const { text } = await talk(gateway.port, [GET + LAST])
    expect(text.split('\r\n\r\nok')).toHaveLength(3)
    expect(text).not.toContain('evil')
    expect(upstream.connections).toBe(2)
  })

  it('are thrown away where bytes come while they are idle', async () => {
    const gateway = await gatewayWith()
    await talk(gateway.port, [GET], { until: answered })
    for (const socket of upstream.sockets) socket.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 4')}evil`)
    await eventually(() => gateway.pool.figures().connections === 0)
    expect((await talk(gateway.port, [LAST])).text).not.toContain('evil')
  })

  it('went stale: a GET goes out once more, on a fresh one', async () => {
    const gateway = await gatewayWith()
    await talk(gateway.port, [GET], { until: answered })
    let first = true
    upstream.script = (_request, socket) => {
      if (first) socket.destroy()
      else socket.write(OK)
      first = false
    }
    expect(statusOf((await talk(gateway.port, [LAST])).text)).toBe(200)
  })

  it('went stale: a POST never goes out twice', async () => {
    const gateway = await gatewayWith()
    await talk(gateway.port, [GET], { until: answered })
    upstream.script = (_request, socket) => void socket.destroy()
    upstream.seen = ''
    const { text } = await talk(gateway.port, [`${post(1, 'Connection: close')}x`])
    expect(codeOf(text)).toBe('upstream_reset')
    expect(upstream.seen.match(/POST/g)).toHaveLength(1)
  })

  it('are bounded: further requests wait, and beyond that are told to come again', async () => {
    const gateway = await gatewayWith({ pool: { maxConnections: 1, maxPending: 1 } })
    const answers: Socket[] = []
    upstream.script = (_request, socket) => void answers.push(socket)
    const first = talk(gateway.port, [LAST])
    await eventually(() => answers.length === 1)
    const second = talk(gateway.port, [LAST])
    await eventually(() => gateway.pool.figures().pending === 1)
    const third = await talk(gateway.port, [LAST])
    expect(statusOf(third.text)).toBe(503)
    expect(codeOf(third.text)).toBe('upstream_busy')
    expect(third.text).toMatch(/\r\nretry-after: 1\r\n/)
    answers[0]?.write(OK)
    expect(statusOf((await first).text)).toBe(200)
    await eventually(() => answers.length === 2)
    answers[1]?.write(OK)
    expect(statusOf((await second).text)).toBe(200)
  })

  it('free the place of a client that goes away while it waits', async () => {
    const gateway = await gatewayWith({ pool: { maxConnections: 1, maxPending: 1 } })
    upstream.script = () => undefined
    const first = await open(gateway.port)
    first.socket.write(GET)
    await eventually(() => gateway.pool.figures().connections === 1)
    const second = await open(gateway.port)
    second.socket.write(GET)
    await eventually(() => gateway.pool.figures().pending === 1)
    second.socket.resetAndDestroy()
    await eventually(() => gateway.pool.figures().pending === 0)
    first.socket.resetAndDestroy()
    await eventually(() => gateway.pool.figures().connections === 0)
  })

  it('refused by the upstream: 502, and no name of it', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const address = closed.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await once(closed.close(), 'close')
    const gateway = await gatewayWith({ upstreamPort: port })
    const { text } = await talk(gateway.port, [LAST])
    expect(statusOf(text)).toBe(502)
    expect(codeOf(text)).toBe('upstream_unreachable')
    expect(text).not.toContain(String(port))
  })

  it('use another endpoint where one cannot be connected to, for any method', async () => {
    const dead = createServer().listen(0, '127.0.0.1')
    await once(dead, 'listening')
    const address = dead.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await once(dead.close(), 'close')
    const endpoints = [{ url: `http://127.0.0.1:${port}` }, { url: `http://127.0.0.1:${upstream.port}` }]
    const gateway = await gatewayWith({ pool: { endpoints } })
    for (let i = 0; i < 4; i++) {
      expect(statusOf((await talk(gateway.port, [`${post(1, 'Connection: close')}x`])).text)).toBe(200)
    }
  })

  it.each([
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://[fd00:ec2::254]',
    'http://0.0.0.0',
  ])('never go to %s', async (url) => {
    const gateway = await gatewayWith({ pool: { endpoints: [{ url }] } })
    const { text } = await talk(gateway.port, [LAST])
    expect(statusOf(text)).toBe(502)
    expect(codeOf(text)).toBe('upstream_forbidden_address')
  })

  it('go to loopback only where that is allowed, by name as by address', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const endpoints = [{ url: `http://${host}:${upstream.port}` }]
      const gateway = await gatewayWith({ pool: { endpoints, allowLoopback: false } })
      expect(codeOf((await talk(gateway.port, [LAST])).text)).toBe('upstream_forbidden_address')
    }
  })

  it('carry the base path of the upstream and not the one of the API', async () => {
    const gateway = await gatewayWith({
      upstreamPath: '/v1/',
      routes: (pool) => [route(pool, { basePath: '/orders', stripBasePath: true })],
    })
    const seen = async (target: string) => {
      upstream.seen = ''
      await talk(gateway.port, [head(`GET ${target} HTTP/1.1`, 'Host: a')], { until: answered })
      return upstream.seen.split(' ')[1]
    }
    expect(await seen('/orders/7?x=/orders')).toBe('/v1/7?x=/orders')
    expect(await seen('/orders')).toBe('/v1')
    expect(await seen('/orders/')).toBe('/v1/')
    expect(await seen('/orders?q')).toBe('/v1?q')
    expect(await seen('/x/../%6frders//7')).toBe('/v1/7')
    expect(
      codeOf(
        (await talk(gateway.port, [head('GET /ordersx HTTP/1.1', 'Host: a', 'Connection: close')])).text,
      ),
    ).toBe('no_route')
  })
})

describe('time', () => {
  it('a connection that is not accepted in time is a 504 of its own', async () => {
    const stopped = await stoppedListener()
    const timeouts = { connectMs: 200, responseMs: 5_000, idleMs: 5_000 }
    const gateway = await gatewayWith({ upstreamPort: stopped.port, pool: { timeouts } })
    const { text } = await talk(gateway.port, [LAST])
    expect(statusOf(text)).toBe(504)
    expect(codeOf(text)).toBe('upstream_connect_timeout')
    stopped.end()
  })

  it('no answer in time is a 504, close to the limit', async () => {
    const gateway = await gatewayWith({
      pool: { timeouts: { connectMs: 1_000, responseMs: 200, idleMs: 1_000 } },
    })
    upstream.script = () => undefined
    const startMs = performance.now()
    const { text } = await talk(gateway.port, [LAST])
    expect(statusOf(text)).toBe(504)
    expect(codeOf(text)).toBe('upstream_response_timeout')
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199)
  })

  it('a body that stops coming is cut, never ended', async () => {
    const gateway = await gatewayWith({
      pool: { timeouts: { connectMs: 1_000, responseMs: 1_000, idleMs: 100 } },
    })
    upstream.script = (_request, socket) =>
      void socket.write(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
    const { text } = await talk(gateway.port, [GET])
    expect(text).toMatch(/3\r\nabc\r\n$/)
  })

  it('a head that does not end is a 408', async () => {
    const gateway = await gatewayWith({ server: { limits: { headTimeoutMs: 100, lingerMs: 50 } } })
    const { text } = await talk(gateway.port, ['GET / HT'])
    expect(statusOf(text)).toBe(408)
    expect(codeOf(text)).toBe('request_timeout')
  })

  it('a head that comes byte by byte gains no time', async () => {
    const gateway = await gatewayWith({ server: { limits: { headTimeoutMs: 150, lingerMs: 50 } } })
    const { socket, text, closed } = await open(gateway.port)
    const timer = setInterval(() => socket.write('a'), 20)
    socket.write('GET /')
    await closed
    clearInterval(timer)
    expect(statusOf(text())).toBe(408)
  })

  it('an idle connection is closed without a word', async () => {
    const gateway = await gatewayWith({ server: { limits: { idleTimeoutMs: 100 } } })
    const { text } = await talk(gateway.port, [GET])
    expect(text.endsWith('ok')).toBe(true)
  })

  it('a body below the minimum rate is a 408', async () => {
    const gateway = await gatewayWith({
      server: { limits: { bodyWindowMs: 100, bodyBytesPerSecondMin: 1_000, lingerMs: 50 } },
    })
    const { socket, text, closed } = await open(gateway.port)
    socket.write(post(10_000))
    const timer = setInterval(() => socket.write('x'), 20)
    await closed
    clearInterval(timer)
    expect(statusOf(text())).toBe(408)
  })

  it('a body that the upstream holds up is not the client’s fault', async () => {
    const gateway = await gatewayWith({
      server: { limits: { bodyWindowMs: 400, bodyBytesPerSecondMin: 1_000_000_000 } },
    })
    const slow = createServer((socket) => {
      socket.on('error', () => undefined)
      let received = 0
      socket.once('data', (bytes) => {
        received += bytes.length
        socket.pause()
        setTimeout(() => socket.resume(), 1_500)
        socket.on('data', (more) => {
          received += more.length
          if (received > 8_000_000) socket.write(OK)
        })
      })
    }).listen(0, '127.0.0.1')
    await once(slow, 'listening')
    const address = slow.address()
    const pool = poolTo(
      `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    )
    gateway.server.swap(buildPlan([route(pool)]))
    const { text } = await talk(gateway.port, [post(8_000_000), Buffer.alloc(8_000_000, 'x')], {
      until: answered,
    })
    expect(statusOf(text)).toBe(200)
    slow.close()
  })

  it('a client that never reads its answer is cut', async () => {
    const gateway = await gatewayWith({ server: { limits: { unreadTimeoutMs: 100 } } })
    upstream.script = (_request, socket) => {
      socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${50_000_000}`))
      socket.write(Buffer.alloc(50_000_000, 'x'))
    }
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.pause()
    socket.write(GET)
    await eventually(() => gateway.entries.length === 1)
    expect(gateway.entries[0]?.code).toBe('client_unread')
    socket.destroy()
  })
})

describe('clients', () => {
  it('may pipeline 2000 requests that are refused here', async () => {
    const gateway = await gatewayWith({
      routes: (pool) => [
        route(pool, {
          policies: [policy({ onRequest: () => ({ status: 401, code: 'x.missing', detail: 'no' }) })],
        }),
      ],
    })
    const { text } = await talk(gateway.port, [GET.repeat(2_000) + LAST])
    expect(text.match(/HTTP\/1\.1 401/g)).toHaveLength(2_001)
    expect(gateway.server.figures()).toMatchObject({ requests: 2_001, refused: 2_001, errors: 0 })
  })

  it('that pipeline without reading are not served on: memory stays flat', async () => {
    const gateway = await gatewayWith()
    const body = 'x'.repeat(100_000)
    let served = 0
    upstream.script = (_request, socket) => {
      served++
      socket.write(`${head('HTTP/1.1 200 OK', `Content-Length: ${body.length}`)}${body}`)
    }
    const { socket, closed } = await open(gateway.port)
    socket.pause()
    socket.write(GET.repeat(1_000))
    let before = -1
    while (before !== served) {
      before = served
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(served).toBeLessThan(200)
    socket.resume()
    await eventually(() => served === 1_000, 20_000)
    socket.destroy()
    await closed
  })

  it('that half-close still get their answer', async () => {
    const gateway = await gatewayWith()
    upstream.script = (_request, socket) => void setTimeout(() => socket.write(OK), 30)
    const { text, ended } = await talk(gateway.port, [GET], { halfClose: true })
    expect(statusOf(text)).toBe(200)
    expect(ended).toBe(true)
  })

  it('that go away take their upstream connection with them', async () => {
    const gateway = await gatewayWith()
    let isClosed = false
    upstream.script = (_request, socket) => void socket.on('close', () => (isClosed = true))
    const { socket } = await open(gateway.port)
    socket.write(GET)
    await eventually(() => upstream.seen.includes('GET'))
    // By a reset: an orderly end could be a half-closed client that still wants its answer.
    socket.resetAndDestroy()
    await eventually(() => isClosed)
    expect(gateway.entries[0]).toMatchObject({ code: 'client_gone', status: 499 })
  })

  it('get an early answer while their body is still coming, whole, and are then closed', async () => {
    const gateway = await gatewayWith()
    const early = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(`${head('HTTP/1.1 403 No', 'Content-Length: 2')}no`))
    }).listen(0, '127.0.0.1')
    await once(early, 'listening')
    const address = early.address()
    const pool = poolTo(
      `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    )
    gateway.server.swap(buildPlan([route(pool)]))
    for (const parts of [[post(1_000_000), 'x'.repeat(100_000)], [post(1_000_000, 'Expect: 100-continue')]]) {
      const { text, ended } = await talk(gateway.port, parts)
      expect(text).toMatch(/^HTTP\/1\.1 403 [^]*Connection: close\r\n\r\nno$/)
      expect(ended).toBe(true)
    }
    early.close()
  })

  it('are cut where the upstream dies inside a body', async () => {
    const gateway = await gatewayWith()
    for (const answer of [
      `${head('HTTP/1.1 200 OK', 'Content-Length: 5')}ab`,
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nab`,
    ]) {
      upstream.script = (_request, socket) => void socket.end(answer)
      const { text } = await talk(gateway.port, [GET])
      expect(text).toMatch(/(\r\n\r\nab|2\r\nab\r\n)$/)
    }
  })

  it('of HTTP/1.0 are reset where a body without length breaks off', async () => {
    const gateway = await gatewayWith()
    upstream.script = (_request, socket) => {
      socket.write(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
      setTimeout(() => socket.destroy(), 30)
    }
    const { reset } = await talk(gateway.port, [head('GET / HTTP/1.0', 'Host: a')])
    expect(reset).toBe(true)
  })

  it('send 8 MB and get 8 MB, however slowly they read', async () => {
    const gateway = await gatewayWith()
    const big = Buffer.alloc(8 << 20, 'abcdefghij')
    let received = ''
    upstream.script = (request, socket) => {
      received = createHash('sha256')
        .update(request.slice(request.indexOf('\r\n\r\n') + 4), 'latin1')
        .digest('hex')
      socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${big.length}`))
      socket.write(big)
    }
    const { socket } = await open(gateway.port)
    const answer = createHash('sha256')
    let size = 0
    let begun = false
    socket.removeAllListeners('data')
    socket.on('data', (bytes) => {
      const body = begun ? bytes : bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
      begun = true
      answer.update(body)
      size += body.length
      socket.pause()
      setImmediate(() => socket.resume())
    })
    socket.write(post(big.length))
    socket.write(big)
    await eventually(() => size === big.length, 20_000)
    const expected = createHash('sha256').update(big).digest('hex')
    expect(answer.digest('hex')).toBe(expected)
    expect(received).toBe(expected)
    socket.destroy()
  }, 30_000)

  it.each(['keep-alive', 'close'])(
    'that read slowly get all of a large answer, with Connection: %s',
    async (connection) => {
      const body = Buffer.alloc(16 * 1024 * 1024, 'x')
      const answers = policy({ onRequest: () => ({ status: 200, code: 'cached', detail: '', body }) })
      const gateway = await gatewayWith({
        server: { limits: { lingerMs: 50 } },
        routes: (pool) => [route(pool, { policies: [answers] })],
      })
      const { socket, text } = await open(gateway.port)
      socket.write(head('GET / HTTP/1.1', 'Host: a', `Connection: ${connection}`))
      await eventually(() => text().length > 0)
      socket.pause()
      await new Promise((resolve) => setTimeout(resolve, 300))
      socket.resume()
      await eventually(() => text().length - text().indexOf('\r\n\r\n') - 4 === body.length)
      socket.destroy()
    },
  )

  it('wait for 100 Continue from the upstream itself', async () => {
    const gateway = await gatewayWith()
    const careful = createServer((socket) => {
      let text = ''
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1')
        if (text.endsWith('\r\n\r\n')) socket.write(head('HTTP/1.1 100 Continue'))
        if (text.endsWith('abc')) socket.write(OK)
      })
    }).listen(0, '127.0.0.1')
    await once(careful, 'listening')
    const address = careful.address()
    const pool = poolTo(
      `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    )
    gateway.server.swap(buildPlan([route(pool)]))
    const { socket, text } = await open(gateway.port)
    socket.write(post(3, 'Expect: 100-continue'))
    await eventually(() => text() === head('HTTP/1.1 100 Continue'))
    socket.write('abc')
    await eventually(() => answered(text()))
    socket.destroy()
    careful.close()
  })

  it('over the bound of connections are told to come again', async () => {
    const gateway = await gatewayWith({ server: { limits: { connectionsMax: 1 } } })
    const first = await open(gateway.port)
    await eventually(() => gateway.server.figures().connections === 1)
    const second = await talk(gateway.port, [])
    expect(statusOf(second.text)).toBe(503)
    expect(second.text).toMatch(/retry-after/)
    first.socket.destroy()
    await eventually(() => gateway.server.figures().connections === 0)
    expect(statusOf((await talk(gateway.port, [LAST])).text)).toBe(200)
  })

  it('cannot send a body over the limit, in chunks either', async () => {
    const gateway = await gatewayWith({ server: { limits: { bodyBytesMax: 10, lingerMs: 50 } } })
    expect(codeOf((await talk(gateway.port, [`${post(11)}`])).text)).toBe('body_too_large')
    const chunks = `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`
    expect(codeOf((await talk(gateway.port, [chunks])).text)).toBe('body_too_large')
  })

  it('that wait for 100 Continue and are refused get that answer alone, and are closed', async () => {
    const gateway = await gatewayWith({ server: { limits: { bodyBytesMax: 10, lingerMs: 50 } } })
    const { text, ended } = await talk(gateway.port, [post(11, 'Expect: 100-continue')])
    expect(text).toMatch(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n[^]*"code":"body_too_large"/)
    expect([ended, upstream.seen]).toEqual([true, ''])
  })
})

describe('policies', () => {
  it('run in order on requests and in reverse on answers, and see what the upstream sees', async () => {
    const order: string[] = []
    const named = (name: string) =>
      policy({
        onRequest(exchange) {
          order.push(`${name} ${exchange.method} ${exchange.path}${exchange.query} ${exchange.host}`)
          exchange.setHeader('x-order', `${exchange.header('x-order') ?? ''}${name}`)
          return undefined
        },
        onResponse(exchange) {
          order.push(`${name} ${exchange.status}`)
          exchange.setResponseHeader('x-order', `${exchange.responseHeader('x-order') ?? ''}${name}`)
          exchange.addResponseHeader('vary', name)
          exchange.removeResponseHeader('server')
        },
      })
    const gateway = await gatewayWith({
      routes: (pool) => [route(pool, { policies: [named('a'), named('b')] })],
    })
    upstream.script = (_request, socket) =>
      void socket.write(`${head('HTTP/1.1 200 OK', 'Server: x', 'Content-Length: 2')}ok`)
    const { text } = await talk(gateway.port, [
      head('GET /x/../y?z HTTP/1.1', 'Host: A:1', 'Connection: close'),
    ])
    expect(order).toEqual(['a GET /y?z a', 'b GET /y?z a', 'b 200', 'a 200'])
    expect(upstream.seen).toContain('GET /y?z HTTP/1.1\r\n')
    expect(upstream.seen).toContain('\r\nx-order: ab\r\n')
    expect(text).toContain('\r\nx-order: ba\r\nvary: b\r\nvary: a\r\n')
    expect(text).not.toContain('Server')
  })

  it('edit refusals too: those that were asked before it', async () => {
    const cors = policy({
      onResponse: (exchange) => exchange.setResponseHeader('access-control-allow-origin', '*'),
    })
    const refuses = policy({
      onRequest: () => ({
        status: 401,
        code: 'x.missing',
        detail: 'no key',
        headers: { 'www-authenticate': 'Key' },
      }),
    })
    const behind = policy({ onResponse: (exchange) => exchange.setResponseHeader('x-behind', '1') })
    const gateway = await gatewayWith({
      routes: (pool) => [route(pool, { policies: [cors, refuses, behind] })],
    })
    const { text } = await talk(gateway.port, [LAST])
    expect(statusOf(text)).toBe(401)
    expect(text).toContain('\r\naccess-control-allow-origin: *\r\n')
    expect(text).toContain('\r\nwww-authenticate: Key\r\n')
    expect(text).not.toContain('x-behind')
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({
      status: 401,
      code: 'x.missing',
      detail: 'no key',
    })
    expect(upstream.seen).toBe('')
  })

  it('that throw cost their request only, and are reported', async () => {
    const breaks = (id: string, when: 'onRequest' | 'onResponse') =>
      policy(
        {
          [when]: () => {
            throw new Error('broken')
          },
        },
        id,
      )
    const gateway = await gatewayWith({
      routes: (pool) => [
        route(pool, { policies: [breaks('one', 'onRequest')] }),
        route(pool, { id: 'two', basePath: '/two', policies: [breaks('two', 'onResponse')] }),
        route(pool, { id: 'ok', basePath: '/ok' }),
      ],
    })
    const get = (path: string) =>
      talk(gateway.port, [head(`GET ${path} HTTP/1.1`, 'Host: a', 'Connection: close')])
    expect(codeOf((await get('/')).text)).toBe('policy_failed')
    expect(codeOf((await get('/two')).text)).toBe('policy_failed')
    expect(statusOf((await get('/ok')).text)).toBe(200)
    expect(gateway.events.map(({ code }) => code)).toEqual(['policy_failed', 'policy_failed'])
  })

  it('cannot touch framing, nor split a head', async () => {
    for (const [name, value] of [
      ['content-length', '0'],
      ['transfer-encoding', 'chunked'],
      ['x-a', 'b\r\nx: y'],
      ['X-A', 'b'],
      ['x a', 'b'],
    ] as const) {
      const gateway = await gatewayWith({
        routes: (pool) => [
          route(pool, {
            policies: [policy({ onResponse: (exchange) => exchange.setResponseHeader(name, value) })],
          }),
        ],
      })
      expect(codeOf((await talk(gateway.port, [LAST])).text)).toBe('policy_failed')
    }
  })

  it('that wait hold up nobody else, and do not outlive their client', async () => {
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const waits = policy({ onRequest: () => gate.then(() => undefined) })
    const gateway = await gatewayWith({
      routes: (pool) => [route(pool, { policies: [waits] }), route(pool, { id: 'ok', basePath: '/ok' })],
    })
    const gone = await open(gateway.port)
    gone.socket.write(GET)
    const waiting = talk(gateway.port, [LAST])
    expect(
      statusOf((await talk(gateway.port, [head('GET /ok HTTP/1.1', 'Host: a', 'Connection: close')])).text),
    ).toBe(200)
    gone.socket.resetAndDestroy()
    await eventually(() => gateway.server.figures().connections === 1)
    upstream.seen = ''
    release()
    expect(statusOf((await waiting).text)).toBe(200)
    expect(upstream.seen.match(/GET/g)).toHaveLength(1)
  })

  it('may answer below 400, without a document', async () => {
    const preflight = policy({
      onRequest: () => ({
        status: 204,
        code: 'cors.preflight',
        detail: '',
        headers: { 'access-control-max-age': '5' },
      }),
    })
    const gateway = await gatewayWith({ routes: (pool) => [route(pool, { policies: [preflight] })] })
    const { text } = await talk(gateway.port, [LAST])
    expect(text).toMatch(/^HTTP\/1\.1 204 No Content\r\n(?:(?!content-length)[^])*\r\n\r\n$/i)
  })
})

describe('proxies in front', () => {
  const claims = [
    'X-Forwarded-For: 6.6.6.6, 10.0.0.1',
    'X-Forwarded-For: 10.0.0.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: shop.example',
    'X-Request-Id: abc',
  ]
  const seenWith = async (trustedHops: number, fields: string[]) => {
    let remoteAddress = ''
    const watch = policy({ onRequest: (exchange) => void (remoteAddress = exchange.remoteAddress) })
    const gateway = await gatewayWith({
      server: { trustedHops },
      routes: (pool) => [route(pool, { policies: [watch] })],
    })
    upstream.seen = ''
    await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: a', ...fields)], { until: answered })
    return {
      remoteAddress,
      forwarded: /X-Forwarded-For: (.*)\r/.exec(upstream.seen)?.[1],
      seen: upstream.seen,
    }
  }

  it('none: nothing that the client says of itself is believed or passed on', async () => {
    expect(await seenWith(0, claims)).toMatchObject({ remoteAddress: '127.0.0.1', forwarded: '127.0.0.1' })
  })

  it('one and two: that many of the rightmost hops are kept', async () => {
    const one = await seenWith(1, claims)
    expect(one).toMatchObject({ remoteAddress: '10.0.0.2', forwarded: '10.0.0.2, 127.0.0.1' })
    expect(one.seen).toContain(
      'X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\nX-Request-Id: abc\r\n',
    )
    expect(await seenWith(2, claims)).toMatchObject({
      remoteAddress: '10.0.0.1',
      forwarded: '10.0.0.1, 10.0.0.2, 127.0.0.1',
    })
  })

  it('what is no address ends the list', async () => {
    expect(await seenWith(3, ['X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2'])).toMatchObject({
      remoteAddress: '10.0.0.2',
    })
  })
})

describe('plans', () => {
  it('are swapped under running exchanges, which finish on theirs; what nobody holds is disposed of', async () => {
    let disposed = 0
    const old = policy({
      onResponse: (exchange) => exchange.setResponseHeader('x-plan', 'old'),
      dispose: () => void disposed++,
    })
    const gateway = await gatewayWith({ routes: (pool) => [route(pool, { policies: [old] })] })
    const sockets: Socket[] = []
    upstream.script = (_request, socket) => void sockets.push(socket)
    const running = talk(gateway.port, [LAST])
    await eventually(() => sockets.length === 1)
    const replaced = gateway.server.swap(buildPlan([route(gateway.pool)]))
    expect(replaced).toBe(gateway.plan)
    expect(disposed).toBe(0)
    sockets[0]?.write(OK)
    expect((await running).text).toContain('x-plan: old')
    expect(disposed).toBe(1)
    expect(gateway.pool.figures().idle).toBe(1)
  })

  it('keep pools that the next plan takes over, and end the connections of those it does not', async () => {
    const gateway = await gatewayWith()
    await talk(gateway.port, [GET], { until: answered })
    gateway.server.swap(buildPlan([route(gateway.pool)]))
    expect(gateway.pool.figures().idle).toBe(1)
    const next = poolTo(`http://127.0.0.1:${upstream.port}`)
    gateway.server.swap(buildPlan([route(next)]))
    expect(gateway.pool.figures().connections).toBe(0)
  })

  it('change under a connection that stays open, without a failed request', async () => {
    const gateway = await gatewayWith()
    const { socket, text } = await open(gateway.port)
    for (let i = 1; i <= 50; i++) {
      gateway.server.swap(buildPlan([route(gateway.pool, { id: `r${i}` })]))
      socket.write(GET)
      await eventually(() => text().split('HTTP/1.1 200').length === i + 1)
    }
    socket.destroy()
  })

  it('refuse two APIs at one address and a base path that is not normal', () => {
    const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
    expect(() =>
      buildPlan([route(pool, { basePath: '/a' }), route(pool, { id: 's', basePath: '/a' })]),
    ).toThrow(/api \(s\) and api \(r\) both answer at \/a/)
    expect(() => buildPlan([route(pool, { basePath: '/a/../b' })])).toThrow(/not a normal base path/)
    expect(() => buildPlan([route(pool, { basePath: '/a/' })])).toThrow(/not a normal base path/)
  })
})

describe('drain', () => {
  it('closes the port and idle connections, lets running exchanges finish, then resolves', async () => {
    const gateway = await gatewayWith()
    const idle = await open(gateway.port)
    idle.socket.write(GET)
    await eventually(() => answered(idle.text()))
    const sockets: Socket[] = []
    upstream.script = (_request, socket) => void sockets.push(socket)
    const running = talk(gateway.port, [GET])
    await eventually(() => sockets.length === 1)
    const drained = gateway.server.drain(5_000)
    await once(idle.socket, 'end')
    idle.socket.end()
    expect(
      (await talk(gateway.port, [GET]).catch((error: NodeJS.ErrnoException) => error.code)) ===
        'ECONNREFUSED',
    ).toBe(true)
    sockets[0]?.write(OK)
    const { text, ended } = await running
    expect(text).toMatch(/Connection: close\r\n\r\nok$/)
    expect(ended).toBe(true)
    await drained
    expect(gateway.server.figures().connections).toBe(0)
  })

  it('serves on while there is grace, on connections that are kept and new, and ends each with its answer', async () => {
    const gateway = await gatewayWith()
    const [kept, resting] = [await open(gateway.port), await open(gateway.port)]
    for (const { socket, text } of [kept, resting]) {
      socket.write(GET)
      await eventually(() => answered(text()))
    }
    const drained = gateway.server.drain(5_000, 300)
    const ended = once(kept.socket, 'end')
    kept.socket.write(GET)
    await ended
    kept.socket.end()
    expect(kept.text()).toMatch(/ok[^]*Connection: close\r\n\r\nok$/)
    expect((await talk(gateway.port, [GET])).text).toMatch(/Connection: close\r\n\r\nok$/)
    expect(resting.socket.readableEnded).toBe(false)
    await once(resting.socket, 'end')
    resting.socket.end()
    await drained
    await expect(talk(gateway.port, [GET])).rejects.toThrow('ECONNREFUSED')
  })

  it('takes no grace where nobody has come', async () => {
    const gateway = await gatewayWith()
    const beganMs = performance.now()
    await gateway.server.drain(20_000, 10_000)
    expect(performance.now() - beganMs).toBeLessThan(5_000)
  })

  it('cuts what is left at the deadline', async () => {
    const gateway = await gatewayWith()
    upstream.script = () => undefined
    const running = talk(gateway.port, [GET])
    await eventually(() => gateway.pool.figures().connections === 1)
    await gateway.server.drain(100)
    expect((await running).text).toBe('')
  })
})
