import { describe, expect, it } from 'vitest'
import { codeOf, eventually, head, policy, route, statusOf, talk } from './wire-fixture.ts'
import { aroundEach, GET, LAST, upstream, gatewayWith, open } from './lifecycle-fixture.ts'

aroundEach()

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
