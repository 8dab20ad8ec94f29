import type { PictureOptions } from '#diagram/picture/picture.ts'
import { Problem } from '#domain/problem.ts'
import type { Topology } from '#domain/topology.ts'
import { turnsOf } from '../turns.ts'
import { inWorker, type WorkerLimits } from '../worker.ts'

export const formats = ['svg', 'png', 'pdf'] as const
export type Format = (typeof formats)[number]

export interface ToDraw {
  readonly topology: Topology
  readonly options: PictureOptions
  readonly formats: readonly Format[]
}
export type Drawn = Partial<Record<Format, Uint8Array<ArrayBuffer>>>

// 500 parties with 1,500 flows take some 10 seconds here in every format together.
const standard: WorkerLimits = { deadlineMs: 60_000, heapMegabytesMax: 512 }

const inTurn = turnsOf({
  atOnce: 2,
  waitingMax: 20,
  busy: { code: 'picture.busy', detail: 'Other pictures are being drawn. Ask again in a moment.' },
})

/** Draws a topology in a thread of its own. */
export async function draw<F extends Format>(
  toDraw: ToDraw & { readonly formats: readonly F[] },
  limits: WorkerLimits = standard,
): Promise<Record<F, Uint8Array<ArrayBuffer>>> {
  const outcome = await inTurn(() => inWorker<Drawn>('lib/pictures/draw-worker.ts', { ...toDraw }, limits))
  if ('met' in outcome) {
    const why = {
      deadline: `takes longer than ${limits.deadlineMs / 1000} s`,
      memory: 'takes too much memory',
    }
    throw new Problem('picture.too-large', `Drawing this topology ${why[outcome.met]}.`)
  }
  // The thread draws every format that it is asked for.
  return outcome.said as Record<F, Uint8Array<ArrayBuffer>>
}
