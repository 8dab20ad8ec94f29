import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { codeOf, eventually, head, OK, route, statusOf, talk } from './wire-fixture.ts'
import { aroundEach, GET, LAST, post, answered, upstream, gatewayWith, open } from './lifecycle-fixture.ts'

aroundEach()

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
