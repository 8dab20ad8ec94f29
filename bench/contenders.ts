import type { Certificates } from './certificates.ts'
import type { Contender } from './compare.ts'
import type { Load } from './load.ts'
import { caddy } from './peers/caddy.ts'
import { envoy } from './peers/envoy.ts'
import { haproxy } from './peers/haproxy.ts'
import { hexgate } from './peers/hexgate.ts'
import { nginx } from './peers/nginx.ts'
import { headersOf, type Peer, pathOf, type Work } from './peers/work.ts'
import {
  freePorts,
  isInstalled,
  LOAD_CORE,
  PROXY_CORE,
  type Running,
  requirePrograms,
  untilOpen,
} from './processes.ts'
import type { Setting } from './setting.ts'
import { sinkCommand, upstreamCommand } from './upstream.ts'

const peers: readonly Peer[] = [nginx, haproxy, caddy, envoy, hexgate]

/** Those that are compared with nothing where they are not there. */
export const leftOut: readonly string[] = peers
  .filter(({ program }) => !isInstalled(program))
  .map(({ name }) => name)

/** A proxy that runs, and the work that it was set up for. */
export interface Started {
  readonly peer: Peer
  readonly running: Running
  readonly port: number
  readonly work: Work
}

/** Starts the upstream of all proxies and says where it is. */
export async function startUpstream({ processes, folder }: Setting, tls?: Certificates): Promise<number> {
  requirePrograms(['taskset', 'wrk', 'nginx'])
  const [port = 0] = await freePorts(1)
  await untilOpen(processes.start('the upstream', LOAD_CORE, upstreamCommand(folder, port, tls)), port)
  return port
}

/** Starts an upstream that takes large bodies. */
export async function startSink({ processes }: Setting): Promise<number> {
  const [port = 0] = await freePorts(1)
  await untilOpen(processes.start('the sink', LOAD_CORE, sinkCommand(port)), port)
  return port
}

/** Starts every proxy that is installed and can do the work. */
export async function startProxies(setting: Setting, upstreamPort: number, work: Work): Promise<Started[]> {
  const able = peers.filter((peer) => isInstalled(peer.program) && peer.can(work))
  const started: Started[] = []
  for (const peer of able) started.push(await startProxy(setting, peer, upstreamPort, work))
  return started
}

async function startProxy(
  { processes, folder, profileFolder }: Setting,
  peer: Peer,
  upstreamPort: number,
  work: Work,
): Promise<Started> {
  const [port = 0] = await freePorts(1)
  const running = processes.start(
    peer.name,
    PROXY_CORE,
    peer.start({ folder, port, upstreamPort, profileFolder }, work),
  )
  await untilOpen(running, port)
  const started = { peer, running, port, work }
  await requireChecks(started)
  return started
}

/** A proxy that lets anybody through would have less to do than the others. */
async function requireChecks({ peer, port, work }: Started): Promise<void> {
  const [, ...others] = headersOf(work)
  for (const headers of work.chain === undefined ? [] : [[], headersOf(work).slice(0, 1), others]) {
    const fields = headers.map((header): [string, string] => {
      const colon = header.indexOf(':')
      return [header.slice(0, colon), header.slice(colon + 2)]
    })
    const { status } = await fetch(`http://127.0.0.1:${port}${pathOf(work)}`, { headers: fields })
    if (status !== 401) throw new Error(`${peer.name} answers ${status} to a request without its credentials`)
  }
}

export type LoadWish = Omit<Load, 'url' | 'headers'> & {
  /** What stands behind the base path. */
  readonly rest?: string
}

/** Each of these proxies under a load. */
export function contendersOf(
  started: readonly Started[],
  label: string,
  { rest, ...load }: LoadWish,
): Contender[] {
  return started.map(({ peer, running, port, work }) => {
    const scheme = work.tls === undefined ? 'http' : 'https'
    const url = `${scheme}://127.0.0.1:${port}${pathOf(work, rest)}`
    return {
      proxy: peer.name,
      work: label,
      process: running,
      load: { ...load, url, headers: headersOf(work) },
    }
  })
}

/** One of them, by its name. */
export function one(contenders: readonly Contender[], proxy: string): Contender {
  const found = contenders.find((contender) => contender.proxy === proxy)
  if (found === undefined) throw new Error(`${proxy} was not started`)
  return found
}
