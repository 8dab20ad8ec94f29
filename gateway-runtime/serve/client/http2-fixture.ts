import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { PlainArrival } from '../arrival.ts'
import { Lease } from '../lease.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import type { AccessEntry } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { buildPlan, type LiveRoute } from '../plan.ts'
import { BodyBudget } from './body.ts'
import type { ConnectionHost, OpenConnection } from './host.ts'
import { Http2Connection } from './http2.ts'

/** HTTP/2 connections on a free port of loopback, without TLS, in front of given routes. */
export interface Http2Gateway {
  readonly port: number
  readonly host: ConnectionHost & { draining: boolean }
  readonly metrics: Metrics
  readonly entries: AccessEntry[]
  readonly failures: unknown[]
  readonly open: Set<OpenConnection>
  stop(): Promise<void>
}

export async function startHttp2Gateway(
  routes: readonly LiveRoute[],
  options: { limits?: Partial<Limits>; trustedHops?: number } = {},
): Promise<Http2Gateway> {
  const plan = buildPlan(routes)
  const metrics = new Metrics()
  for (const served of plan.served) served.counters = metrics.countersOf(served.id)
  const entries: AccessEntry[] = []
  const failures: unknown[] = []
  const open = new Set<OpenConnection>()
  const host = {
    limits: { ...defaultLimits, ...options.limits },
    metrics,
    bodies: new BodyBudget(defaultLimits.collectedBytesMax),
    overload: { refuses: () => false },
    log: {
      dropped: 0,
      record: (entry: AccessEntry) => void entries.push(entry),
      flush: () => Promise.resolve(),
    },
    trustedHops: options.trustedHops ?? 0,
    draining: false,
    lease: new Lease(plan, () => undefined),
    closed: (connection: OpenConnection) => void open.delete(connection),
    policyFailed: (_policy: unknown, error: unknown) => void failures.push(error),
    dryRefused: () => undefined,
    keep: () => () => undefined,
  }
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
    open.add(new Http2Connection(host, socket, new PlainArrival({ listener: '' }, socket, '127.0.0.1'))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    port,
    host,
    metrics,
    entries,
    failures,
    open,
    stop: async () => {
      server.close()
      for (const connection of open) connection.endDrain()
      await once(server, 'close')
    },
  }
}

export interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly trailers: IncomingHttpHeaders
  readonly interim: readonly number[]
  /** How the stream was closed: an error code of RFC 9113 §7. */
  readonly rstCode: number
}

export function connectHttp2(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => undefined)
  return session
}

/** One request with a whole body; resolves when its stream is closed, however that came. */
export function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined })
  const parts: Buffer[] = []
  const interim: number[] = []
  let answer: IncomingHttpHeaders & { ':status'?: number | undefined } = {}
  let trailers: IncomingHttpHeaders = {}
  stream.on('headers', (fields: { ':status'?: number }) => interim.push(fields[':status'] ?? 0))
  stream.on('response', (fields) => (answer = fields))
  stream.on('trailers', (fields) => (trailers = fields))
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('error', () => undefined)
  if (body !== undefined) stream.end(body)
  return new Promise((resolve) => {
    stream.on('close', () =>
      resolve({
        status: answer[':status'] ?? 0,
        headers: answer,
        body: Buffer.concat(parts),
        trailers,
        interim,
        rstCode: stream.rstCode ?? 0,
      }),
    )
  })
}
