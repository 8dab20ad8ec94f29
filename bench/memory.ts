import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSink, startUpstream } from './contenders.ts'
import { startRateLoad } from './load.ts'
import { type LocalNode, servingPids, startLocalNode } from './node.ts'
import { basePath, pathOf, plainWork } from './peers/work.ts'
import { type Measured, rounded } from './results.ts'
import type { Setting } from './setting.ts'
import { GIBIBYTE, MEBIBYTE } from './upstream.ts'

const ROUTES = 3_000
const SPARED = 2_000
const CONNECTIONS = 6_000

/** Memory of the serving process: with many routes, for a connection that waits, and while large bodies pass. */
export async function benchMemory(setting: Setting): Promise<Measured[]> {
  const upstreamPort = await startUpstream(setting)
  const withRoutes = await memoryOfRoutes(setting, upstreamPort)
  const connection = await memoryOfConnection(setting, upstreamPort)
  const grown = await growthByBodies(setting, upstreamPort)
  const megabytes = (bytes: number) => rounded(bytes / 1e6, 0)
  return [
    {
      name: 'memory',
      method: `Resident memory of the serving process after some seconds of traffic; connections that have had one answer each, ${CONNECTIONS} of them beyond ${SPARED}; bodies of 1 GiB, of which the highest memory while they pass is taken, less that before.`,
      rows: [],
      figures: [
        {
          name: `memory of a worker with ${ROUTES.toLocaleString('en')} routes`,
          value: megabytes(withRoutes),
          unit: 'MB',
          gate: 200,
          goal: 150,
        },
        {
          name: 'memory of an idle keep-alive connection',
          value: rounded(connection / 1e3, 1),
          unit: 'kB',
          gate: 10,
          goal: 6,
        },
        {
          name: 'memory that a download of 1 GiB adds',
          value: megabytes(grown.download),
          unit: 'MB',
          gate: 100,
          goal: 50,
        },
        {
          name: 'memory that an upload of 1 GiB adds',
          value: megabytes(grown.upload),
          unit: 'MB',
          gate: 100,
          goal: 50,
        },
      ],
      leftOut: [],
    },
  ]
}

async function memoryOfRoutes(setting: Setting, upstreamPort: number): Promise<number> {
  const node = await startLocalNode(setting, upstreamPort, ROUTES)
  await someTraffic(node)
  const [pid = 0] = servingPids(node.running)
  const bytes = residentBytes(pid)
  await setting.processes.stop(node.running)
  return bytes
}

async function memoryOfConnection(setting: Setting, upstreamPort: number): Promise<number> {
  const node = await startLocalNode(setting, upstreamPort, 1)
  await someTraffic(node)
  const [pid = 0] = servingPids(node.running)
  const sockets: Socket[] = []
  /** Memory with so many connections more. */
  const withMore = async (count: number) => {
    for (let index = 0; index < count; index++) sockets.push(await idleConnection(node.port))
    // Figures of the last requests are still on their way.
    await sleep(2_000)
    return residentBytes(pid)
  }
  // The first ones take what the process had to spare.
  const few = await withMore(SPARED)
  const bytes = ((await withMore(CONNECTIONS)) - few) / CONNECTIONS
  for (const socket of sockets) socket.destroy()
  await setting.processes.stop(node.running)
  return bytes
}

async function growthByBodies(setting: Setting, upstreamPort: number) {
  const limits = ['--limit', `body-bytes-max=${GIBIBYTE}`]
  const giving = await startLocalNode(setting, upstreamPort, 1, limits)
  const taking = await startLocalNode(setting, await startSink(setting), 1, limits)
  await someTraffic(giving)
  await someTraffic(taking)
  const download = await growthDuring(giving, () => pass(giving, 'GET', pathOf(plainWork, '/huge')))
  const upload = await growthDuring(taking, () => pass(taking, 'POST', pathOf(plainWork)))
  return { download, upload }
}

function someTraffic({ port }: LocalNode) {
  const path = `${basePath(0)}/orders`
  return startRateLoad({ port, path, connections: 8, seconds: 4, requestsPerSecond: 2_000 }).answer
}

/** The most that the serving process grows by meanwhile. */
async function growthDuring({ running }: LocalNode, work: () => Promise<void>): Promise<number> {
  const [pid = 0] = servingPids(running)
  const before = residentBytes(pid)
  let most = before
  const timer = setInterval(() => (most = Math.max(most, residentBytes(pid))), 10)
  await work().finally(() => clearInterval(timer))
  return most - before
}

/** Has 1 GiB come, or go, and waits for the end of the answer. */
async function pass({ port }: LocalNode, method: 'GET' | 'POST', path: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  let head = ''
  let received = 0
  socket.on('data', (bytes: Buffer) => {
    if (head.length < 16) head += bytes.toString('latin1')
    received += bytes.length
  })
  const ended = once(socket, 'close')
  const length = method === 'POST' ? `Content-Length: ${GIBIBYTE}\r\n` : ''
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n${length}\r\n`)
  if (method === 'POST') await pipeline(Readable.from(body()), socket, { end: false })
  await ended
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`${method} of 1 GiB: ${head.slice(0, 50)}`)
  if (method === 'GET' && received < GIBIBYTE) throw new Error(`only ${received} bytes of 1 GiB came`)
}

function* body(): Generator<Buffer> {
  const piece = Buffer.alloc(MEBIBYTE, 'x')
  for (let sent = 0; sent < GIBIBYTE; sent += MEBIBYTE) yield piece
}

async function idleConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${basePath(0)}/orders HTTP/1.1\r\nHost: bench\r\n\r\n`)
  await once(socket, 'data')
  return socket
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} says nothing of its memory`)
  return Number(kilobytes) * 1_024
}
