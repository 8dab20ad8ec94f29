import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, poolTo, route, ScriptedUpstream } from '../wire-fixture.ts'
import { askHttp2, connectHttp2, type Http2Gateway, startHttp2Gateway } from './http2-fixture.ts'
import { END_HEADERS, END_STREAM, FRAME, fields, frame, GET, RawHttp2Client } from './http2-raw-fixture.ts'

const PROTOCOL_ERROR = 1
const REFUSED_STREAM = 7
const ENHANCE_YOUR_CALM = 11
const MEGABYTE = 1024 * 1024

let upstream: ScriptedUpstream
let gateway: Http2Gateway
let client: RawHttp2Client

beforeEach(async () => {
  upstream = await new ScriptedUpstream().start()
  gateway = await startHttp2Gateway([route(poolTo(`http://127.0.0.1:${upstream.port}`))])
  client = await RawHttp2Client.connect(gateway.port)
})

afterEach(async () => {
  client.destroy()
  await gateway.stop()
  upstream.stop()
})

const request = (stream: number, ...more: readonly (readonly [string, string])[]) =>
  frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields(...GET, ...more))
const reset = (stream: number) => frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, 8]))

/** What every abuse leaves as it was: another client is served at once. */
async function neighbourIsServed(): Promise<void> {
  const session = connectHttp2(gateway.port)
  expect((await askHttp2(session, {})).status).toBe(200)
  session.close()
}

