import { once } from 'node:events'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import type { Prepared } from '#policies/definition.ts'
import type { AccessEntry, AccessLog } from './log.ts'
import { buildPlan, type LiveRoute, type Plan } from './plan.ts'
import { createServer, type Server, type ServerEvent, type ServerOptions } from './server.ts'
import { createPool, type Pool, type PoolOptions } from './upstream/pool.ts'

/** Lines of a head with the empty line behind them. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

export const OK = head('HTTP/1.1 200 OK', 'Content-Length: 2').concat('ok')

/** An upstream of raw bytes: a script answers each complete request. */
export class ScriptedUpstream {
  /** All bytes that came in, as Latin-1. */
  seen = ''
  connections = 0
  readonly sockets = new Set<Socket>()
  script: (request: string, socket: Socket) => void = (_request, socket) => void socket.write(OK)
  port = 0
  private readonly server = createTcpServer({ allowHalfOpen: true }, (socket) => this.serve(socket))

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.port = portOf(this.server.address())
    return this
  }

  stop(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private serve(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    let request = ''
    socket.on('error', () => undefined)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      this.seen += text
      request += text
      if (!isComplete(request)) return
      const complete = request
      request = ''
      this.script(complete, socket)
    })
  }
}

/** With its trailers. */
const LAST_CHUNK = /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n$/

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const fields = text.slice(0, end + 2)
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(fields)?.[1]
  if (length !== undefined) return text.length >= end + 4 + Number(length)
  return /\r\ntransfer-encoding: chunked\r\n/i.test(fields) ? LAST_CHUNK.test(text) : true
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('not bound')
  return address.port
}

export interface Gateway {
  readonly server: Server
  readonly pool: Pool
  readonly port: number
  readonly events: ServerEvent[]
  readonly entries: AccessEntry[]
  plan: Plan
  stop(): Promise<void>
}

export interface GatewaySetup {
  readonly upstreamPort: number
  readonly upstreamPath?: string
  readonly server?: ServerOptions
  readonly pool?: Partial<PoolOptions>
  readonly routes?: (pool: Pool) => readonly LiveRoute[]
}

/** A data plane on a free port, in front of an upstream on loopback. */
export async function startGateway(setup: GatewaySetup): Promise<Gateway> {
  const pool = poolTo(`http://127.0.0.1:${setup.upstreamPort}${setup.upstreamPath ?? ''}`, setup.pool)
  const events: ServerEvent[] = []
  const entries: AccessEntry[] = []
  const server = createServer({
    onEvent: (event) => events.push(event),
    log: memoryLog(entries),
    ...setup.server,
  })
  const plan = buildPlan(setup.routes?.(pool) ?? [route(pool)])
  server.swap(plan)
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 })
  return { server, pool, port, events, entries, plan, stop: () => server.drain(0).then(() => pool.dispose()) }
}

export function poolTo(url: string, options: Partial<PoolOptions> = {}): Pool {
  return createPool({
    endpoints: [{ url }],
    timeouts: { connectMs: 2_000, responseMs: 5_000, idleMs: 5_000 },
    maxConnections: 100,
    maxPending: 100,
    allowLoopback: true,
    ...options,
  })
}

export function route(pool: Pool, change: Partial<LiveRoute> = {}): LiveRoute {
  return {
    id: 'r',
    apiName: 'api',
    host: '*',
    basePath: '/',
    stripBasePath: false,
    upstream: pool,
    policies: [],
    ...change,
  }
}

export function policy(prepared: Prepared, id = 'p') {
  return { id, kind: 'test', prepared }
}

function memoryLog(entries: AccessEntry[]): AccessLog {
  return { dropped: 0, record: (entry) => void entries.push(entry), flush: () => Promise.resolve() }
}

export interface Talk {
  readonly text: string
  /** The gateway ended its side in an orderly way. */
  readonly ended: boolean
  /** The connection was reset. */
  readonly reset: boolean
}

export interface TalkOptions {
  /** Stops listening here; without it the talk ends with the connection. */
  readonly until?: (text: string) => boolean
  readonly halfClose?: boolean
}

/** Sends parts, each in a segment of its own, and collects the answer. */
export async function talk(
  port: number,
  parts: readonly (string | Buffer)[],
  options: TalkOptions = {},
): Promise<Talk> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  const result = collect(socket, options)
  await once(socket, 'connect')
  for (const part of parts) {
    if (socket.destroyed) break
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    if (parts.length > 1) await new Promise((resolve) => setImmediate(resolve))
  }
  if (options.halfClose === true) socket.end()
  return result
}

function collect(socket: Socket, options: TalkOptions): Promise<Talk> {
  let text = ''
  return new Promise((resolve) => {
    const done = (ended: boolean, reset: boolean) => {
      socket.destroy()
      resolve({ text, ended, reset })
    }
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (options.until?.(text) === true) done(false, false)
    })
    socket.on('end', () => done(true, false))
    socket.on('error', () => done(false, true))
    socket.on('close', () => done(false, false))
  })
}

export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}

/** The code in the problem document at the end of an answer. */
export function codeOf(text: string): string {
  return /"code":"([^"]+)"/.exec(text)?.[1] ?? ''
}

/** Resolves when a condition holds; it is looked at after every turn of the event loop. */
export async function eventually(condition: () => boolean, ms = 5_000): Promise<void> {
  const endMs = performance.now() + ms
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`still not so after ${ms} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
