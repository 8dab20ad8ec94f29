import { once } from 'node:events'
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HealthCheckSettings, RetrySettings } from '#policies/settings.ts'
import { FRAME, frame as rawFrame } from '../client/http2-raw-fixture.ts'
import { askHttp2, connectHttp2, startHttp2Gateway } from '../client/http2-fixture.ts'
import { eventually, head, poolTo, route, startGateway, statusOf, talk } from '../wire-fixture.ts'
import type { Pool, PoolOptions } from './pool.ts'

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: string[]) => void

let upstream: Http2Server
let port = 0
let handler: Handler
const sessions = new Set<ServerHttp2Session>()
const stops: (() => Promise<void>)[] = []

beforeEach(async () => {
  handler = (stream) => {
    stream.respond({ ':status': 200, 'content-length': 2 })
    stream.end('ok')
  }
  upstream = createServer()
  upstream.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => undefined)
  })
  upstream.on('stream', (stream, headers, _flags, raw: string[]) => {
    stream.on('error', () => undefined)
    handler(stream, headers, raw)
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  // A listening TCP server has an address of this form.
  port = (upstream.address() as AddressInfo).port
})

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  for (const session of sessions) session.destroy()
  upstream.close()
})

function poolOf(options: Partial<PoolOptions> = {}): Pool {
  const pool = poolTo(`http://127.0.0.1:${port}`, { protocol: 'http2', ...options })
  stops.push(async () => pool.dispose())
  return pool
}

async function http1Gateway(options: Partial<PoolOptions> = {}) {
  const gateway = await startGateway({ upstreamPort: port, pool: { protocol: 'http2', ...options } })
  stops.push(() => gateway.stop())
  return gateway
}

async function http2Gateway(options: Partial<PoolOptions> = {}) {
  const pool = poolOf(options)
  const gateway = await startHttp2Gateway([route(pool)])
  stops.push(() => gateway.stop())
  return { gateway, pool, session: connectHttp2(gateway.port) }
}