describe('abuse of HTTP/2', () => {
  it('of requests taken back as fast as they come ends the connection, with neighbours served', async () => {
    const memoryBefore = process.memoryUsage().rss
    const flooding = (async () => {
      for (let stream = 1; stream < 40_000 && !client.closed; stream += 200) {
        const burst: Buffer[] = []
        for (let i = stream; i < stream + 200; i += 2) burst.push(request(i), reset(i))
        client.send(...burst)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await neighbourIsServed()
    await flooding
    await client.untilClosed()
    expect(client.goawayCode).toBe(ENHANCE_YOUR_CALM)
    expect(gateway.entries.some(({ code }) => code === 'http2_reset_flood')).toBe(true)
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(100 * MEGABYTE)
    await neighbourIsServed()
  })

  it('of requests spoiled so that the gateway resets them ends the connection', async () => {
    for (let stream = 1; stream < 2_000 && !client.closed; stream += 2) {
      // A window that overflows is an error of the stream (RFC 9113 §6.9.1).
      const overflow = frame(FRAME.windowUpdate, 0, stream, Buffer.from([0x7f, 0xff, 0xff, 0xff]))
      client.send(request(stream), overflow)
      if (stream % 100 === 1) await new Promise((resolve) => setImmediate(resolve))
    }
    await client.untilClosed()
    await neighbourIsServed()
  })

  it('by a head that never ends ends the connection', async () => {
    client.send(frame(FRAME.headers, END_STREAM, 1, fields(...GET)))
    await client.flood(frame(FRAME.continuation, 0, 1, fields(['x', 'y'])), MEGABYTE)
    await client.untilClosed()
    expect(upstream.seen).toBe('')
    await neighbourIsServed()
  })

  it.each([
    ['PING', frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 255, 255]))],
    ['PRIORITY', frame(FRAME.priority, 0, 1, Buffer.from([0, 0, 0, 0, 16]))],
    ['WINDOW_UPDATE', frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1]))],
    ['unknown', frame(0xfa, 0, 0, Buffer.alloc(16))],
  ])('by a flood of %s frames ends the connection', async (_name, one) => {
    await client.flood(Buffer.concat(Array.from({ length: 200 }, () => one)), 64 * MEGABYTE)
    await client.untilClosed()
    await neighbourIsServed()
  })

  it('by a flood of empty DATA frames ends the connection', async () => {
    client.send(frame(FRAME.headers, END_HEADERS, 1, fields(...GET.with(0, [':method', 'POST']))))
    const empty = Buffer.concat(Array.from({ length: 100 }, () => frame(FRAME.data, 0, 1)))
    await client.flood(empty, MEGABYTE)
    await client.untilClosed()
    await neighbourIsServed()
  })

  it('by a small head that unpacks to a large one is refused, stream by stream', async () => {
    // 4,000 bytes go into the dynamic table once, and each further byte calls for all of them again.
    const long = Buffer.alloc(4_000, 'x')
    const entry = Buffer.concat([
      Buffer.from([0x40, 1]),
      Buffer.from('z'),
      Buffer.from([127, 0xa1, 0x1e]),
      long,
    ])
    const bomb = Buffer.concat([fields(...GET), entry, Buffer.alloc(10_000, 0xbe)])
    const memoryBefore = process.memoryUsage().rss
    for (let stream = 1; stream < 100 && !client.closed; stream += 2)
      client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, bomb))
    await eventually(() => client.closed || client.frames.some(({ type }) => type === FRAME.reset))
    expect(upstream.seen).toBe('')
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(100 * MEGABYTE)
    await neighbourIsServed()
  })

  it('by more streams than are allowed has the others refused and these served', async () => {
    const waiting: (() => void)[] = []
    upstream.script = (_request, socket) => void waiting.push(() => socket.write('HTTP/1.1 204 \r\n\r\n'))
    client.send(...Array.from({ length: 110 }, (_, i) => request(i * 2 + 1)))
    await eventually(() => client.frames.filter(({ type }) => type === FRAME.reset).length === 10)
    expect(
      client.frames
        .filter(({ type }) => type === FRAME.reset)
        .every(({ payload }) => payload.readUInt32BE(0) === REFUSED_STREAM),
    ).toBe(true)
    await eventually(() => waiting.length === 100)
    for (const answer of waiting) answer()
    await eventually(() => client.frames.filter(({ type }) => type === FRAME.headers).length === 100)
  })

  it('by answers that are asked for and never read has the connection cut, whatever windows it opens', async () => {
    const large = Buffer.alloc(4 * MEGABYTE, 'x')
    upstream.script = (_request, socket) =>
      void socket.write(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`), large]),
      )
    const limits = { unreadTimeoutMs: 200, idleTimeoutMs: 200, lingerMs: 200 }
    const strict = await startHttp2Gateway([route(poolTo(`http://127.0.0.1:${upstream.port}`))], { limits })
    const slow = await RawHttp2Client.connect(strict.port)
    const open = Buffer.alloc(4)
    open.writeUInt32BE(2 ** 30)
    slow.send(
      frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), open])),
      frame(FRAME.windowUpdate, 0, 0, open),
    )
    await slow.until(({ type }) => type === FRAME.settings)
    slow.stopReading()
    for (let stream = 1; stream < 20; stream += 2) slow.send(request(stream))
    await eventually(() => upstream.sockets.size > 0)
    await eventually(() => strict.open.size === 0, 10_000)
    slow.destroy()
    await strict.stop()
    expect(strict.entries.some(({ code }) => code === 'client_unread')).toBe(true)
  })

  it('by a window beyond the largest ends the connection', async () => {
    client.send(frame(FRAME.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])))
    await client.untilClosed()
    await neighbourIsServed()
  })

  it.each([
    ['an upper-case name', [...GET, ['X-Up', '1']]],
    ['Connection', [...GET, ['connection', 'close']]],
    ['Keep-Alive', [...GET, ['keep-alive', '1']]],
    ['Proxy-Connection', [...GET, ['proxy-connection', 'close']]],
    ['Transfer-Encoding', [...GET, ['transfer-encoding', 'chunked']]],
    ['Upgrade', [...GET, ['upgrade', 'websocket']]],
    ['TE other than trailers', [...GET, ['te', 'gzip']]],
    ['an empty path', GET.with(3, [':path', ''])],
    ['a missing path', GET.slice(0, 3)],
    ['a missing method', GET.slice(1)],
    ['a pseudo field twice', [...GET, [':path', '/b']]],
    ['a pseudo field behind the others', [...GET.slice(0, 3), ['x', 'y'], [':path', '/']]],
    ['an unknown pseudo field', [...GET, [':x', 'y']]],
    ['a status', [...GET, [':status', '200']]],
    [
      'an extended CONNECT that was not offered',
      [...GET.with(0, [':method', 'CONNECT']), [':protocol', 'websocket']],
    ],
  ] as const)(
    'by %s is a reset with PROTOCOL_ERROR, and nothing reaches the upstream',
    async (_name, list) => {
      client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, fields(...list)))
      const { payload } = await client.until(({ type, stream }) => type === FRAME.reset && stream === 1)
      expect(payload.readUInt32BE(0)).toBe(PROTOCOL_ERROR)
      expect(upstream.seen).toBe('')
      await neighbourIsServed()
    },
  )

  it.each([
    ['shorter', '10'],
    ['longer', '2'],
  ])(
    'by a body %s than its length is no request, and the upstream gets no whole one',
    async (_name, length) => {
      const head = fields(...GET.with(0, [':method', 'POST']), ['content-length', length])
      client.send(
        frame(FRAME.headers, END_HEADERS, 1, head),
        frame(FRAME.data, END_STREAM, 1, Buffer.from('hello')),
      )
      // nghttp2 resets the stream for the one and ends the connection for the other.
      await eventually(() => client.closed || client.frames.some(({ type }) => type === FRAME.reset))
      expect(client.frames.some(({ type }) => type === FRAME.headers)).toBe(false)
      await eventually(() => upstream.sockets.size === 0)
      expect(upstream.seen).not.toMatch(/\r\n\r\nhello$/)
      expect(upstream.seen).not.toMatch(/\r\n\r\nhe$/)
      await neighbourIsServed()
    },
  )

  it('by line ends inside values adds no line to what the upstream gets', async () => {
    client.send(request(1, ['x', 'a\r\nevil: 1'], ['y', 'b\nevil: 2'], ['z', 'c\0d']))
    await client.until(({ type, stream }) => type === FRAME.headers && stream === 1)
    expect(upstream.seen).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
    expect(upstream.seen).not.toContain('evil')
    expect(upstream.seen).not.toContain('\0')
  })

  it.each([
    ['a line', '/ HTTP/1.1\r\nevil: 1\r\nx: '],
    ['a blank', '/a b'],
    ['a fragment', '/a#b'],
    ['no slash at its beginning', 'a'],
    ['another address', 'http://b/'],
  ])('by a path with %s never reaches the upstream', async (_name, path) => {
    client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, fields(...GET.with(3, [':path', path]))))
    await client.until(({ type, stream }) => (type === FRAME.headers || type === FRAME.reset) && stream === 1)
    expect(upstream.seen).toBe('')
    await neighbourIsServed()
  })
})
