import { connect as connectHttp2 } from 'node:http2'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { closing } from '#gateway-runtime/testing/world.ts'
import { apiDocument, FolderNode } from './folder-node.ts'
import { until } from './machine.ts'
import { type PlainUpstream, startPlainUpstream } from './plain-upstream.ts'

vi.setConfig({ testTimeout: 120_000 })

const drainMs = 4_000
const graceMs = 600
const args = ['--drain-ms', `${drainMs}`, '--drain-grace-ms', `${graceMs}`, '--https-port', '0']
const end = closing()
let upstream: PlainUpstream

beforeAll(async () => {
  upstream = await startPlainUpstream()
})
afterEach(() => end.closeAll())
afterAll(() => upstream?.stop())

/** Two nodes and clients that keep connections to both, as a balancer does that asks them whether they are ready. */
class Balanced {
  readonly failures: string[] = []
  answered = 0
  readonly #nodes: FolderNode[]
  readonly #ready = [true, true]
  readonly #agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 8 }))
  readonly #loops: Promise<void>[]
  #isOver = false

  constructor(nodes: FolderNode[]) {
    this.#nodes = nodes
    this.#loops = [
      this.#watch(0),
      this.#watch(1),
      ...Array.from({ length: 8 }, (_, start) => this.#ask(start)),
    ]
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
    for (const agent of this.#agents) agent.destroy()
  }

  async #watch(place: number): Promise<void> {
    while (!this.#isOver) {
      const answer = await fetch(`${this.#nodes[place]?.admin}/ready`).catch(() => null)
      this.#ready[place] = answer?.status === 200
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async #ask(start: number): Promise<void> {
    for (let turn = start; !this.#isOver; turn += 1) {
      const place = this.#ready[turn % 2] === true ? turn % 2 : (turn + 1) % 2
      const outcome = await this.#once(place, turn % 3 === 0 ? 'POST' : 'GET')
      if (outcome === '200') this.answered += 1
      else this.failures.push(outcome)
      // Some think, so that their connections rest.
      if (start % 2 === 0) await new Promise((resolve) => setTimeout(resolve, turn % 5))
    }
  }

  #once(place: number, method: string): Promise<string> {
    return new Promise((resolve) => {
      const where = { host: '127.0.0.1', port: this.#nodes[place]?.port, agent: this.#agents[place] }
      const asked = request({ ...where, method }, (response) => {
        response.on('error', (error) => resolve(`answer ${error.message}`))
        response.resume().on('end', () => resolve(String(response.statusCode)))
      })
      asked.on('error', (error: NodeJS.ErrnoException) =>
        resolve(`${error.code} on a ${asked.reusedSocket ? 'kept' : 'fresh'} connection`),
      )
      asked.end(method === 'POST' ? 'x' : undefined)
    })
  }
}

it('two nodes restarted one after the other fail no request of a balancer that asks whether they are ready', async () => {
  const start = () => FolderNode.start({ documents: [apiDocument(upstream.url)], args })
  const nodes = await Promise.all([start(), start()])
  const balanced = new Balanced(nodes)
  for (let round = 0; round < 4; round += 1) {
    const before = balanced.answered
    await until('traffic', () => Promise.resolve(balanced.answered > before + 500))
    expect(await nodes[round % 2]?.stop()).toBe(0)
    nodes[round % 2] = await start()
  }
  await balanced.stop()
  expect(balanced.failures.slice(0, 5)).toEqual([])
  for (const node of nodes) expect(await node.stop()).toBe(0)
})

it('a node that is told to end finishes downloads, streams and calls, says goodbye to WebSockets, and is in time', async () => {
  const echo = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  end.add(() => echo.close())
  await new Promise((resolve) => echo.once('listening', resolve))
  const address = echo.address()
  const echoUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const node = await FolderNode.start({
    documents: [
      apiDocument(upstream.url),
      apiDocument(echoUrl, { name: 'sockets', basePath: '/sockets' }),
      apiDocument(upstream.url, { name: 'secure', address: 'https://127.0.0.1:1' }),
    ],
    args,
  })
  const length = 12 * 1024 ** 2
  // Each takes longer than the grace.
  const download = slowDownload(node.port, `/?bytes=${length}`, 1_500)
  const session = connectHttp2(`https://127.0.0.1:${node.ports[1]}`, { rejectUnauthorized: false })
  end.add(() => session.destroy())
  const stream = session.request({ ':path': '/?wait=1500', ':authority': '127.0.0.1' })
  const call = fetch(`${node.origin}/?wait=1500`)
  const socket = new WebSocket(`ws://127.0.0.1:${node.port}/sockets/`)
  await new Promise((resolve) => socket.once('open', resolve))
  const goodbye = new Promise<number>((resolve) => socket.once('close', resolve))
  await until('the download has begun', () => Promise.resolve(download.received() > 0))
  const beganMs = performance.now()
  const ended = node.stop()
  await until('it is not ready', async () => (await fetch(`${node.admin}/ready`)).status === 503)
  // Whoever has not noticed yet is served, for the last time on that connection.
  const late = await fetch(node.origin)
  expect(late.status).toBe(200)
  expect(late.headers.get('connection')).toBe('close')
  expect((await call).status).toBe(200)
  expect(await bodyOf(stream)).toBe('ok')
  expect(await download.done).toBe(length)
  expect(await goodbye).toBe(1001)
  expect(await ended).toBe(0)
  expect(performance.now() - beganMs).toBeLessThan(drainMs + 5_000)
})

/** A client that rests before it reads on; how much of the body it got by the end of the connection. */
function slowDownload(port: number, where: string, restMs: number) {
  const socket = connect(port, '127.0.0.1')
  let received = 0
  let head = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    received += bytes.length
    if (head !== '') return
    head = bytes.toString('latin1').split('\r\n\r\n')[0] ?? ''
    socket.pause()
    setTimeout(() => socket.resume(), restMs)
  })
  socket.write(`GET ${where} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const done = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(received - head.length - 4)),
  )
  return { received: () => received, done }
}

function bodyOf(stream: ReturnType<ReturnType<typeof connectHttp2>['request']>): Promise<string> {
  let text = ''
  stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
  return new Promise((resolve) => {
    stream.once('error', (error) => resolve(String(error)))
    stream.once('close', () => resolve(text))
  })
}
