import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll } from 'vitest'
import {
  eventually,
  type Gateway,
  type GatewaySetup,
  head,
  OK,
  ScriptedUpstream,
  startGateway,
} from './wire-fixture.ts'

/** Gateways in front of one scripted upstream, for tests of how connections and exchanges live and end. */

export const GET = head('GET / HTTP/1.1', 'Host: a')
export const LAST = head('GET / HTTP/1.1', 'Host: a', 'Connection: close')
export const post = (length: number, ...fields: string[]) =>
  head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`, ...fields)
export const answered = (text: string) => text.endsWith('\r\n\r\nok')

export const upstream = new ScriptedUpstream()
const gateways: Gateway[] = []

/** Has the upstream of a test file run, and every gateway ended with its test. */
export function aroundEach(): void {
  beforeAll(async () => {
    await upstream.start()
  })
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
    upstream.script = (_request, socket) => void socket.write(OK)
    upstream.seen = ''
  })
  afterAll(() => upstream.stop())
}

export async function gatewayWith(setup: Partial<GatewaySetup> = {}): Promise<Gateway> {
  const gateway = await startGateway({ upstreamPort: upstream.port, ...setup })
  gateways.push(gateway)
  return gateway
}

export async function open(
  port: number,
): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let text = ''
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await once(socket, 'connect')
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  return { socket, text: () => text, closed }
}

/** A port whose process has been stopped and whose queue is full: the kernel answers no further connection. */
export async function stoppedListener(): Promise<{ port: number; end: () => void }> {
  const script =
    "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const port = Number(String(line))
  child.kill('SIGSTOP')
  const fillers = Array.from({ length: 10 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  )
  let connected = 0
  for (const filler of fillers) filler.on('connect', () => connected++)
  await eventually(() => connected >= 2)
  const end = () => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  }
  return { port, end }
}
