import { type Contender, compare, LOAD_CORE, type Rounds, requirePrograms, started } from './compare.ts'
import { apiDocument, type GatewayDocuments, gatewayCommand, keyDocuments } from './gateway.ts'
import type { Load } from './load.ts'
import { accessLogOf, type Peer, peers, upstreamCommand } from './peers.ts'
import { freePorts, isInstalled, type Processes, untilOpen } from './processes.ts'

/** The pieces of plain HTTP/1.1 work that every proxy can do. */

const CONNECTIONS = 64

interface Setting {
  readonly processes: Processes
  readonly folder: string
  readonly upstreamPort: number
  readonly rounds: Rounds
}

const PLAIN = '/plain/orders/7f1c'
const CHAIN = '/chain/orders/7f1c'

function loadOf(port: number, path: string, seconds: number, more: Partial<Load> = {}): Load {
  return {
    url: `http://127.0.0.1:${port}${path}`,
    connections: CONNECTIONS,
    seconds,
    core: LOAD_CORE,
    ...more,
  }
}

async function upstreamFor(processes: Processes, folder: string): Promise<number> {
  const [port = 0] = await freePorts(1)
  const upstream = processes.start('the upstream', LOAD_CORE, upstreamCommand(folder, port).command)
  await untilOpen(upstream, port)
  return port
}

async function peerContender(
  { processes, folder, upstreamPort, rounds }: Setting,
  peer: Peer,
  work: string,
  path: string,
  more: Partial<Load> = {},
): Promise<Contender | undefined> {
  if (!isInstalled(peer.program)) {
    process.stderr.write(`${peer.name} is not installed: its column is left out\n`)
    return undefined
  }
  const [port = 0] = await freePorts(1)
  const running = await started(processes, peer.name, peer.command(folder, port, upstreamPort), port)
  return { proxy: peer.name, work, process: running, load: loadOf(port, path, rounds.seconds, more) }
}

async function startGateway(
  { processes, folder, upstreamPort, rounds }: Setting,
  name: string,
  documents: (port: number, upstreamPort: number) => GatewayDocuments,
) {
  const [port = 0, adminPort = 0] = await freePorts(2)
  const command = gatewayCommand(folder, name, documents(port, upstreamPort), adminPort, rounds.profileFolder)
  return { port, running: await started(processes, 'Hexgate', { command }, port) }
}

async function settingIn(processes: Processes, folder: string, rounds: Rounds): Promise<Setting> {
  requirePrograms(['taskset', 'wrk', 'nginx'])
  return { processes, folder, rounds, upstreamPort: await upstreamFor(processes, folder) }
}

function present<T>(list: readonly (T | undefined)[]): T[] {
  return list.filter((one) => one !== undefined)
}

/** Plain proxying, and a chain of an API key, a rate limit and header edits. */
export async function benchProxy(processes: Processes, folder: string, rounds: Rounds): Promise<boolean> {
  const setting = await settingIn(processes, folder, rounds)
  const others: (Contender | undefined)[] = []
  for (const peer of peers) others.push(await peerContender(setting, peer, 'plain GET', PLAIN))
  const [nginx] = present(others)
  if (nginx === undefined) throw new Error('nginx was not started')
  const gateway = await startGateway(setting, 'proxy', (port, upstreamPort) => ({
    apis: [
      apiDocument('plain', port, upstreamPort),
      apiDocument('chain', port, upstreamPort),
      keyDocuments('chain'),
    ],
  }))
  const ours = (work: string, path: string, headers: readonly string[] = []): Contender => ({
    proxy: 'Hexgate',
    work,
    process: gateway.running,
    load: loadOf(gateway.port, path, rounds.seconds, { headers }),
  })
  const plain = ours('plain GET', PLAIN)
  const chain = ours('API key, rate limit, header edit', CHAIN, keyDocuments.headers)
  return compare(
    {
      name: 'proxy',
      method: `${CONNECTIONS} keep-alive connections; GET with a 250-byte JSON answer; no proxy writes an access log.`,
      contenders: [...present(others), plain, chain],
      gates: [
        { name: 'plain', of: plain, to: nginx, gate: 1.5, goal: 1.15 },
        { name: 'chain', of: chain, to: nginx, gate: 1.7, goal: 1.25 },
      ],
    },
    rounds,
  )
}

