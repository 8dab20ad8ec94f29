import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { buildPlan } from './plan.ts'
import { codeOf, eventually, head, OK, poolTo, route, statusOf, talk } from './wire-fixture.ts'
import {
  aroundEach,
  GET,
  LAST,
  post,
  answered,
  upstream,
  gatewayWith,
  open,
  stoppedListener,
} from './lifecycle-fixture.ts'

aroundEach()

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
