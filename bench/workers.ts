import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startUpstream } from './contenders.ts'
import { measure, startRateLoad } from './load.ts'
import { byWorker, figureOf, type LocalNode, servingPids, startLocalNode } from './node.ts'
import { pathOf, plainWork } from './peers/work.ts'
import { type Figure, type Measured, type Row, rounded } from './results.ts'
import type { Setting } from './setting.ts'

const CONNECTIONS = 1_000
const KILLED_OF = 4
const SPARE = 'hexgate_spare_worker_resident_memory_bytes'
const healthy = z.object({ problems: z.array(z.string()) })

/** How evenly connections and requests are spread over workers, and what a worker that is killed costs. */
export async function benchWorkers(setting: Setting): Promise<Measured[]> {
  const upstreamPort = await startUpstream(setting)
  const two = await spread(setting, upstreamPort, 2)
  const four = await spread(setting, upstreamPort, KILLED_OF)
  const killed = await killOne(setting, upstreamPort)
  return [
    {
      name: 'workers',
      method: `${CONNECTIONS} keep-alive connections that ask as fast as they are answered, and what the node's own metrics say of each worker: the most that one has, by the mean. Of ${KILLED_OF} workers one is killed while 200 connections ask 1,000 times a second and a spare is ready; and another one at once, while there is no spare. Throughput over cores is not claimed: the machine has too few of them.`,
      rows: [...two.rows, ...four.rows, ...killed.rows],
      figures: [...two.figures, ...four.figures, ...killed.figures],
      leftOut: [],
    },
  ]
}

async function spread(setting: Setting, upstreamPort: number, workers: number) {
  const node = await startLocalNode(setting, upstreamPort, 1, ['--workers', `${workers}`])
  const url = `http://127.0.0.1:${node.port}${pathOf(plainWork)}`
  const load = { url, headers: [], connections: CONNECTIONS }
  const measuring = measure(node.running.child.pid ?? 0, load, setting.seconds + 1)
  await sleep((setting.seconds * 1_000) / 2 + 500)
  const connections = await byWorker(node, 'hexgate_worker_connections')
  await measuring
  const requests = await byWorker(node, 'hexgate_worker_requests_total')
  await setting.processes.stop(node.running)
  const rows = [...connections.keys()].map((worker): Row => {
    const values = { connections: connections.get(worker) ?? 0, requests: requests.get(worker) ?? 0 }
    return { proxy: 'Hexgate', work: `worker ${worker} of ${workers}`, values, rounds: [] }
  })
  return {
    rows,
    figures: [
      evenness(`connections of ${workers} workers: the most of one by the mean`, connections, workers),
      evenness(`requests of ${workers} workers: the most of one by the mean`, requests, workers),
    ],
  }
}

function evenness(name: string, counts: ReadonlyMap<string, number>, workers: number): Figure {
  const all = [...counts.values()]
  const sum = all.reduce((total, count) => total + count, 0)
  if (all.length !== workers || sum === 0) throw new Error(`${name}: the metrics name ${all.length} workers`)
  return { name, value: rounded((Math.max(...all) * workers) / sum, 2), unit: '', gate: 1.25, goal: 1.15 }
}

async function killOne(setting: Setting, upstreamPort: number): Promise<Pick<Measured, 'rows' | 'figures'>> {
  const node = await startLocalNode(setting, upstreamPort, 1, ['--workers', `${KILLED_OF}`])
  const options = { port: node.port, path: pathOf(plainWork), connections: 200, requestsPerSecond: 1_000 }
  const load = startRateLoad({ ...options, seconds: 60 })
  await sleep(3_000)
  while ((await figureOf(node, SPARE)) === 0) await sleep(100)
  // Its processes are in the order of their beginning: the workers, and the spare.
  const pids = servingPids(node.running)
  const first = await connectionsOf(node, '1')
  const withSpareMs = await backAfterKill(node, pids[0])
  const second = await connectionsOf(node, '2')
  const withoutMs = await backAfterKill(node, pids[1])
  await sleep(1_000)
  const { failed, answered } = await load.stop()
  if (answered === 0) throw new Error('nothing was answered while workers were killed')
  const values = { servesAgainAfterMs: Math.round(withoutMs) }
  return {
    rows: [{ proxy: 'Hexgate', work: 'a killed worker, without a spare', values, rounds: [] }],
    figures: [
      {
        name: 'a killed worker: serves again after',
        value: Math.round(withSpareMs),
        unit: 'ms',
        gate: 1_000,
        goal: 500,
      },
      {
        name: 'a killed worker: failed requests beyond its own',
        value: Math.max(0, failed - first - second),
        unit: '',
        gate: 0,
        goal: 0,
      },
    ],
  }
}

async function connectionsOf(node: LocalNode, worker: string): Promise<number> {
  return (await byWorker(node, 'hexgate_worker_connections')).get(worker) ?? 0
}

/** How long it takes until all workers serve after one of them was killed. */
async function backAfterKill(node: LocalNode, victim = 0): Promise<number> {
  const killedAtMs = performance.now()
  process.kill(victim, 'SIGKILL')
  // Once it is gone the node knows: a problem that there is none of any more may have been there between two looks.
  while (servingPids(node.running).includes(victim)) await sleep(1)
  while ((await problemsOf(node)).length > 0) await sleep(1)
  return performance.now() - killedAtMs
}

async function problemsOf({ adminPort }: LocalNode): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/healthy`)
  return healthy.parse(await response.json()).problems
}
