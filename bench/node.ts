import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { conditions, LOAD_CORE, round } from './compare.ts'
import { apiDocument, gatewayCommand, gatewayFolder } from './gateway.ts'
import { median } from './load.ts'
import { upstreamCommand } from './peers.ts'
import { freePorts, type Processes, type Running, untilOpen } from './processes.ts'
import { keep } from './results.ts'

/** What a node itself costs: the time to take a configuration, and memory. */

interface Verdict {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly gate: number
  readonly goal: number
}

interface Node {
  readonly running: Running
  readonly port: number
  readonly upstreamPort: number
  readonly directory: string
}

async function startNode(processes: Processes, folder: string, name: string, count: number): Promise<Node> {
  const [upstreamPort = 0, port = 0, adminPort = 0] = await freePorts(3)
  const upstream = processes.start('the upstream', LOAD_CORE, upstreamCommand(folder, upstreamPort).command)
  await untilOpen(upstream, upstreamPort)
  const apis = Array.from({ length: count }, (_, index) => apiDocument(`api-${index}`, port, upstreamPort))
  const command = gatewayCommand(folder, name, { apis }, adminPort, undefined)
  // Not tied to one core: a node may prepare a configuration beside the traffic.
  const running = processes.start('Hexgate', 0, command)
  await untilOpen(running, port)
  return { running, port, upstreamPort, directory: gatewayFolder(folder, name) }
}

/** Adds one API to ten thousand, several times, while others are called. */
export async function benchApply(processes: Processes, folder: string): Promise<boolean> {
  const apis = 10_000
  const edits = 7
  const node = await startNode(processes, folder, 'apply', apis)
  const traffic = new Traffic(node.port)
  const times: number[] = []
  for (let edit = 0; edit < edits; edit++) {
    const name = `added-${edit}`
    const before = performance.now()
    writeFileSync(join(node.directory, `${name}.yaml`), apiDocument(name, node.port, node.upstreamPort))
    await untilServed(node.port, `/${name}/orders`)
    times.push(performance.now() - before)
  }
  const { failed, longestMs, answered } = await traffic.stop()
  return judge(
    'apply',
    `One API added to ${apis} by a file of local mode, ${edits} times; ${answered} requests meanwhile.`,
    [
      {
        name: 'from the file to the first answer',
        value: round(median(times), 0),
        unit: 'ms',
        gate: 3_000,
        goal: 1_000,
      },
      { name: 'longest answer meanwhile', value: round(longestMs, 1), unit: 'ms', gate: 200, goal: 20 },
      { name: 'requests that failed', value: failed, unit: '', gate: 0, goal: 0 },
    ],
  )
}

/** Memory of the serving process with 3,000 routes, and of a connection that waits. */
export async function benchMemory(processes: Processes, folder: string): Promise<boolean> {
  const connections = 4_000
  const node = await startNode(processes, folder, 'memory', 3_000)
  const traffic = new Traffic(node.port)
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  await traffic.stop()
  const serving = servingPid(node.running)
  const withRoutes = residentBytes(serving)
  const sockets: Socket[] = []
  for (let index = 0; index < connections; index++) sockets.push(await idleConnection(node.port))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const withConnections = residentBytes(serving)
  for (const socket of sockets) socket.destroy()
  return judge(
    'memory',
    `Resident memory of the serving process; ${connections} connections that have had one answer each.`,
    [
      {
        name: 'a worker with 3,000 routes',
        value: round(withRoutes / 1e6, 0),
        unit: 'MB',
        gate: 200,
        goal: 150,
      },
      {
        name: 'an idle keep-alive connection',
        value: round((withConnections - withRoutes) / connections / 1e3, 1),
        unit: 'kB',
        gate: 10,
        goal: 6,
      },
    ],
  )
}

/** A few connections that ask without a pause, and note how it went. */
class Traffic {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 })
  private readonly port: number
  private isOver = false
  private failed = 0
  private answered = 0
  private longestMs = 0
  private readonly loops: Promise<void>[]

  constructor(port: number) {
    this.port = port
    this.loops = Array.from({ length: 8 }, (_, index) => this.ask(index))
  }

  async stop(): Promise<{ failed: number; answered: number; longestMs: number }> {
    this.isOver = true
    await Promise.all(this.loops)
    this.agent.destroy()
    return { failed: this.failed, answered: this.answered, longestMs: this.longestMs }
  }

  private async ask(index: number): Promise<void> {
    while (!this.isOver) {
      const before = performance.now()
      const status = await statusOf(this.port, `/api-${index}/orders`, this.agent)
      this.longestMs = Math.max(this.longestMs, performance.now() - before)
      if (status === 200) this.answered++
      else this.failed++
    }
  }
}

function statusOf(port: number, path: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', () => resolve(0))
  })
}

async function untilServed(port: number, path: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const endMs = performance.now() + 30_000
  while ((await statusOf(port, path, agent)) !== 200) {
    if (performance.now() > endMs) throw new Error(`${path} is not served after 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  agent.destroy()
}

async function idleConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /api-1/orders HTTP/1.1\r\nHost: bench\r\n\r\n')
  await once(socket, 'data')
  return socket
}

// taskset becomes the gateway; its child serves.
function servingPid({ child }: Running): number {
  const { pid } = child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const [serving] = children.filter(Boolean).map(Number)
  if (serving === undefined) throw new Error('the gateway has no serving process')
  return serving
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} says nothing of its memory`)
  return Number(kilobytes) * 1_024
}

function judge(name: string, method: string, verdicts: readonly Verdict[]): boolean {
  for (const { name: what, value, unit, gate, goal } of verdicts) {
    const verdict = value <= goal ? 'within the goal' : value <= gate ? 'within the gate' : 'CROSSES THE GATE'
    process.stdout.write(
      `${what.padEnd(44)}${String(value).padStart(10)} ${unit.padEnd(4)}${verdict} (gate ${gate}, goal ${goal})\n`,
    )
  }
  keep(name, { ...conditions(round(loadavg()[0] ?? 0, 1)), method, verdicts })
  return verdicts.every(({ value, gate }) => value <= gate)
}
