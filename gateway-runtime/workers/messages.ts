import type { Reason } from '#contract/events.ts'
import type { Item } from '#contract/items.ts'
import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import type { Count, CountedLimits } from '#policies/definition.ts'
import type { DataPlaneOptions, Hearing } from '../data-plane.ts'
import type { ListedSession } from '../serve/metrics.ts'
import type { ServerEvent } from '../serve/server.ts'
import type { Bound } from '../serving.ts'
import type { Written } from './figures.ts'

/**
 * What the control process and a worker say to each other, as JSON: the other form that Node has for it makes
 * typed arrays slower in the process that reads it, for as long as it lives.
 */
export type ToWorker =
  | { kind: 'start'; options: DataPlaneOptions; drainMs: number }
  /** Changes the contents that the next `prepare` is about. */
  | { kind: 'items'; set: readonly (readonly [id: string, hash: string, item: Item])[]; remove: string[] }
  | { kind: 'prepare'; ask: number; bound: Bound }
  | { kind: 'commit'; ask: number }
  | { kind: 'discard'; ask: number }
  | { kind: 'figures'; ask: number }
  | { kind: 'evict'; ask: number; sessionId: string }
  | { kind: 'probe'; ask: number; target: ProbeTarget }
  /** Answers to the takes of a batch, in their order. */
  | { kind: 'taken'; batch: number; counts: readonly Count[] }
  | { kind: 'entered'; ask: number; key: string; isIn: boolean }
  /** What another worker has told. */
  | { kind: 'told'; name: string; text: string }
  | { kind: 'drain'; deadlineMs: number; graceMs: number }

export type FromWorker =
  | { kind: 'started' }
  | { kind: 'prepared'; ask: number; result: PreparedThere }
  | { kind: 'done'; ask: number }
  | { kind: 'evicted'; ask: number; isFound: boolean }
  | { kind: 'probed'; ask: number; report: ProbeReport | null }
  | { kind: 'figures'; ask: number | null; reading: WorkerReading }
  | { kind: 'event'; event: ServerEvent; heldBack: number }
  /** From now on a number stands for these limits. */
  | { kind: 'limits'; number: number; limits: CountedLimits }
  | { kind: 'take'; batch: number; takes: readonly (readonly [limits: number, key: string])[] }
  /** For the listeners to this name in the other workers. */
  | { kind: 'tell'; name: string; text: string }
  /** One is to enter under a key, unless so many are in already. */
  | { kind: 'enter'; ask: number; key: string; max: number }
  | { kind: 'leave'; key: string }
  | { kind: 'log'; entry: Parameters<Hearing['log']> }

export type PreparedThere = { ok: true; bound: Bound } | { ok: false; reasons: Reason[] }

/** How often the control process hears of a worker, in milliseconds; one that is silent for long hangs. */
export const beatMs = 1_000

/** What a worker says of itself every second and when it is asked. */
export interface WorkerReading {
  /** Of what there may be thousands of, only what has changed since the last reading. */
  readonly counted: Written
  /** Undefined where nobody asked. */
  readonly sessions?: readonly ListedSession[]
  readonly refusedShare: number
  readonly lateMs: number
  readonly rssBytes: number
  readonly cpuSeconds: number
}
