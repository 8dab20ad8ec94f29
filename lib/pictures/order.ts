import { unordered } from '#diagram/layout/layout.ts'
import type { Heights, OrderGraph } from '#diagram/layout/order.ts'
import type { Topology } from '#domain/topology.ts'
import { log } from '../log.ts'
import { turnsOf } from '../turns.ts'
import { inWorker, type WorkerLimits } from '../worker.ts'
import { sha256 } from './sha256.ts'

export interface ToOrder {
  readonly graph: OrderGraph
}

// 1,500 flows take a second, most of it for the thread and its code to become warm.
const standard: WorkerLimits = { deadlineMs: 20_000, heapMegabytesMax: 512 }

const inTurn = turnsOf({
  atOnce: 1,
  waitingMax: 10,
  busy: { code: 'picture.busy', detail: 'Other maps are being put in order.' },
})

// The last ones that were asked for, by what they depend on: one of 5,000 things takes some 50 kB.
const known = new Map<string, Promise<Heights | null>>()
const knownMax = 64

/**
 * The order of a topology's map, so that a browser need not find it before it can draw. It may take a second where it
 * is not known yet; null where it cannot be had, and then the browser does it by itself.
 */
export function heightsOf(topology: Topology, limits: WorkerLimits = standard): Promise<Heights | null> {
  const { graph } = unordered(topology)
  const key = sha256(JSON.stringify(graph))
  const heights = known.get(key) ?? ordered(graph, limits)
  // Whatever was asked for last stays longest.
  known.delete(key)
  known.set(key, heights)
  for (const oldest of [...known.keys()].slice(0, -knownMax)) known.delete(oldest)
  void heights.then((found) => {
    if (found === null && known.get(key) === heights) known.delete(key)
  })
  return heights
}

async function ordered(graph: OrderGraph, limits: WorkerLimits): Promise<Heights | null> {
  try {
    const outcome = await inTurn(() => inWorker<Heights>('lib/pictures/order-worker.ts', { graph }, limits))
    if ('said' in outcome) return outcome.said
    log.warn({ met: outcome.met, things: graph.children.length }, 'a map was not put in order')
  } catch (error) {
    log.warn({ err: error }, 'a map was not put in order')
  }
  return null
}