/** One API among ten thousand, and one among ten. */
export async function benchRoutes(processes: Processes, folder: string, rounds: Rounds): Promise<boolean> {
  const setting = await settingIn(processes, folder, rounds)
  const manyApis = 10_000
  const contender = async (count: number): Promise<Contender> => {
    const { port, running } = await startGateway(setting, `routes-${count}`, (at, upstreamPort) => ({
      apis: Array.from({ length: count }, (_, index) => apiDocument(`api-${index}`, at, upstreamPort)),
    }))
    const path = `/api-${Math.floor(count / 2)}/orders/7f1c`
    const load = loadOf(port, path, rounds.seconds)
    return { proxy: 'Hexgate', work: `GET, one of ${count} APIs`, process: running, load }
  }
  const few = await contender(10)
  const many = await contender(manyApis)
  return compare(
    {
      name: 'routes',
      method: `${CONNECTIONS} keep-alive connections; GET with a 250-byte JSON answer.`,
      contenders: [few, many],
      gates: [{ name: '10,000 APIs against 10', of: many, to: few, gate: 1.1, goal: 1.05 }],
    },
    rounds,
  )
}

/** JSON access log, metrics and request ids, beside an nginx that logs too. */
export async function benchLog(processes: Processes, folder: string, rounds: Rounds): Promise<boolean> {
  const setting = await settingIn(processes, folder, rounds)
  const nginx = await peerContender(setting, accessLogOf(folder), 'GET, JSON access log', PLAIN)
  if (nginx === undefined) throw new Error('nginx was not started')
  const { port, running } = await startGateway(setting, 'log', (at, upstreamPort) => ({
    apis: [apiDocument('chain', at, upstreamPort), keyDocuments('chain')],
    accessLog: true,
  }))
  const ours: Contender = {
    proxy: 'Hexgate',
    work: 'GET, JSON access log, API key, rate limit, edit',
    process: running,
    load: loadOf(port, CHAIN, rounds.seconds, { headers: keyDocuments.headers }),
  }
  return compare(
    {
      name: 'log',
      method: `${CONNECTIONS} keep-alive connections; GET with a 250-byte JSON answer; access logs as JSON lines to a pipe or /dev/null.`,
      contenders: [nginx, ours],
      gates: [{ name: 'with an access log', of: ours, to: nginx, gate: 1.8, goal: 1.3 }],
    },
    rounds,
  )
}

/** Bodies of a kilobyte and of a mebibyte, both ways, beside nginx with its own defaults. */
export async function benchBodies(processes: Processes, folder: string, rounds: Rounds): Promise<boolean> {
  const setting = await settingIn(processes, folder, rounds)
  const [nginxPeer] = peers
  if (nginxPeer === undefined) throw new Error('there is no nginx among the peers')
  const { port, running } = await startGateway(setting, 'bodies', (at, upstreamPort) => ({
    apis: [apiDocument('plain', at, upstreamPort)],
  }))
  const kinds = [
    {
      work: 'POST of 1 kB',
      path: PLAIN,
      more: { body: 1_024 },
      gate: 1.5,
      goal: 1.15,
      connections: CONNECTIONS,
    },
    { work: 'GET of 1 MiB', path: '/plain/large', more: {}, gate: 1, goal: 0.6, connections: 16 },
    { work: 'POST of 1 MiB', path: PLAIN, more: { body: 1_048_576 }, gate: 1, goal: 0.6, connections: 16 },
  ]
  let holds = true
  for (const { work, path, more, gate, goal, connections } of kinds) {
    const nginx = await peerContender(setting, nginxPeer, work, path, { ...more, connections })
    if (nginx === undefined) throw new Error('nginx was not started')
    const load = loadOf(port, path, rounds.seconds, { ...more, connections })
    const ours: Contender = { proxy: 'Hexgate', work, process: running, load }
    const comparison = {
      name: `bodies: ${work}`,
      method: `${connections} keep-alive connections; nginx with its default buffers.`,
      contenders: [nginx, ours],
      gates: [{ name: work, of: ours, to: nginx, gate, goal }],
      warmUpRequests: 3_000,
    }
    holds = (await compare(comparison, rounds)) && holds
  }
  return holds
}
