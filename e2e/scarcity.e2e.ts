import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { request } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { apiDocument, FolderNode } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'
import { type PlainUpstream, startPlainUpstream } from './plain-upstream.ts'

vi.setConfig({ testTimeout: 120_000 })

let upstream: PlainUpstream
let node: FolderNode | undefined

beforeAll(async () => {
  upstream = await startPlainUpstream()
})
afterEach(async () => {
  expect(await node?.stop()).toBe(0)
  node = undefined
})
afterAll(() => upstream?.stop())

/** A client's connection that asks once and stays: the status it was given, 0 where it was closed without one. */
async function lasting(port: number): Promise<{ socket: Socket; status: number }> {
  const socket = connect(port, '127.0.0.1')
  const status = await new Promise<number>((resolve) => {
    let text = ''
    const done = () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0))
    socket.on('data', (bytes) => {
      text += bytes.toString()
      if (text.includes('\r\n\r\n')) done()
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  })
  return { socket, status }
}

/** How often each thing occurs. */
function tally(things: readonly (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const thing of things) counts[thing] = (counts[thing] ?? 0) + 1
  return counts
}

describe('a node with 256 file descriptors', () => {
  const within = ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh']

  it('tells the clients that are too many to come again, serves the others, and all of them once there is room', async () => {
    node = await FolderNode.start({ documents: [apiDocument(upstream.url)], within })
    const { port, origin } = node
    const serving = await node.servingPid()
    const load = await Load.start({ origin, path: '/', connections: 2 })
    await until('the neighbours are in', () => Promise.resolve(load.answered > 10))
    for (let round = 0; round < 2; round += 1) {
      const clients = await Promise.all(Array.from({ length: 400 }, () => lasting(port)))
      const found = tally(clients.map(({ status }) => status))
      // 80 connections of clients, two of which are the neighbours'.
      expect(found[200]).toBe(78)
      expect(found[503]).toBeGreaterThan(0)
      expect(Object.keys(found).filter((status) => !['0', '200', '503'].includes(status))).toEqual([])
      for (const { socket } of clients) socket.destroy()
      await until('they are gone', async () => (await node?.figure('hexgate_connections')) === 2)
    }
    const later = await Promise.all(Array.from({ length: 70 }, () => lasting(port)))
    expect(tally(later.map(({ status }) => status))).toEqual({ 200: 70 })
    for (const { socket } of later) socket.destroy()
    expect((await load.stop()).failures).toEqual([])
    expect(await node.figure('hexgate_refused_connections_total')).toBe(2 * (400 - 78))
    expect(await node.servingPid()).toBe(serving)
    expect(node.linesOf('limits.lowered')[0]?.['msg']).toMatch(
      /^at most 80 connections .* 256 file descriptors/,
    )
  })

  it('answers 503 where none is left for the upstream, blames nobody for it, and goes on when there are some', async () => {
    const breaker = ['circuit-breaker', {}] as const
    node = await FolderNode.start({
      documents: [apiDocument(upstream.url, { address: 'https://127.0.0.1:1', policies: [breaker] })],
      args: ['--https-port', '0'],
      within,
    })
    const serving = await node.servingPid()
    const sessions = Array.from({ length: 4 }, () =>
      connectHttp2(`https://127.0.0.1:${node?.port}`, { rejectUnauthorized: false, servername: 'localhost' }),
    )
    const ask = (place: number, path: string) =>
      new Promise<string>((resolve) => {
        const stream = sessions[place % sessions.length]?.request({
          ':path': path,
          ':authority': 'localhost',
        })
        let status = 0
        let text = ''
        stream?.on('response', (headers) => (status = headers[':status'] ?? 0))
        stream?.on('data', (bytes: Buffer) => (text += bytes.toString()))
        stream?.on('error', () => undefined)
        stream?.on('close', () => resolve(`${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text}`))
      })
    // As many streams as would need far more descriptors than there are.
    const answers = await Promise.all(Array.from({ length: 390 }, (_, place) => ask(place, '/?wait=2000')))
    const found = tally(answers)
    expect(Object.keys(found).toSorted()).toEqual(['200 ok', '503 gateway_exhausted'])
    await until('connections have been freed', async () => (await ask(0, '/')) === '200 ok')
    const later = await Promise.all(Array.from({ length: 60 }, (_, place) => ask(place, '/')))
    expect(tally(later)).toEqual({ '200 ok': 60 })
    for (const session of sessions) session.destroy()
    expect(await node.servingPid()).toBe(serving)
    expect(await node.figure('hexgate_worker_crashes_total{worker="1"}')).toBe(0)
  })
})

