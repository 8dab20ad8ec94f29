import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { buildPlan } from './plan.ts'
import { codeOf, eventually, head, OK, policy, poolTo, route, statusOf, talk } from './wire-fixture.ts'
import { aroundEach, GET, LAST, post, answered, upstream, gatewayWith, open } from './lifecycle-fixture.ts'

aroundEach()

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
