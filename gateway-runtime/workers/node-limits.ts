import type { Count, CountedLimits } from '#policies/definition.ts'
import { counted, counterFor } from '#policies/rate-limiting/counter-for.ts'
import type { Counter } from '#policies/rate-limiting/limits.ts'

interface Kept {
  readonly counter: Counter
  readonly longestMs: number
  usedAtMs: number
}

/** How many limits are looked over before one of them may be forgotten. */
const sweepEveryMs = 60_000

/**
 * Counts for all workers, in the control process. It is told nothing of plans: limits that nobody used for two of
 * their longest periods stand as if nobody ever had, and are forgotten.
 */
export class NodeLimits {
  readonly #kept = new Map<string, Kept>()
  readonly #names = new WeakMap<CountedLimits, string>()
  #sweptAtMs = 0

  get size(): number {
    return this.#kept.size
  }

  take(limits: CountedLimits, key: string, nowMs: number): Count {
    if (nowMs - this.#sweptAtMs > sweepEveryMs) this.#sweep(nowMs)
    const kept = this.#keptOf(limits)
    kept.usedAtMs = nowMs
    return counted(kept.counter, limits.limits, key, nowMs)
  }

  #keptOf(limits: CountedLimits): Kept {
    const name = this.#nameOf(limits)
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const longestMs = Math.max(...limits.limits.map((limit) => limit.timePeriodInMilliseconds))
    const kept = { counter: counterFor(limits), longestMs, usedAtMs: 0 }
    this.#kept.set(name, kept)
    return kept
  }

  /** Everything that gives the counters their meaning, so that workers with the same limits meet in one. */
  #nameOf(limits: CountedLimits): string {
    const name = this.#names.get(limits) ?? JSON.stringify(limits)
    this.#names.set(limits, name)
    return name
  }

  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs
    for (const [name, { longestMs, usedAtMs }] of this.#kept)
      if (nowMs - usedAtMs > 2 * longestMs) this.#kept.delete(name)
  }
}
