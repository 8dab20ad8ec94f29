import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Prepared } from '#policies/definition.ts'
import type { Exchange } from '#policies/exchange.ts'
import { PlainArrival } from '../arrival.ts'
import type { LiveRoute } from '../plan.ts'
import { eventually, head, OK, policy, poolTo, route, ScriptedUpstream } from '../wire-fixture.ts'
import { Http2Connection } from './http2.ts'
import {
  askHttp2,
  connectHttp2,
  type Http2Answer,
  type Http2Gateway,
  startHttp2Gateway,
} from './http2-fixture.ts'
import { END_HEADERS, END_STREAM, FRAME, fields, frame, GET, RawHttp2Client } from './http2-raw-fixture.ts'

let upstream: ScriptedUpstream
const gateways: Http2Gateway[] = []

beforeEach(async () => {
  upstream = await new ScriptedUpstream().start()
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop()
  upstream.stop()
})

async function start(change: Partial<LiveRoute> = {}, options: Parameters<typeof startHttp2Gateway>[1] = {}) {
  const pool = poolTo(`http://127.0.0.1:${upstream.port}`)
  const gateway = await startHttp2Gateway([route(pool, change)], options)
  gateways.push(gateway)
  return { gateway, session: connectHttp2(gateway.port) }
}

const withPolicy = (prepared: Prepared) => start({ policies: [policy(prepared)] })
// Every answer of the gateway's own is one of these documents.
const codeOf = ({ body }: Http2Answer) => (JSON.parse(body.toString()) as { code: string }).code