describe('an upstream over HTTP/2', () => {
  it('answers an HTTP/1.1 client', async () => {
    let seen: string[] = []
    handler = (stream, _headers, raw) => {
      seen = raw
      stream.respond({ ':status': 200, 'content-type': 'text/plain' })
      stream.end('hello')
    }
    const gateway = await http1Gateway()
    const answer = await talk(gateway.port, [
      head('GET /a?b HTTP/1.1', 'Host: x', 'Accept: y', 'Connection: close'),
    ])
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 \r\ncontent-type: text\/plain\r\n/)
    expect(answer.text).toContain('\r\n5\r\nhello\r\n0\r\n\r\n')
    expect(seen.slice(0, 8)).toEqual([
      ':method',
      'GET',
      ':scheme',
      'http',
      ':authority',
      `127.0.0.1:${port}`,
      ':path',
      '/a?b',
    ])
    expect(seen).toContain('accept')
    expect(seen).not.toContain('connection')
    expect(seen).not.toContain('te')
  })

  it('shares one connection among requests at the same time', async () => {
    const waiting: ServerHttp2Stream[] = []
    handler = (stream) => void waiting.push(stream)
    const { session, pool } = await http2Gateway()
    const answers = Array.from({ length: 50 }, () => askHttp2(session, {}))
    await eventually(() => waiting.length === 50)
    expect(sessions.size).toBe(1)
    expect(pool.figures().connections).toBe(1)
    for (const stream of waiting) {
      stream.respond({ ':status': 204 }, { endStream: true })
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(
      Array.from({ length: 50 }, () => 204),
    )
    session.close()
  })

  it('brings bodies and trailers both ways between HTTP/2 and HTTP/2', async () => {
    let trailers: IncomingHttpHeaders = {}
    let te: IncomingHttpHeaders[string]
    handler = (stream, headers) => {
      te = headers.te
      let body = ''
      stream.on('data', (part: Buffer) => (body += part.toString()))
      stream.on('trailers', (fields: IncomingHttpHeaders) => (trailers = fields))
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': '0', 'x-sum': '1', 'set-cookie': 'a=b' }),
        )
        stream.end(body.toUpperCase())
      })
    }
    const { session } = await http2Gateway()
    const stream = session.request(
      { ':method': 'POST', ':path': '/', te: 'trailers' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-checksum': '7', authorization: 'no' }))
    stream.end('hello')
    let body = ''
    let back: IncomingHttpHeaders = {}
    stream.on('data', (part: Buffer) => (body += part.toString()))
    stream.on('trailers', (fields: IncomingHttpHeaders) => (back = fields))
    await once(stream, 'close')
    session.close()
    expect(body).toBe('HELLO')
    expect(te).toBe('trailers')
    expect(trailers['x-checksum']).toBe('7')
    expect(trailers).not.toHaveProperty('authorization')
    expect(back).toMatchObject({ 'grpc-status': '0', 'x-sum': '1' })
    expect(back).not.toHaveProperty('set-cookie')
  })

  it('tells an upstream that resets before its answer from one that resets inside it', async () => {
    handler = (stream, headers) => {
      if (headers[':path'] === '/inside') {
        stream.respond({ ':status': 200 })
        stream.write('half')
        setImmediate(() => stream.destroy(new Error('cut')))
      } else stream.close(2)
    }
    const gateway = await http1Gateway()
    const before = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: x', 'Connection: close')])
    expect(statusOf(before.text)).toBe(502)
    expect(before.text).toContain('upstream_reset')
    const inside = await talk(gateway.port, [head('GET /inside HTTP/1.1', 'Host: x')])
    expect(statusOf(inside.text)).toBe(200)
    expect(inside.text).not.toContain('\r\n0\r\n\r\n')
  })

  it('sends a request again that the upstream refused unseen, and no request with a body', async () => {
    let refused = 0
    handler = (stream) => {
      if (refused++ % 2 === 0) return stream.close(7)
      stream.respond({ ':status': 200 }, { endStream: true })
    }
    const { session } = await http2Gateway()
    expect((await askHttp2(session, {})).status).toBe(200)
    expect(refused).toBe(2)
    expect((await askHttp2(session, { ':method': 'POST' }, 'x')).status).toBe(502)
    expect(refused).toBe(3)
    session.close()
  })

  it('takes a new connection when the upstream says goodbye, and lets running streams finish', async () => {
    const waiting: ServerHttp2Stream[] = []
    handler = (stream, headers) => {
      if (headers[':path'] === '/slow') return void waiting.push(stream)
      stream.respond({ ':status': 200 }, { endStream: true })
    }
    const { session } = await http2Gateway()
    const slow = askHttp2(session, { ':path': '/slow' })
    await eventually(() => waiting.length === 1)
    const [first] = sessions
    first?.close()
    await eventually(() => sessions.size === 1)
    for (let i = 0; i < 5; i++) expect((await askHttp2(session, {})).status).toBe(200)
    expect(sessions.size).toBe(2)
    waiting[0]?.respond({ ':status': 200 })
    waiting[0]?.end('done')
    expect((await slow).body.toString()).toBe('done')
    session.close()
  })

  it('answers 504 when the upstream takes too long, and 502 where nobody listens', async () => {
    handler = () => undefined
    const gateway = await http1Gateway({ timeouts: { connectMs: 500, responseMs: 50, idleMs: 50 } })
    const late = await talk(gateway.port, [head('GET / HTTP/1.1', 'Host: x', 'Connection: close')])
    expect(late.text).toContain('upstream_response_timeout')
    const nobody = await startGateway({ upstreamPort: 1, pool: { protocol: 'http2' } })
    stops.push(() => nobody.stop())
    const gone = await talk(nobody.port, [head('GET / HTTP/1.1', 'Host: x', 'Connection: close')])
    expect(gone.text).toContain('upstream_unreachable')
  })

  it('refuses a WebSocket with a reason', async () => {
    const gateway = await http1Gateway()
    const answer = await talk(gateway.port, [
      head(
        'GET / HTTP/1.1',
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ),
    ])
    expect(statusOf(answer.text)).toBe(502)
    expect(answer.text).toContain('upstream_no_websocket')
  })

  it('holds a fast upstream up for a client that does not read, with bounded memory', async () => {
    let written = 0
    handler = (stream) => {
      stream.respond({ ':status': 200 })
      const part = Buffer.alloc(64 * 1024)
      const fill = () => {
        while (!stream.destroyed && written < 64 * 1024 * 1024) {
          written += part.length
          if (!stream.write(part)) return void stream.once('drain', fill)
        }
        stream.end()
      }
      fill()
    }
    const { session } = await http2Gateway()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await once(stream, 'response')
    let last = -1
    await eventually(() => {
      const still = written === last && written > 0
      last = written
      return still
    })
    expect(written).toBeLessThan(8 * 1024 * 1024)
    let read = 0
    stream.on('data', (bytes: Buffer) => (read += bytes.length))
    await once(stream, 'end')
    expect(read).toBe(64 * 1024 * 1024)
    session.close()
  })

  it('that reads slowly holds an upload up, and gets all of it in the end', async () => {
    const bytes = 32 * 1024 * 1024
    let held: ServerHttp2Stream | undefined
    handler = (stream) => {
      held = stream
    }
    const gateway = await http1Gateway()
    const socket = connectTcp(gateway.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(head('POST / HTTP/1.1', 'Host: x', `Content-Length: ${bytes}`))
    const part = Buffer.alloc(64 * 1024)
    let sent = 0
    const fill = () => {
      while (sent < bytes) {
        sent += part.length
        if (!socket.write(part)) return void socket.once('drain', fill)
      }
    }
    fill()
    let last = -1
    await eventually(() => {
      const still = sent === last && held !== undefined
      last = sent
      return still
    })
    expect(sent).toBeLessThan(16 * 1024 * 1024)
    let read = 0
    held?.on('data', (data: Buffer) => (read += data.length))
    held?.on('end', () => {
      held?.respond({ ':status': 200 })
      held?.end('all of it')
    })
    let text = ''
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')))
    await eventually(() => text.includes('all of it'), 9_000)
    socket.destroy()
    expect(read).toBe(bytes)
  })

  it('is asked again where its pool says so, and the client sees the good answer alone', async () => {
    let asked = 0
    handler = (stream) => {
      if (asked++ === 0) return stream.respond({ ':status': 503 }, { endStream: true })
      stream.respond({ ':status': 200 })
      stream.end('good')
    }
    const retry: RetrySettings = {
      numRetries: 1,
      triggers: ['5xx'],
      statusCodes: [],
      perTryTimeoutMs: 0,
      backOffBaseMs: 1,
      backOffMaxMs: 2,
      budgetPercent: 100,
      budgetMinConcurrency: 10,
      idempotentOnly: true,
    }
    const { session, pool } = await http2Gateway({ settings: { retry } })
    const answer = await askHttp2(session, {})
    session.close()
    expect([answer.status, answer.body.toString(), asked]).toEqual([200, 'good', 2])
    expect(pool.figures().retries).toBe(1)
  })

  it('is asked how it is on the connection that requests take', async () => {
    const asked: unknown[] = []
    handler = (stream, headers) => {
      asked.push(headers[':path'])
      stream.respond({ ':status': 200 }, { endStream: true })
    }
    const healthCheck: HealthCheckSettings = {
      path: '/health',
      method: 'GET',
      intervalMs: 10,
      timeoutMs: 1_000,
      healthyThreshold: 1,
      unhealthyThreshold: 1,
      expectedStatuses: [200],
    }
    const { session } = await http2Gateway({ settings: { healthCheck } })
    await eventually(() => asked.length > 2)
    expect((await askHttp2(session, { ':path': '/' })).status).toBe(200)
    session.close()
    expect(new Set(asked)).toEqual(new Set(['/health', '/']))
    expect(sessions.size).toBe(1)
  })

  it('that has gone silent gets no more requests on that connection, and loses it', async () => {
    const sockets: Socket[] = []
    // It says that it speaks HTTP/2, and nothing more.
    const silent = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      sockets.push(socket)
      socket.write(rawFrame(FRAME.settings, 0, 0))
      socket.resume()
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    // A listening TCP server has an address of this form.
    const { port: silentPort } = silent.address() as AddressInfo
    const pool = poolTo(`http://127.0.0.1:${silentPort}`, {
      protocol: 'http2',
      timeouts: { connectMs: 1_000, responseMs: 50, idleMs: 1_000 },
    })
    const gateway = await startHttp2Gateway([route(pool)])
    stops.push(async () => {
      await gateway.stop()
      pool.dispose()
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const session = connectHttp2(gateway.port)
    expect((await askHttp2(session, {})).status).toBe(504)
    expect((await askHttp2(session, {})).status).toBe(504)
    expect(sockets).toHaveLength(2)
    await eventually(() => sockets.every(({ destroyed }) => destroyed), 9_000)
    session.close()
  }, 15_000)
})