describe('a node with a small heap', () => {
  const mebibyte = 1024 ** 2
  const many = (count: number, ask: (place: number) => Promise<string>) =>
    Promise.all(Array.from({ length: count }, (_, place) => ask(place)))

  /** A body in pieces, the last of which waits for something. */
  async function* pieces(bytes: number, before: Promise<unknown>): AsyncGenerator<Buffer> {
    const piece = Buffer.alloc(64 * 1024, ' ')
    for (let sent = 0; sent < bytes - piece.length; sent += piece.length) yield piece
    await before
    piece[0] = 0x31
    yield piece
  }

  it('passes on large bodies to and fro, reads whole ones as far as its memory goes, and lives', async () => {
    const json = ['json-threat-protection', { maxBodyBytes: 4 * mebibyte }] as const
    node = await FolderNode.start({
      documents: [
        apiDocument(upstream.url, { name: 'streams', basePath: '/streams' }),
        apiDocument(upstream.url, { name: 'whole', basePath: '/whole', policies: [json] }),
      ],
      env: { NODE_OPTIONS: '--max-old-space-size=64' },
    })
    const { origin } = node
    const serving = await node.servingPid()
    const load = await Load.start({ origin, path: '/streams/', connections: 2 })
    const upload = async (path: string, bytes: number, before: Promise<unknown> = Promise.resolve()) => {
      const { statusCode, headers, body } = await request(origin + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': `${bytes}` },
        body: Readable.from(pieces(bytes, before)),
      })
      const text = await body.text()
      return statusCode === 200
        ? `200 ${text}`
        : `${statusCode} retry after ${String(headers['retry-after'])}`
    }
    const download = async (bytes: number) => {
      const { statusCode, body } = await request(`${origin}/streams/?bytes=${bytes}`)
      let read = 0
      for await (const chunk of body) read += (chunk as Buffer).length
      return `${statusCode} ${read}`
    }
    const large = 16 * mebibyte
    const refused = () => node?.figure('hexgate_own_answers_total{code="overloaded"}')
    const tooMuch = until('some are refused', async () => Number(await refused()) > 0)
    const [sent, got, whole] = await Promise.all([
      many(20, () => upload('/streams/', large)),
      many(20, () => download(large)),
      // Twice as much as it may keep at a time; none of it is whole before there is too much.
      many(60, () => upload('/whole/', 2 * mebibyte, tooMuch)),
    ])
    expect(tally(sent)).toEqual({ [`200 ${large}`]: 20 })
    expect(tally(got)).toEqual({ [`200 ${large}`]: 20 })
    expect(Object.keys(tally(whole)).toSorted()).toEqual([`200 ${2 * mebibyte}`, '503 retry after 1'])
    // What was kept for them is free again: 15 such bodies are what it keeps at a time.
    await until('all of them are taken again', async () => {
      const again = tally(await many(15, () => upload('/whole/', 2 * mebibyte)))
      return again[`200 ${2 * mebibyte}`] === 15
    })
    expect((await load.stop()).failures).toEqual([])
    expect(await node.servingPid()).toBe(serving)
    expect(await node.figure('hexgate_worker_crashes_total{worker="1"}')).toBe(0)
  })

  it('takes no more connections than it has room for, rather than to end', async () => {
    const args = ['--limit', 'connections-max=50000']
    const env = { NODE_OPTIONS: '--max-old-space-size=40' }
    node = await FolderNode.start({ documents: [apiDocument(upstream.url)], args, env })
    const { port } = node
    const serving = await node.servingPid()
    const clients: Awaited<ReturnType<typeof lasting>>[] = []
    const more = async () =>
      clients.push(...(await Promise.all(Array.from({ length: 250 }, () => lasting(port)))))
    const refused = () => clients.filter(({ status }) => status === 503).length
    while (refused() === 0 && clients.length < 9_000) await more()
    for (let round = 0; round < 4; round += 1) await more()
    expect(refused()).toBeGreaterThan(0)
    expect(node.linesOf('overloaded')[0]?.['msg']).toBe('requests are refused for want of memory')
    for (const { socket } of clients) socket.destroy()
    await until(
      'all is well again',
      async () => (await node?.figure('hexgate_worker_refused_share{worker="1"}')) === 0,
    )
    expect((await lasting(port)).status).toBe(200)
    expect(await node.servingPid()).toBe(serving)
  })
})
