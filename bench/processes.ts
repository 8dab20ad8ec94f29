import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Command } from './peers/work.ts'

/** Proxies have a core to themselves; what asks them and what answers them shares the other one. */
export const PROXY_CORE = '0'
export const LOAD_CORE = '1'
export const BOTH_CORES = '0,1'

const TICKS_PER_SECOND = 100
// Ten thousand APIs take a while to read.
const START_MS = 120_000
const STOP_MS = 5_000

export interface Running {
  readonly child: ChildProcess
  readonly name: string
  /** All that the process has printed. */
  readonly output: () => string
}

/** Whether a program is installed; this gateway itself, which has no name, always is. */
export function isInstalled(program: string | undefined): boolean {
  return program === undefined || spawnSync('sh', ['-c', `command -v "${program}"`]).status === 0
}

export function requirePrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length > 0) throw new Error(`these are needed: apt-get install ${missing.join(' ')}`)
}

/** The processes that a benchmark started: whatever happens, they end with it. */
export class Processes {
  private readonly running = new Set<Running>()
  private readonly others: (() => Promise<unknown>)[] = []

  /** Starts a program on some cores. */
  start(name: string, cores: string, { command, env = {}, outputFile }: Command): Running {
    const output = outputFile === undefined ? undefined : openSync(outputFile, 'a')
    const child = spawn('taskset', ['-c', cores, ...command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', output ?? 'pipe', 'pipe'],
    })
    if (output !== undefined) closeSync(output)
    let text = ''
    const keep = (bytes: Buffer) => {
      text = (text + bytes.toString()).slice(-8_192)
    }
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep)
    const running: Running = { child, name, output: () => text }
    this.running.add(running)
    child.on('error', () => this.running.delete(running))
    return running
  }

  async stop(running: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = running
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await exit
      clearTimeout(timer)
    }
    this.running.delete(running)
  }

  /** Something else that must not outlive the benchmark. */
  onStop(stop: () => Promise<unknown>): void {
    this.others.push(stop)
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map((running) => this.stop(running)))
    await Promise.all(this.others.splice(0).map((stop) => stop()))
  }
}

/** Seconds of CPU, user and system, that a process and its children alive have used so far. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === ''
    ? own
    : children.split(' ').reduce((sum, child) => sum + cpuSeconds(Number(child)), own)
}

/** Different ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('not bound')
    return address.port
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** Waits until a port is open. */
export async function untilOpen(running: Running, port: number): Promise<void> {
  const endMs = performance.now() + START_MS
  while (performance.now() < endMs) {
    if (running.child.exitCode !== null) break
    if (await isOpen(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${running.name} does not open its port\n${running.output()}`)
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
