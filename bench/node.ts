import { readFileSync } from 'node:fs'
import { gatewayCommand, writeDocuments } from './peers/hexgate.ts'
import { plainWork } from './peers/work.ts'
import { BOTH_CORES, freePorts, type Running, untilOpen } from './processes.ts'
import type { Setting } from './setting.ts'

/** A node of ours by itself: it has no core to itself, since it may do several things at once. */
export interface LocalNode {
  readonly running: Running
  readonly port: number
  readonly adminPort: number
  readonly upstreamPort: number
  /** Where its documents are. */
  readonly directory: string
}

/** Starts a node that serves so many APIs from files. */
export async function startLocalNode(
  { processes, folder, profileFolder }: Setting,
  upstreamPort: number,
  apis: number,
  options: readonly string[] = [],
): Promise<LocalNode> {
  const [port = 0, adminPort = 0] = await freePorts(2)
  const directory = writeDocuments({ folder, port, upstreamPort }, { ...plainWork, apis })
  const told = ['--local', directory, '--admin-port', `${adminPort}`, '--no-access-log', ...options]
  const running = processes.start('Hexgate', BOTH_CORES, gatewayCommand(told, profileFolder))
  await untilOpen(running, port)
  return { running, port, adminPort, upstreamPort, directory }
}

/** The serving processes of a node. taskset becomes the node; its children serve. */
export function servingPids({ child }: Running): number[] {
  const { pid } = child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return children.filter(Boolean).map(Number)
}

/** What a metric says by worker. */
export async function byWorker(node: LocalNode, metric: string): Promise<Map<string, number>> {
  const text = await metricsOf(node)
  const series = text.matchAll(new RegExp(`^${metric}\\{worker="(\\d+)"\\} (\\S+)$`, 'gm'))
  return new Map([...series].map(([, worker = '', value]) => [worker, Number(value)]))
}

/** What a metric without labels says. */
export async function figureOf(node: LocalNode, metric: string): Promise<number> {
  return Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(await metricsOf(node))?.[1])
}

async function metricsOf({ adminPort }: LocalNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
}

/** Asks until it is answered with 200, and says when that was. */
export async function untilServed(url: string, withinMs = 30_000): Promise<number> {
  const endMs = performance.now() + withinMs
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.status === 200) return performance.now()
    if (response !== undefined && response.status !== 404)
      throw new Error(`${url} answers ${response.status}`)
    if (performance.now() > endMs) throw new Error(`${url} is not served after ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