describe('a request over HTTP/2', () => {
  it('reaches an HTTP/1.1 upstream as one plain request', async () => {
    const { session, gateway } = await start()
    const answer = await askHttp2(session, {
      ':path': '/a?b=c',
      accept: 'x',
      te: 'trailers',
      connection_x: '1',
    })
    session.close()
    expect(answer).toMatchObject({ status: 200, rstCode: 0 })
    expect(answer.body.toString()).toBe('ok')
    expect(answer.headers.date).toBeDefined()
    expect(upstream.seen).toMatch(
      /^GET \/a\?b=c HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\naccept: x\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: 127\.0\.0\.1:\d+\r\nX-Request-Id: [^\r]+\r\n\r\n$/,
    )
    expect(gateway.entries).toMatchObject([
      { method: 'GET', path: '/a', status: 200, bodyBytes: 2, api: 'api' },
    ])
    expect(gateway.metrics.figures()).toMatchObject({ requests: 1, errors: 0 })
  })

  it('brings a body of known length with it, and one of unknown length in chunks', async () => {
    const { session } = await start()
    await askHttp2(session, { ':method': 'PUT', 'content-length': 5 }, 'hello')
    expect(upstream.seen).toMatch(/content-length: 5\r\n[^]*\r\n\r\nhello$/)
    await askHttp2(session, { ':method': 'POST' }, 'world')
    session.close()
    expect(upstream.seen).toContain('Transfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n')
  })

  it('has its cookie crumbs joined', async () => {
    const { session } = await start()
    await askHttp2(session, { cookie: ['a=1', 'b=2', 'c=3'] })
    session.close()
    expect(upstream.seen).toContain('\r\ncookie: a=1; b=2; c=3\r\n')
  })

  it('goes by the normal form of its path, and only there', async () => {
    const { session } = await start({ basePath: '/api', stripBasePath: true })
    expect((await askHttp2(session, { ':path': '/x/../api//%61?q' })).status).toBe(200)
    expect(upstream.seen).toMatch(/^GET \/a\?q HTTP\/1\.1\r\n/)
    const escaped = await askHttp2(session, { ':path': '/api/%2fetc' })
    expect([escaped.status, codeOf(escaped)]).toEqual([400, 'bad_path'])
    const above = await askHttp2(session, { ':path': '/api/../other' })
    expect([above.status, codeOf(above)]).toEqual([404, 'no_route'])
    session.close()
  })

  it.each([
    ['TRACE', { ':method': 'TRACE' }, 405, 'method_not_allowed'],
    ['an unknown method', { ':method': 'BREW' }, 501, 'method_unknown'],
    ['two hosts', { ':authority': 'a.example', host: 'other.example' }, 400, 'bad_host'],
    ['a path for a host', { ':authority': 'a/b' }, 400, 'bad_host'],
    ['a user in its host', { ':authority': 'user@a' }, 400, 'bad_host'],
    ['an unknown expectation', { expect: 'a miracle' }, 417, 'bad_expectation'],
    ['a long path', { ':path': `/${'a'.repeat(8_200)}` }, 414, 'uri_too_long'],
    ['a long field', { long: 'a'.repeat(17_000) }, 431, 'header_too_large'],
    ['no path in particular', { ':method': 'OPTIONS', ':path': '*' }, 404, 'no_route'],
  ])('with %s is refused as over HTTP/1.1', async (_name, headers, status, code) => {
    const { session } = await start()
    const answer = await askHttp2(session, headers)
    session.close()
    if (answer.status !== 0) expect([answer.status, codeOf(answer)]).toEqual([status, code])
    else expect(answer.rstCode).toBe(1)
    expect(upstream.seen).toBe('')
  })

  it('takes a Host that equals its authority for one name', async () => {
    const { session } = await start()
    expect((await askHttp2(session, { ':authority': 'a.example', host: 'A.example' })).status).toBe(200)
    session.close()
    expect(upstream.seen).toContain('X-Forwarded-Host: a.example\r\n')
  })

  it('has what it says of itself believed only behind proxies of ours', async () => {
    const told = { 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'https', forwarded: 'for=1.1.1.1' }
    const direct = await start()
    await askHttp2(direct.session, told)
    direct.session.close()
    expect(upstream.seen).not.toContain('192.0.2.9')
    const behind = await start({}, { trustedHops: 1 })
    await askHttp2(behind.session, told)
    behind.session.close()
    expect(upstream.seen).toContain('X-Forwarded-For: 192.0.2.9, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n')
    expect(upstream.seen).not.toContain('1.1.1.1')
  })

  it('with more fields than allowed never reaches the upstream', async () => {
    const { session, gateway } = await start()
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, 'y']))
    const answer = await askHttp2(session, many)
    session.close()
    expect(answer.status === 431 || answer.rstCode !== 0).toBe(true)
    expect(upstream.seen).toBe('')
    const next = connectHttp2(gateway.port)
    expect((await askHttp2(next, {})).status).toBe(200)
    next.close()
  })

  it('gets 100 from the upstream before it sends its body', async () => {
    upstream.script = (request, socket) => void socket.write(OK.replace('ok', request.slice(-2)))
    const { session } = await start()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/',
      expect: '100-continue',
      'content-length': 2,
    })
    await eventually(() => upstream.seen.endsWith('\r\n\r\n'))
    for (const socket of upstream.sockets) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    await once(stream, 'continue')
    stream.end('hi')
    await once(stream, 'response')
    let body = ''
    stream.on('data', (part: Buffer) => (body += part.toString()))
    await once(stream, 'end')
    session.close()
    expect(body).toBe('hi')
  })

  it('that is too large is refused, and its client told to stop', async () => {
    const { session } = await start({}, { limits: { bodyBytesMax: 100_000 } })
    const told = await askHttp2(
      session,
      { ':method': 'POST', 'content-length': 200_000 },
      Buffer.alloc(200_000),
    )
    expect(told.status).toBe(413)
    const untold = await askHttp2(session, { ':method': 'POST' }, Buffer.alloc(200_000))
    expect(untold.status).toBe(413)
    expect(codeOf(untold)).toBe('body_too_large')
    await eventually(() => upstream.sockets.size === 0)
    session.close()
  })

  it('with a body that drips is refused, where a stream of messages may rest', async () => {
    const limits = { bodyWindowMs: 60, bodyBytesPerSecondMin: 1_000, streamIdleTimeoutMs: 5_000 }
    const { session } = await start({}, { limits })
    const ask = async (headers: Record<string, string>) => {
      const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
      stream.on('error', () => undefined)
      stream.write('a')
      return stream
    }
    const resting = await ask({})
    const dripping = await ask({ 'content-length': '1000' })
    const [headers] = (await once(dripping, 'response')) as [{ ':status': number }]
    expect(headers[':status']).toBe(408)
    expect(resting.destroyed).toBe(false)
    resting.end('b')
    const [answered] = (await once(resting, 'response')) as [{ ':status': number }]
    expect(answered[':status']).toBe(200)
    session.close()
  })

  it('that its client gives up is given up upstream, and says so in the log', async () => {
    upstream.script = () => undefined
    const { session, gateway } = await start()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await eventually(() => upstream.sockets.size === 1 && upstream.seen !== '')
    stream.close(8)
    await eventually(() => upstream.sockets.size === 0)
    await eventually(() => gateway.entries.length === 1)
    expect(gateway.entries[0]).toMatchObject({ status: 499, code: 'client_gone' })
    session.close()
  })

  it('whose body breaks off is never whole upstream', async () => {
    const { session } = await start()
    for (const code of [0, 8]) {
      upstream.seen = ''
      const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
      stream.on('error', () => undefined)
      stream.write('half')
      await eventually(() => upstream.seen.includes('half'))
      // Node would end the body first.
      if (code === 0) stream.destroy()
      else stream.destroy(new Error('gone'))
      await eventually(() => upstream.sockets.size === 0)
      expect(upstream.seen).not.toContain('0\r\n\r\n')
    }
    session.close()
  })
})

