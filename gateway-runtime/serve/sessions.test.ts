import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Prepared } from '#policies/definition.ts'
import type { Outcome, Session } from '#policies/exchange.ts'
import { buildPlan, type LivePolicy } from './plan.ts'
import { eventually, type Gateway, type GatewaySetup, route, startGateway } from './wire-fixture.ts'

const upstream = createServer()
const compresses = createServer()
const gateways: Gateway[] = []
const clients: WebSocket[] = []
/** What the upstream got, whole messages. */
let received: string[] = []
let peers: WebSocket[] = []

beforeAll(async () => {
  for (const [server, perMessageDeflate] of [
    [upstream, false],
    [compresses, { threshold: 0 }],
  ] as const) {
    new WebSocketServer({ server, perMessageDeflate }).on('connection', (socket) => {
      peers.push(socket)
      socket.on('error', () => undefined)
      socket.on('message', (message) => received.push(textOf(message)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
  for (const peer of peers) peer.terminate()
  peers = []
  received = []
})
afterAll(() => {
  upstream.close()
  compresses.close()
})

// ws gives messages as buffers unless it is told otherwise.
const textOf = (message: unknown): string => (message as Buffer).toString()

type Attached = Partial<LivePolicy> & { prepared: Prepared }

async function gatewayWith(attached: readonly Attached[], setup: Partial<GatewaySetup> = {}) {
  const policies = attached.map((one, index) => ({ id: `p${index}`, kind: `test-${index}`, ...one }))
  const { port } = upstream.address() as AddressInfo
  const routes: GatewaySetup['routes'] = (pool) => [route(pool, { policies })]
  const gateway = await startGateway({ upstreamPort: port, routes, ...setup })
  gateways.push(gateway)
  return gateway
}

async function open(gateway: Gateway) {
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`)
  const messages: string[] = []
  let closed: [code: number, reason: string] | undefined
  clients.push(client)
  client.on('error', () => undefined)
  client.on('message', (message) => messages.push(textOf(message)))
  client.on('close', (code, reason) => (closed = [code, reason.toString()]))
  await once(client, 'open')
  await eventually(() => peers.length > 0)
  return { client, messages, closed: () => closed }
}

/** A policy that hands its sessions to the test. */
function watching(more: Prepared = {}) {
  const sessions: Session[] = []
  const prepared: Prepared = { ...more, onSession: (session) => void sessions.push(session) }
  return { sessions, prepared }
}

/** A client's frame, masked. */
function frame(first: number, payload: string | Buffer, length = Buffer.from(payload).length): Buffer {
  const bytes = Buffer.from(payload)
  const mask = randomBytes(4)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return Buffer.concat([Buffer.from([first, 0x80 | length]), mask, bytes])
}

/** The socket below a client of ws, to write what ws would not. */
function rawOf(client: WebSocket): { write(bytes: Buffer): void } {
  // ws keeps it under this name without declaring it.
  return (client as unknown as { _socket: { write(bytes: Buffer): void } })._socket
}

describe('a session', () => {
  it('carries messages of any size both ways, and is counted by API until it ends', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client, messages } = await open(gateway)
    expect(gateway.server.figures().routes.get('r')).toMatchObject({ webSockets: 1 })
    expect(gateway.server.openSessions(1)).toMatchObject([{ route: 'r', expiresAtMs: undefined }])
    const large = 'x'.repeat(300_000)
    for (const text of ['', 'a', 'b'.repeat(126), large]) client.send(text)
    client.send(Buffer.from('bytes'))
    client.send('frag', { fin: false })
    client.ping()
    client.send('ment', { fin: true })
    await eventually(() => received.length === 6)
    expect(received).toEqual(['', 'a', 'b'.repeat(126), large, 'bytes', 'fragment'])
    peers[0]?.send(large)
    await eventually(() => messages.length === 1)
    expect(messages[0]).toBe(large)
    let ended = 0
    sessions[0]?.onEnd(() => ended++)
    client.close()
    await eventually(() => ended === 1)
    expect(gateway.server.figures().routes.get('r')).toMatchObject({ webSockets: 0 })
    expect(gateway.server.figures()).toMatchObject({ webSockets: 0 })
    expect(gateway.server.openSessions(1)).toEqual([])
  })

  it('is listed with whom it is for by the token of now, and with how often that was renewed', async () => {
    const claims = { sub: 'jane', agency: 'fire', exp: 2_000 }
    const { sessions, prepared } = watching({
      onRequest: (exchange) => {
        exchange.claims = claims
        return undefined
      },
    })
    const gateway = await gatewayWith([{ prepared }])
    await open(gateway)
    const listed = () => gateway.server.openSessions(1)[0]
    expect(listed()).toMatchObject({ subject: 'jane', agency: 'fire', renewals: 0, expiresAtMs: 2_000_000 })
    sessions[0]?.renewed({ ...claims, agency: 'police', exp: 3_000 })
    expect(listed()).toMatchObject({ agency: 'police', renewals: 1, expiresAtMs: 3_000_000 })
  })

  it('has the agency of the claim that a policy names', async () => {
    const { prepared } = watching({
      onRequest: (exchange) => {
        exchange.claims = { sub: 'jane', agency: 'none', org: 'fire' }
        return undefined
      },
    })
    const names: Prepared = { agencyOf: ({ org }) => String(org) }
    const gateway = await gatewayWith([{ prepared }, { prepared: names }])
    await open(gateway)
    expect(gateway.server.openSessions(1)).toMatchObject([{ agency: 'fire' }])
  })

  it('ends on both sides with 4401 when an operator wants it, and no other one does', async () => {
    const gateway = await gatewayWith([{ prepared: watching().prepared }])
    const one = await open(gateway)
    const other = await open(gateway)
    let upstreamClosed: number | undefined
    peers[0]?.on('close', (code) => (upstreamClosed = code))
    const [listed] = gateway.server.openSessions(2)
    expect(gateway.server.evict('nobody')).toBe(false)
    expect(gateway.server.evict(listed?.id ?? '')).toBe(true)
    await eventually(() => one.closed() !== undefined && upstreamClosed !== undefined)
    expect(one.closed()).toEqual([4401, 'ended by an operator'])
    expect(upstreamClosed).toBe(4401)
    expect(other.closed()).toBeUndefined()
    await eventually(() => gateway.server.openSessions(2).length === 1)
    expect(gateway.server.evict(listed?.id ?? '')).toBe(false)
  })

  it('is closed on both sides with code and reason, and says so to who hears of ends', async () => {
    const outcomes: Outcome[] = []
    const { sessions, prepared } = watching({ onDone: (_exchange, outcome) => void outcomes.push(outcome) })
    const gateway = await gatewayWith([{ prepared }])
    const { client, closed } = await open(gateway)
    let upstreamClosed: number | undefined
    peers[0]?.on('close', (code) => (upstreamClosed = code))
    client.send('hello')
    await eventually(() => received.length === 1)
    expect(outcomes).toEqual([])
    sessions[0]?.close(4401, 'the token has expired')
    sessions[0]?.close(4402, 'once is enough')
    await eventually(() => closed() !== undefined && upstreamClosed !== undefined)
    expect(closed()).toEqual([4401, 'the token has expired'])
    expect(upstreamClosed).toBe(4401)
    expect(outcomes).toMatchObject([{ status: 101, code: 'test-0.closed', requestBytes: 11 }])
  })

  it('puts its own messages between those of the upstream, never into one', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client, messages } = await open(gateway)
    const [peer] = peers
    if (peer === undefined) throw new Error('no peer')
    sessions[0]?.send('first')
    await eventually(() => messages.length === 1)
    peer.send('up', { fin: false })
    peer.ping()
    await once(client, 'ping')
    sessions[0]?.send('second')
    sessions[0]?.send('third')
    peer.send('stream', { fin: true })
    peer.send('behind')
    await eventually(() => messages.length === 5)
    expect(messages).toEqual(['first', 'upstream', 'second', 'third', 'behind'])
  })

  it('keeps the messages that a policy takes from the upstream; others pass as they came', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client } = await open(gateway)
    const shown: string[] = []
    sessions[0]?.intercept(10, (text) => {
      shown.push(text)
      return text.startsWith('mine')
    })
    for (const text of ['mine 1', 'yours 1', 'mine but longer than ten', 'mine 2']) client.send(text)
    client.send(Buffer.from('mine'))
    client.send('mine', { fin: false })
    client.send('', { fin: true })
    for (const byte of frame(0x81, 'mine é')) rawOf(client).write(Buffer.from([byte]))
    client.send('last one')
    await eventually(() => received.includes('last one'))
    expect(shown).toEqual(['mine 1', 'yours 1', 'mine 2', 'mine é', 'last one'])
    expect(received).toEqual(['yours 1', 'mine but longer than ten', 'mine', 'mine', 'last one'])
  })

  it('may be closed from inside a message, behind what came before it', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client, closed } = await open(gateway)
    sessions[0]?.intercept(10, (text) => {
      if (text === 'stop') sessions[0]?.close(4001, 'asked for')
      return text === 'stop'
    })
    rawOf(client).write(Buffer.concat([frame(0x81, 'before'), frame(0x81, 'stop'), frame(0x81, 'behind')]))
    await eventually(() => closed() !== undefined && received.length > 0)
    expect([received, closed()]).toEqual([['before'], [4001, 'asked for']])
  })

  it.each([
    ['without mask', Buffer.from([0x81, 1, 97]), 1002],
    ['with reserved bits', frame(0xc1, 'a'), 1002],
    ['of an unknown opcode', frame(0x83, 'a'), 1002],
    ['of an unknown control opcode', frame(0x8b, 'a'), 1002],
    ['that goes on with nothing', frame(0x80, 'a'), 1002],
    ['of a message inside a message', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]), 1002],
    ['of a control message in parts', frame(0x09, 'a'), 1002],
    ['of an oversized ping', Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0])]), 1002],
    ['whose length is longer than it need be', Buffer.from([0x81, 0xfe, 0, 5, 0, 0, 0, 0]), 1002],
    ['of a length beyond 2^53', Buffer.from([0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1002],
    ['of a text that is not UTF-8', frame(0x81, Buffer.from([0xc0, 0x80])), 1007],
  ])('ends where a client sends a frame %s, which the upstream does not get', async (_name, bytes, code) => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client, closed } = await open(gateway)
    sessions[0]?.intercept(100, () => false)
    rawOf(client).write(bytes)
    await eventually(() => closed() !== undefined)
    expect([closed()?.[0], received]).toEqual([code, []])
  })

  it('leaves compressed messages alone where the upstream speaks the extension', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }], {
      upstreamPort: (compresses.address() as AddressInfo).port,
    })
    const { client } = await open(gateway)
    sessions[0]?.intercept(100, () => true)
    client.send('compressed')
    await eventually(() => received.length === 1)
    expect(received).toEqual(['compressed'])
  })

  it('in dry run closes and keeps nothing, and what it would have done is reported', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ dryRun: true, prepared }])
    const { client } = await open(gateway)
    sessions[0]?.intercept(100, () => true)
    sessions[0]?.send('nothing')
    sessions[0]?.close(4401, 'expired')
    client.send('passes')
    await eventually(() => received.length === 1)
    expect(gateway.events).toMatchObject([{ level: 'info', code: 'policy_dry_run' }])
  })

  it('of a policy that throws ends with 1011, and is reported', async () => {
    const gateway = await gatewayWith([
      {
        prepared: {
          onSession() {
            throw new Error('a bug')
          },
        },
      },
    ])
    const { closed } = await open(gateway)
    await eventually(() => closed() !== undefined)
    expect(closed()?.[0]).toBe(1011)
    expect(gateway.events).toMatchObject([{ code: 'policy_failed' }])
  })

  it('keeps its policies when another plan is served, until it ends', async () => {
    let disposed = 0
    const { prepared } = watching({ dispose: () => void disposed++ })
    const gateway = await gatewayWith([{ prepared }])
    const { client } = await open(gateway)
    gateway.server.swap(buildPlan([route(gateway.pool)]))
    client.send('still')
    await eventually(() => received.length === 1)
    expect(disposed).toBe(0)
    client.close()
    await eventually(() => disposed === 1)
  })

  it('whose messages of its own wait too long for a message of the upstream is closed', async () => {
    const { sessions, prepared } = watching()
    const gateway = await gatewayWith([{ prepared }])
    const { client, closed } = await open(gateway)
    peers[0]?.send('endless', { fin: false })
    peers[0]?.ping()
    await once(client, 'ping')
    for (let i = 0; i < 70; i++) sessions[0]?.send('x'.repeat(1_000))
    await eventually(() => closed() !== undefined)
    expect(closed()?.[0]).toBe(1008)
  })
})
