import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Item, upstreamItem } from '#contract/items.ts'
import { TestPortal } from '#gateway-runtime/testing/portal.ts'
import { Publisher } from '#gateway-runtime/testing/publisher.ts'
import { startUpstream } from './contenders.ts'
import { type RateAnswer, startRateLoad } from './load.ts'
import { startLocalNode, untilServed } from './node.ts'
import { apiDocument, gatewayCommand } from './peers/hexgate.ts'
import { basePath } from './peers/work.ts'
import { BOTH_CORES, freePorts } from './processes.ts'
import { type Figure, type Measured, median, rounded } from './results.ts'
import type { Setting } from './setting.ts'

const APIS = 10_000
const EDITS = 7

/** How long a node takes to take a configuration of ten thousand APIs, and whether its traffic notices. */
export async function benchApply(setting: Setting): Promise<Measured[]> {
  const upstreamPort = await startUpstream(setting)
  const fromPortal = await revisions(setting, upstreamPort)
  const fromFiles = await files(setting, upstreamPort)
  return [
    {
      name: 'apply',
      method: `${APIS.toLocaleString('en')} APIs, each with an upstream and a contract set. From a portal: from the push of a revision to the first answer by it, where everything is new, where every API has changed, and where one has come (median of ${EDITS}). From files of local mode: from one more file to the first answer (median of ${EDITS}). Meanwhile another API is asked 250 times a second, each counted from the moment at which it was due; node and load share two cores.`,
      rows: [],
      figures: [...fromPortal, ...fromFiles],
      leftOut: [],
    },
  ]
}

async function revisions(setting: Setting, upstreamPort: number): Promise<Figure[]> {
  const { processes, folder, profileFolder } = setting
  const [port = 0] = await freePorts(1)
  const portal = new TestPortal(new Publisher())
  // So many items fit into no message: the node asks for them.
  portal.sendsItems = false
  await portal.start()
  const options = [
    '--portal',
    portal.url,
    '--data',
    join(folder, 'node'),
    '--admin-port',
    '0',
    '--no-access-log',
  ]
  const env = { HEXGATE_GATEWAY_KEY: portal.acceptedKey }
  const node = processes.start('Hexgate', BOTH_CORES, { ...gatewayCommand(options, profileFolder), env })
  while (portal.hellos.length === 0) await sleep(20)
  let revision = 0
  /** From the push to the first answer by what is new in it. */
  const push = async (version: string) => {
    portal.publish(++revision, itemsOf(port, upstreamPort, version, revision))
    const pushedAtMs = performance.now()
    return (await untilServed(addressOf(port, newest(revision)))) - pushedAtMs
  }
  const first = await push('v1')
  const changed = await beside(port, () => push('v2'))
  const added = await beside(port, () => repeated(EDITS, () => push('v2')))
  await processes.stop(node)
  await portal.stop()
  return [
    ...taken('a first revision of 10,000 APIs', first),
    ...taken('a revision in which 10,000 APIs have changed', changed.result, changed.load),
    ...taken('one API more than 10,000, from the portal', added.result, added.load),
  ]
}

async function files(setting: Setting, upstreamPort: number): Promise<Figure[]> {
  const node = await startLocalNode(setting, upstreamPort, APIS)
  let edit = 0
  const { result, load } = await beside(node.port, () =>
    repeated(EDITS, async () => {
      const name = newest(++edit)
      const writtenAtMs = performance.now()
      writeFileSync(
        join(node.directory, `${name}.yaml`),
        apiDocument(name, { folder: node.directory, port: node.port, upstreamPort }),
      )
      return (await untilServed(addressOf(node.port, name))) - writtenAtMs
    }),
  )
  return taken('one API more than 10,000, from a file', result, load)
}

function addressOf(port: number, name: string): string {
  return `http://127.0.0.1:${port}/${name}/orders`
}

/** What comes with a revision, and stands for all of it. */
function newest(revision: number): string {
  return `new-in-${revision}`
}

async function repeated(times: number, work: () => Promise<number>): Promise<number> {
  const all: number[] = []
  for (let done = 0; done < times; done++) all.push(await work())
  return median(all)
}

/** Does something while others ask. */
async function beside(
  port: number,
  work: () => Promise<number>,
): Promise<{ result: number; load: RateAnswer }> {
  const asking = startRateLoad({
    port,
    path: `${basePath(0)}/orders`,
    connections: 8,
    seconds: 300,
    requestsPerSecond: 250,
  })
  await sleep(3_000)
  const result = await work()
  await sleep(500)
  return { result, load: await asking.stop() }
}

function taken(what: string, ms: number, load?: RateAnswer): Figure[] {
  const served = {
    name: `${what}, served after`,
    value: Math.round(ms),
    unit: 'ms',
    gate: 3_000,
    goal: 1_000,
  }
  if (load === undefined) return [served]
  const longest = { value: rounded(load.longestMs, 1), unit: 'ms', gate: 200, goal: 20 }
  return [
    served,
    { name: `${what}: longest answer meanwhile`, ...longest },
    { name: `${what}: requests that failed meanwhile`, value: load.failed, unit: '', gate: 0, goal: 0 },
  ]
}

/** What a portal makes of ten thousand APIs, and of those that came with the revisions so far. */
function itemsOf(port: number, upstreamPort: number, version: string, revisionsSoFar: number): Item[] {
  const names = [
    ...Array.from({ length: APIS }, (_, index) => basePath(index).slice(1)),
    ...Array.from({ length: revisionsSoFar }, (_, index) => newest(index + 1)),
  ]
  return [
    { kind: 'listener', id: 'listener:http', protocol: 'http', address: '127.0.0.1', port },
    ...names.flatMap((name) => itemsOfApi(name, upstreamPort, version)),
  ]
}

function itemsOfApi(name: string, upstreamPort: number, version: string): Item[] {
  const [upstream, contracts] = [`upstream:${name}`, `contracts:${name}`]
  return [
    upstreamItem.parse({
      kind: 'upstream',
      id: upstream,
      endpoints: [{ url: `http://127.0.0.1:${upstreamPort}` }],
    }),
    { kind: 'contracts', id: contracts, clients: [] },
    {
      kind: 'api',
      id: `api:${name}`,
      name,
      version,
      host: '*',
      basePath: `/${name}`,
      stripBasePath: true,
      upstream,
      contracts,
      policies: [],
    },
  ]
}
