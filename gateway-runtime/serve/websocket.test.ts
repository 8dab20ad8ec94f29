import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  codeOf,
  eventually,
  type Gateway,
  type GatewaySetup,
  head,
  policy,
  poolTo,
  route,
  startGateway,
  statusOf,
  talk,
} from './wire-fixture.ts'
import { buildPlan } from './plan.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const upgrade = (...fields: string[]) =>
  head(
    'GET /ws HTTP/1.1',
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...fields,
  )

/** A text frame of a client with a mask of zeros, or of a server. */
function frame(text: string, masked: boolean): Buffer {
  const mask = masked ? Buffer.alloc(4) : Buffer.alloc(0)
  return Buffer.concat([Buffer.from([0x81, (masked ? 0x80 : 0) | text.length]), mask, Buffer.from(text)])
}

let upstream: Server
let port = 0
let last: Socket | undefined
/** The beginning of what has come to the upstream. */
let received = Buffer.alloc(0)
let answer = accepting
const gateways: Gateway[] = []

function accepting(request: string): string {
  const key = /Sec-WebSocket-Key: (\S+)/i.exec(request)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return head(
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  )
}

beforeAll(async () => {
  upstream = createServer({ allowHalfOpen: true }, (socket) => {
    last = socket
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.once('data', (bytes) => {
      socket.write(answer(bytes.toString('latin1')))
      socket.on('data', (more) => {
        if (received.length < 4_096) received = Buffer.concat([received, more])
      })
    })
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const address = upstream.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
  received = Buffer.alloc(0)
  answer = accepting
})
afterAll(() => upstream.close())

async function gatewayWith(setup: Partial<GatewaySetup> = {}): Promise<Gateway> {
  const gateway = await startGateway({ upstreamPort: port, ...setup })
  gateways.push(gateway)
  return gateway
}

async function openWebSocket(gateway: Gateway) {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let bytes = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (more) => (bytes = Buffer.concat([bytes, more])))
  await once(socket, 'connect')
  socket.write(upgrade())
  await eventually(() => bytes.includes('\r\n\r\n'))
  const headEnd = bytes.indexOf('\r\n\r\n') + 4
  expect(statusOf(bytes.toString('latin1'))).toBe(101)
  return { socket, frames: () => bytes.subarray(headEnd) }
}

it('carries frames both ways, and counts open ones', async () => {
  const gateway = await gatewayWith()
  const { socket, frames } = await openWebSocket(gateway)
  socket.write(frame('ping', true))
  await eventually(() => received.includes('ping'))
  last?.write(frame('pong', false))
  await eventually(() => frames().includes('pong'))
  expect(gateway.server.figures()).toMatchObject({ webSockets: 1, requests: 1 })
  socket.destroy()
  await eventually(
    () => gateway.server.figures().webSockets === 0 && gateway.pool.figures().connections === 0,
  )
})

it('passes frames on that came together with the handshake', async () => {
  const gateway = await gatewayWith()
  answer = (request) => accepting(request) + frame('early', false).toString('latin1')
  const { text } = await talk(gateway.port, [Buffer.concat([Buffer.from(upgrade()), frame('first', true)])], {
    until: (all) => all.endsWith('early'),
  })
  expect(statusOf(text)).toBe(101)
  await eventually(() => received.includes('first'))
})

it('stays open when plans change, and its old pool lives as long as it', async () => {
  const gateway = await gatewayWith()
  const { socket, frames } = await openWebSocket(gateway)
  gateway.server.swap(buildPlan([route(poolTo(`http://127.0.0.1:${port}`))]))
  last?.write(frame('still here', false))
  await eventually(() => frames().includes('still here'))
  socket.destroy()
  await eventually(() => gateway.pool.figures().connections === 0)
})

it('is authenticated by the same policies at the same path', async () => {
  const paths: string[] = []
  const gateway = await gatewayWith({
    routes: (pool) => [
      route(pool, {
        policies: [
          policy({
            onRequest(exchange) {
              paths.push(exchange.path)
              return exchange.header('x-key') === undefined
                ? { status: 401, code: 'key.missing', detail: 'no key' }
                : undefined
            },
          }),
        ],
      }),
    ],
  })
  const { text, ended } = await talk(gateway.port, [upgrade().replace('/ws', '/a/../%77s')])
  expect(statusOf(text)).toBe(401)
  expect(ended).toBe(true)
  expect(paths).toEqual(['/ws'])
})

it.each([
  ['of another version', upgrade().replace('Version: 13', 'Version: 12'), 426, 'websocket_version'],
  ['without version', upgrade().replace('Sec-WebSocket-Version: 13\r\n', ''), 426, 'websocket_version'],
  ['with a short key', upgrade().replace(KEY, 'abc'), 400, 'bad_upgrade'],
  ['with two keys', upgrade(`Sec-WebSocket-Key: ${KEY}`), 400, 'bad_upgrade'],
  ['by POST', upgrade().replace('GET', 'POST'), 400, 'bad_upgrade'],
  ['with a body', `${upgrade('Content-Length: 1')}x`, 400, 'bad_upgrade'],
  [
    'to a metadata service in absolute-form',
    upgrade().replace('/ws', 'http://169.254.169.254/'),
    400,
    'bad_host',
  ],
])('is refused %s, and the connection closed', async (_name, request, status, code) => {
  const gateway = await gatewayWith({ server: { limits: { lingerMs: 50 } } })
  const { text, ended } = await talk(gateway.port, [request])
  expect(statusOf(text)).toBe(status)
  expect(codeOf(text)).toBe(code)
  expect(ended).toBe(true)
})

it.each([
  ['http://a', 101],
  ['https://a:443', 101],
  ['http://evil.example', 403],
  ['http://a.evil.example', 403],
  ['null', 403],
])('from a page of %s asking the host a: %i', async (origin, status) => {
  const gateway = await gatewayWith()
  const { text } = await talk(gateway.port, [upgrade(`Origin: ${origin}`)], {
    until: (all) => all.includes('\r\n\r\n'),
  })
  expect(statusOf(text)).toBe(status)
  if (status === 101) return
  expect(codeOf(text)).toBe('foreign_origin')
  expect(gateway.pool.figures().connections).toBe(0)
})

it('from a page elsewhere is let in by a policy alone, and not by one in dry run', async () => {
  const lets = policy({
    onRequest(exchange) {
      exchange.isOriginAllowed = true
      return undefined
    },
  })
  for (const [policies, status] of [
    [[lets], 101],
    [[{ ...lets, dryRun: true }], 403],
  ] as const) {
    const gateway = await gatewayWith({ routes: (pool) => [route(pool, { policies })] })
    const { text } = await talk(gateway.port, [upgrade('Origin: https://elsewhere.example')], {
      until: (all) => all.includes('\r\n\r\n'),
    })
    expect(statusOf(text)).toBe(status)
  }
})

it('refused by the upstream closes, so that nothing smuggled behind it is served', async () => {
  const gateway = await gatewayWith()
  answer = () => `${head('HTTP/1.1 403 No', 'Content-Length: 2')}no`
  const { text, ended } = await talk(gateway.port, [upgrade() + head('GET /smuggled HTTP/1.1', 'Host: a')])
  expect(text).toMatch(/^HTTP\/1\.1 403 No\r\n[^]*Connection: close\r\n\r\nno$/)
  expect(ended).toBe(true)
  expect(received.toString()).not.toContain('smuggled')
})

it('is not opened by a 101 that does not answer its key', async () => {
  const gateway = await gatewayWith()
  answer = (request) => accepting(request.replace(KEY, 'AAAAAAAAAAAAAAAAAAAAAA=='))
  expect(codeOf((await talk(gateway.port, [upgrade('Connection: close')])).text)).toBe(
    'upstream_bad_response',
  )
})

it('ends with 1001 on both sides when the server drains, a frame under way first', async () => {
  const gateway = await gatewayWith()
  const { socket, frames } = await openWebSocket(gateway)
  const long = frame('0123456789', false)
  last?.write(long.subarray(0, 5))
  await eventually(() => frames().length === 5)
  const drained = gateway.server.drain(5_000)
  setTimeout(() => last?.write(Buffer.concat([long.subarray(5), frame('too late', false)])), 30)
  await once(socket, 'end')
  expect(frames()).toEqual(Buffer.concat([long, Buffer.from([0x88, 2, 0x03, 0xe9])]))
  await eventually(() => received.length >= 8)
  const [first, second] = received
  expect([first, second]).toEqual([0x88, 0x82])
  const code = (((received[6] ?? 0) ^ (received[2] ?? 0)) << 8) | ((received[7] ?? 0) ^ (received[3] ?? 0))
  expect(code).toBe(1001)
  socket.end()
  await drained
  expect(gateway.server.figures()).toMatchObject({ webSockets: 0, connections: 0 })
})

it('ends with 1001 after a time without frames', async () => {
  const gateway = await gatewayWith({ server: { limits: { webSocketIdleTimeoutMs: 80, lingerMs: 50 } } })
  const { socket, frames } = await openWebSocket(gateway)
  await once(socket, 'end')
  expect(frames()).toEqual(Buffer.from([0x88, 2, 0x03, 0xe9]))
  socket.destroy()
})

describe.each([
  ['nobody watches', []],
  ['a policy watches', [policy({ onSession: (session) => session.intercept(100, () => true) })]],
])('where %s,', (_name, policies) => {
  async function opened() {
    const gateway = await gatewayWith({ routes: (pool) => [route(pool, { policies })] })
    const { socket } = await openWebSocket(gateway)
    const behind = last
    if (behind === undefined) throw new Error('the upstream has no socket')
    const handshake = behind.bytesRead
    const bytesBefore = process.memoryUsage().rss
    return {
      gateway,
      socket,
      behind,
      arrived: () => behind.bytesRead - handshake,
      grown: () => process.memoryUsage().rss - bytesBefore,
    }
  }

  it('a frame of a gigabyte passes as it comes, and none of it is kept', async () => {
    const { socket, arrived, grown } = await opened()
    const header = Buffer.alloc(14)
    header.set([0x82, 0xff])
    header.writeBigUInt64BE(BigInt(2 ** 30), 2)
    socket.write(header)
    const part = Buffer.alloc(2 ** 20)
    // Pieces that are garbage by now may lie about for a while: a part of it may be there, not the whole.
    for (let i = 0; i < 1_024; i++) {
      if (!socket.write(part)) await once(socket, 'drain')
      expect(grown()).toBeLessThan(2 ** 28)
    }
    await eventually(() => arrived() === header.length + 2 ** 30)
    socket.destroy()
  }, 30_000)

  it('a client that pings faster than the upstream reads is held back, and goes on later', async () => {
    const { gateway, socket, behind, arrived, grown } = await opened()
    behind.pause()
    const pings = Buffer.concat(Array<Buffer>(10_000).fill(Buffer.from([0x89, 0x80, 0, 0, 0, 0])))
    let sent = 0
    let isHeld = false
    while (!isHeld) {
      sent += pings.length
      if (socket.write(pings)) continue
      isHeld = !(await Promise.race([once(socket, 'drain'), after(500, false)]))
      expect(grown()).toBeLessThan(100 * 2 ** 20)
    }
    expect(gateway.server.figures()).toMatchObject({ webSockets: 1 })
    behind.resume()
    await eventually(() => arrived() === sent)
    socket.destroy()
  }, 30_000)
})
