import type { Hearing } from '../data-plane.ts'
import type { Child, Post } from './child.ts'
import { Crashes } from './crashes.ts'

/** A spare takes some 100 MB. It is made where there is more than this, and let go where there is half of it. */
export const roomBytesMin = 402_653_184
/** A moment in which workers take a configuration, or one has just ended, is no moment to load code in. */
const afterMsDefault = 1_000
/** Room that has been short may be short again soon. */
const afterShortageMs = 30_000

export interface SpareOptions {
  readonly fork: (post: Post) => Child
  readonly event: Hearing['event']
  readonly afterMs?: number | undefined
  /** What there is of memory, by the limits of this process. */
  readonly roomBytes?: (() => number) | undefined
}

/**
 * A worker that has loaded its code and serves nothing yet. To load it takes most of the time in which a worker that
 * ended is missing, the more so on a machine that is busy because one is missing.
 */
export class Spare {
  readonly #fork: SpareOptions['fork']
  readonly #event: Hearing['event']
  readonly #afterMs: number
  readonly #roomBytes: () => number
  readonly #crashes = new Crashes()
  #child: Child | undefined
  /** Undefined while none is wanted, or there is one. */
  #dueAtMs: number | undefined

  constructor({ fork, event, afterMs, roomBytes }: SpareOptions) {
    this.#fork = fork
    this.#event = event
    this.#afterMs = afterMs ?? afterMsDefault
    this.#roomBytes = roomBytes ?? (() => process.availableMemory())
  }

  /** There, but perhaps not ready yet. */
  get child(): Child | undefined {
    return this.#child
  }

  /** The same as a list. */
  get all(): readonly Child[] {
    return this.#child === undefined ? [] : [this.#child]
  }

  /** From now on there is to be one. */
  want(): void {
    if (this.#child === undefined) this.#dueAtMs ??= performance.now() + this.#afterMs
  }

  /** Has one made that is due, and lets it go where memory is short. */
  beat(): void {
    const roomBytes = this.#roomBytes()
    if (this.#child !== undefined) {
      if (roomBytes < roomBytesMin / 2) this.#letGo()
      return
    }
    if (this.#dueAtMs === undefined || performance.now() < this.#dueAtMs || roomBytes < roomBytesMin) return
    this.#dueAtMs = undefined
    this.#child = this.#fork({ name: 'the spare worker', onEnd: (child, how) => this.#ended(child, how) })
  }

  /** The spare, from now on at this post; undefined where none is ready. */
  take(post: Post): Child | undefined {
    const child = this.#child
    if (child?.isStarted !== true) return undefined
    this.#child = undefined
    child.takePost(post)
    return child
  }

  /** No spare from now on. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#dueAtMs = undefined
    child?.kill()
    await child?.ended
  }

  #letGo(): void {
    const child = this.#child
    this.#child = undefined
    this.#dueAtMs = performance.now() + afterShortageMs
    child?.kill()
  }

  #ended(child: Child, how: string): void {
    if (child !== this.#child) return
    this.#child = undefined
    const now = performance.now()
    const { delayMs } = this.#crashes.add(now)
    this.#dueAtMs = now + Math.max(delayMs, this.#afterMs)
    const detail = `the spare worker ended (${how}); it is started again`
    this.#event({ level: 'warning', code: 'worker.spare-ended', detail }, 0)
  }
}
