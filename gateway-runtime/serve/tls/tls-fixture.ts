import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { InboundTls } from '#policies/settings.ts'
import { inboundSettings } from '#tls/testing/settings.ts'
import type { Authority, KeyAndCertificate } from '../../testing/certificates.ts'
import type { Prepared } from '#policies/definition.ts'
import type { AccessEntry } from '../log.ts'
import { buildPlan, type LiveRoute, type Plan, type PlanListener } from '../plan.ts'
import { createServer, type Port, type Server, type ServerEvent, type ServerOptions } from '../server.ts'
import type { Pool } from '../upstream/pool.ts'
import { poolTo, route } from '../wire-fixture.ts'
import { TlsContexts } from './context.ts'

export const secureListener: PlanListener = { id: 'secure', protocol: 'https', proxyProtocol: false }

/** Settings that take any client, with something else in some places. */
export function tlsSettings(own: KeyAndCertificate, change: Partial<InboundTls> = {}): InboundTls {
  return inboundSettings({ certificate: own.chain, key: own.key }, change)
}

export interface TlsGateway {
  readonly server: Server
  readonly pool: Pool
  readonly port: number
  readonly opened: Port
  readonly entries: AccessEntry[]
  readonly events: ServerEvent[]
  /** How often handshakes ended so. */
  count(result: string): number
  serve(routes: (pool: Pool) => readonly LiveRoute[], listeners?: readonly PlanListener[]): Plan
  stop(): Promise<void>
}

/** A data plane with an HTTPS port, in front of an upstream on loopback. */
export async function startTlsGateway(setup: {
  readonly upstreamPort: number
  readonly routes: (pool: Pool) => readonly LiveRoute[]
  readonly listeners?: readonly PlanListener[]
  readonly server?: ServerOptions
}): Promise<TlsGateway> {
  const pool = poolTo(`http://127.0.0.1:${setup.upstreamPort}`)
  const entries: AccessEntry[] = []
  const events: ServerEvent[] = []
  const contexts = new TlsContexts()
  const server = createServer({
    onEvent: (event) => events.push(event),
    log: { dropped: 0, record: (entry) => void entries.push(entry), flush: () => Promise.resolve() },
    ...setup.server,
  })
  const serve: TlsGateway['serve'] = (routes, listeners = setup.listeners ?? [secureListener]) => {
    const plan = buildPlan(routes(pool), listeners, contexts)
    server.swap(plan)
    return plan
  }
  serve(setup.routes)
  const listener = (setup.listeners ?? [secureListener])[0]?.id ?? ''
  const opened = await server.listen({ address: '127.0.0.1', port: 0, listener })
  return {
    server,
    pool,
    port: opened.port,
    opened,
    entries,
    events,
    count: (result) =>
      [...server.figures().handshakes.values()].reduce((sum, counts) => sum + (counts.get(result) ?? 0), 0),
    serve,
    stop: () => server.drain(0).then(() => pool.dispose()),
  }
}

/** A route for one host with TLS. */
export function tlsRoute(
  pool: Pool,
  host: string,
  inboundTls: InboundTls | undefined,
  change: Partial<LiveRoute> = {},
): LiveRoute {
  return route(pool, {
    id: host,
    apiName: host,
    host,
    ...(inboundTls === undefined ? {} : { inboundTls }),
    ...change,
  })
}

export function policyOf(prepared: Prepared) {
  return { id: 'p', kind: 'test', prepared }
}

export interface Answer {
  readonly text: string
  /** What Node or OpenSSL said where the handshake or the connection failed. */
  readonly error: string | undefined
}

export function clientOptions(
  port: number,
  root: Authority | undefined,
  serverName: string,
  client?: { chain: string; key: string },
  change: ConnectionOptions = {},
): ConnectionOptions {
  return {
    host: '127.0.0.1',
    port,
    servername: serverName,
    ...(root === undefined ? { rejectUnauthorized: false } : { ca: root.certificate }),
    ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
    ...change,
  }
}

export function get(host: string, path = '/', ...fields: string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** Connects, asks once, and collects the answer until the connection ends or `until` says so. */
export async function askOver(
  options: ConnectionOptions,
  request: string,
  until: (text: string) => boolean = (text) => /\r\n\r\n[^]*(?:ok|\})$/.test(text),
): Promise<Answer> {
  const socket = connect(options)
  let text = ''
  return new Promise((resolve) => {
    const done = (error?: string) => {
      socket.destroy()
      resolve({ text, error })
    }
    socket.on('secureConnect', () => socket.write(request, 'latin1'))
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (until(text)) done()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    socket.on('close', () => done())
  })
}

/** An open connection, to be asked several times. */
export async function openTls(options: ConnectionOptions): Promise<{
  readonly socket: TLSSocket
  readonly ask: (request: string) => Promise<string>
}> {
  const socket = connect(options)
  await once(socket, 'secureConnect')
  return {
    socket,
    ask: (request) =>
      new Promise((resolve, reject) => {
        let text = ''
        const end = (settle: () => void) => {
          socket.off('data', onData)
          socket.off('close', onClose)
          settle()
        }
        const onData = (bytes: Buffer) => {
          text += bytes.toString('latin1')
          if (/\r\n\r\n[^]*(?:ok|\})$/.test(text)) end(() => resolve(text))
        }
        const onClose = () =>
          end(() => reject(new Error(`the connection ended behind ${JSON.stringify(text)}`)))
        socket.on('data', onData)
        socket.on('close', onClose)
        socket.write(request, 'latin1')
      }),
  }
}