describe('an answer over HTTP/2', () => {
  it('that breaks off upstream is reset, never ended', async () => {
    upstream.script = (_request, socket) => {
      socket.write(head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').concat('4\r\nhalf\r\n'))
      setImmediate(() => socket.destroy())
    }
    const { gateway } = await start()
    const client = await RawHttp2Client.connect(gateway.port)
    client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, fields(...GET)))
    await client.until(({ type }) => type === FRAME.reset)
    expect(client.frames.some(({ type, flags }) => type === FRAME.data && (flags & 1) === 1)).toBe(false)
    client.destroy()
  })

  it('without a body has none: HEAD, 204 and 304', async () => {
    upstream.script = (request, socket) => {
      const status = /^GET \/(\d+)/.exec(request)?.[1] ?? '200'
      socket.write(head(`HTTP/1.1 ${status} x`, ...(status === '204' ? [] : ['Content-Length: 7'])))
    }
    const { session } = await start()
    const answers = [
      await askHttp2(session, { ':method': 'HEAD' }),
      await askHttp2(session, { ':path': '/204' }),
      await askHttp2(session, { ':path': '/304' }),
    ]
    session.close()
    expect(answers.map(({ status, body, rstCode }) => [status, body.length, rstCode])).toEqual([
      [200, 0, 0],
      [204, 0, 0],
      [304, 0, 0],
    ])
    expect(answers[0]?.headers['content-length']).toBe('7')
  })

  it('loses what is of the connection alone, and what HTTP/2 cannot carry', async () => {
    upstream.script = (_request, socket) =>
      void socket.write(
        head(
          'HTTP/1.1 200 OK',
          'Content-Length: 0',
          'Connection: keep-alive, X-Mine',
          'Keep-Alive: timeout=9',
          'X-Mine: 1',
          'Set-Cookie: a=1',
          'Set-Cookie: b=2',
          'X-Kept: yes',
        ),
      )
    const { session } = await start()
    const { headers } = await askHttp2(session, {})
    session.close()
    expect(headers).toMatchObject({ 'x-kept': 'yes', 'set-cookie': ['a=1', 'b=2'] })
    for (const name of ['connection', 'keep-alive', 'x-mine']) expect(headers).not.toHaveProperty(name)
  })

  it('that Node cannot send is 502, and the connection lives on', async () => {
    upstream.script = (request, socket) =>
      void socket.write(
        request.startsWith('GET /bad')
          ? head('HTTP/1.1 200 OK', 'Content-Length: 0', 'HTTP2-Settings: x')
          : OK,
      )
    const { session } = await start()
    expect((await askHttp2(session, { ':path': '/bad' })).status).toBe(502)
    expect((await askHttp2(session, {})).status).toBe(200)
    session.close()
  })

  it('brings the trailers of a chunked body, without those of framing and identity', async () => {
    upstream.script = (_request, socket) =>
      void socket.write(
        head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').concat(
          '2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\nAuthorization: x\r\n\r\n',
        ),
      )
    const { session } = await start()
    const { trailers, body } = await askHttp2(session, {})
    session.close()
    expect(body.toString()).toBe('ok')
    expect(trailers).toEqual(expect.objectContaining({ 'x-sum': '7' }))
    expect(Object.keys(trailers)).toEqual(['x-sum'])
  })

  it('waits for a slow reader without filling memory, and gives up one that never reads', async () => {
    const part = Buffer.alloc(64 * 1024)
    let written = 0
    upstream.script = (_request, socket) => {
      socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${1024 * part.length}`))
      const fill = () => {
        while (written < 1024 * part.length && !socket.destroyed) {
          written += part.length
          if (!socket.write(part)) return void socket.once('drain', fill)
        }
      }
      fill()
    }
    const { session, gateway } = await start({}, { limits: { unreadTimeoutMs: 100 } })
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await eventually(() => stream.destroyed)
    expect(written).toBeLessThan(512 * part.length)
    await eventually(() => gateway.entries.length === 1)
    expect(gateway.entries[0]).toMatchObject({ code: 'client_unread' })
    session.close()
  })
})

describe('policies on HTTP/2', () => {
  it('see the exchange as on HTTP/1.1 and change both heads', async () => {
    let seen: Partial<Exchange> = {}
    const { session } = await withPolicy({
      onRequest(exchange) {
        seen = {
          httpVersion: exchange.httpVersion,
          host: exchange.host,
          path: exchange.path,
          query: exchange.query,
        }
        expect(exchange.header('x-a')).toBe('1')
        expect(exchange.headerNames()).not.toContain(':path')
        exchange.setHeader('x-b', '2')
        exchange.removeHeader('x-a')
        return undefined
      },
      onResponse(exchange) {
        exchange.setResponseHeader('x-status', String(exchange.status))
      },
    })
    const answer = await askHttp2(session, { ':authority': 'a.example:8080', ':path': '/p?q=1', 'x-a': '1' })
    session.close()
    expect(seen).toEqual({ httpVersion: '2', host: 'a.example', path: '/p', query: '?q=1' })
    expect(upstream.seen).toContain('x-b: 2\r\n')
    expect(upstream.seen).not.toContain('x-a')
    expect(answer.headers['x-status']).toBe('200')
  })

  it('refuse with a problem document, at once and after waiting', async () => {
    const refused = { status: 403, code: 'test.no', detail: 'No', headers: { 'x-why': 'so' } }
    const { session, gateway } = await withPolicy({
      onRequest: (exchange) => (exchange.path === '/wait' ? Promise.resolve(refused) : refused),
    })
    for (const path of ['/', '/wait']) {
      const answer = await askHttp2(session, { ':path': path })
      expect([answer.status, codeOf(answer), answer.headers['x-why']]).toEqual([403, 'test.no', 'so'])
      expect(answer.headers['content-type']).toBe('application/problem+json')
    }
    session.close()
    expect(upstream.seen).toBe('')
    expect(gateway.metrics.figures().refused).toBe(2)
  })

  it('that throw cost their request alone', async () => {
    const { session, gateway } = await withPolicy({
      onRequest(exchange) {
        if (exchange.path === '/bug') throw new Error('bug')
        return undefined
      },
    })
    expect((await askHttp2(session, { ':path': '/bug' })).status).toBe(500)
    expect((await askHttp2(session, {})).status).toBe(200)
    expect(gateway.failures).toHaveLength(1)
    session.close()
  })

  it('read whole request bodies, which then go on with their length', async () => {
    const { session } = await withPolicy({
      requestBody: {
        maxBytes: 100,
        run: (_exchange, body) =>
          Buffer.from(body).includes('bad') ? { status: 400, code: 'test.body', detail: 'Bad' } : undefined,
      },
    })
    expect((await askHttp2(session, { ':method': 'POST' }, 'bad')).status).toBe(400)
    expect(upstream.seen).toBe('')
    expect((await askHttp2(session, { ':method': 'POST' }, 'good')).status).toBe(200)
    expect(upstream.seen).toMatch(/\r\nContent-Length: 4\r\n\r\ngood$/)
    expect((await askHttp2(session, { ':method': 'POST' }, 'x'.repeat(200))).status).toBe(413)
    session.close()
  })

  it.each([
    ['of unknown length', {}],
    ['of known length', { 'content-length': '100000' }],
  ])('in dry run let a body %s pass that is longer than they look at, whole', async (_name, headers) => {
    const prepared: Prepared = { requestBody: { maxBytes: 20_000, run: () => undefined } }
    const { session } = await start({ policies: [{ ...policy(prepared), dryRun: true }] })
    const answer = await askHttp2(session, { ':method': 'POST', ...headers }, Buffer.alloc(100_000, 'x'))
    session.close()
    expect(answer.status).toBe(200)
    const body = upstream.seen.slice(upstream.seen.indexOf('\r\n\r\n') + 4)
    expect(body.match(/x/g)).toHaveLength(100_000)
  })

  it('are run for a client that goes away while they wait, and nothing goes upstream', async () => {
    const waiting: (() => void)[] = []
    const { session, gateway } = await withPolicy({
      onRequest: () => new Promise((resolve) => waiting.push(() => resolve(undefined))),
    })
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await eventually(() => waiting.length === 1)
    stream.close(8)
    await eventually(() => gateway.entries.length === 1)
    for (const go of waiting) go()
    expect((await askHttp2(connectHttp2(gateway.port), { ':method': 'TRACE' })).status).toBe(405)
    expect(upstream.seen).toBe('')
    session.close()
  })

  it('get copies of answer bodies and hear how it ended', async () => {
    const bodies: string[] = []
    const outcomes: unknown[] = []
    const { session } = await withPolicy({
      onRequest: () => undefined,
      responseBody: { maxBytes: 100, run: (_exchange, body) => void bodies.push(String(body)) },
      onDone: (_exchange, outcome) => void outcomes.push(outcome),
    })
    await askHttp2(session, { ':method': 'POST' }, 'hello')
    session.close()
    expect(bodies).toEqual(['ok'])
    expect(outcomes).toMatchObject([{ status: 200, requestBytes: 5, responseBytes: 2 }])
  })
})

describe('trailers of requests', () => {
  async function ask(headers: Record<string, string>, trailers: IncomingHttpHeaders) {
    const { session } = await start()
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headers }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.on('error', () => undefined)
    stream.end('hello')
    stream.resume()
    await once(stream, 'close')
    session.close()
  }

  it('go on behind a chunked body, without those of framing, identity and what the head has said', async () => {
    await ask(
      { 'x-user': 'me' },
      { 'x-sum': '7', authorization: 'x', 'x-user': 'you', 'content-type': 'a/b' },
    )
    expect(upstream.seen).toMatch(/5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n$/)
  })

  it('are dropped behind a body with a length, where HTTP/1.1 has no place for them', async () => {
    await ask({ 'content-length': '5' }, { 'x-sum': '7' })
    expect(upstream.seen).toMatch(/\r\n\r\nhello$/)
  })
})

describe('the end of an HTTP/2 connection', () => {
  it('at a drain names the last request that is served, and lets streams finish', async () => {
    const waiting: (() => void)[] = []
    upstream.script = (_request, socket) => void waiting.push(() => socket.write(OK))
    const { gateway } = await start()
    const client = await RawHttp2Client.connect(gateway.port)
    const request = (stream: number) => frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields(...GET))
    client.send(request(1))
    await eventually(() => waiting.length === 1)
    for (const connection of gateway.open) connection.startDrain()
    const { payload } = await client.until(({ type }) => type === FRAME.goaway)
    expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([1, 0])
    client.send(request(3))
    for (const answer of waiting) answer()
    await client.untilClosed()
    const ended = client.frames.filter(({ type, flags }) => type === FRAME.data && (flags & END_STREAM) !== 0)
    expect(ended.map(({ stream }) => stream)).toEqual([1])
    expect(waiting).toHaveLength(1)
    expect(gateway.open.size).toBe(0)
  })

  it('is noticed where the client was gone before a word was said', async () => {
    const { gateway } = await start()
    let made: Http2Connection | undefined
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined)
      socket.resetAndDestroy()
      socket.once('close', () => {
        const arrival = new PlainArrival({ listener: '' }, socket, '127.0.0.1')
        made = new Http2Connection(gateway.host, socket, arrival)
        gateway.open.add(made)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    // A listening TCP server has an address of this form.
    const client = connectTcp((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => undefined)
    await eventually(() => made !== undefined && !gateway.open.has(made))
    server.close()
  })

  it('comes when nothing happens on it for long', async () => {
    const { gateway } = await start({}, { limits: { idleTimeoutMs: 50 } })
    const client = await RawHttp2Client.connect(gateway.port)
    await client.untilClosed()
    expect(client.goawayCode).toBe(0)
  })

  it('does not come for a stream that rests too long: that one alone is answered', async () => {
    upstream.script = () => undefined
    const { session } = await start({}, { limits: { streamIdleTimeoutMs: 100 } })
    const silent = await askHttp2(session, {})
    expect([silent.status, codeOf(silent)]).toEqual([504, 'upstream_response_timeout'])
    upstream.script = (_request, socket) => void socket.write(OK)
    expect((await askHttp2(session, {})).status).toBe(200)
    session.close()
  })
})
