import { type Counter, type Limit, type Standing, worstOf } from './limits.ts'
import { RecentKeys } from './recent-keys.ts'

/** Sums of fractions drift by less than this; without it the last request of a burst would be refused. */
const driftMs = 0.001

/** How a bucket stands that is full again after `filling` milliseconds. */
export function bucketStanding(limit: Limit, filling: number): Standing {
  const { timePeriodInMilliseconds: period, maximumRequests } = limit
  const step = period / maximumRequests
  const over = filling + step - period
  const remaining = Math.max(0, Math.floor((period - filling + driftMs) / step))
  return { limit, remaining, resetMs: filling, retryMs: over > driftMs ? over : 0 }
}

/**
 * Generic cell rate algorithm over many keys and several limits at once. For each key and limit it keeps one
 * number, the moment at which the bucket would be full again; a bucket that is full again is forgotten.
 */
export class Buckets implements Counter {
  readonly #limits: readonly Limit[]
  /** What one request adds, for each limit. */
  readonly #steps: readonly number[]
  readonly #fullAt: RecentKeys<Float64Array>

  constructor(limits: readonly Limit[], maxKeys: number) {
    this.#limits = limits
    this.#steps = limits.map((limit) => limit.timePeriodInMilliseconds / limit.maximumRequests)
    this.#fullAt = new RecentKeys(maxKeys, (fullAt, now) => fullAt.every((moment) => moment <= now))
  }

  get size(): number {
    return this.#fullAt.size
  }

  take(key: string, now: number): boolean {
    const known = this.#fullAt.get(key)
    const fullAt = known ?? new Float64Array(this.#limits.length)
    // Counted by hand: pairs from entries() for each request would take longer than the rest of this.
    const steps = this.#steps
    const limits = this.#limits
    for (let index = 0; index < limits.length; index++) {
      const filling = Math.max(0, (fullAt[index] ?? 0) - now)
      const period = limits[index]?.timePeriodInMilliseconds ?? 0
      if (filling + (steps[index] ?? 0) - period > driftMs) return false
    }
    for (let index = 0; index < steps.length; index++) {
      fullAt[index] = Math.max(fullAt[index] ?? 0, now) + (steps[index] ?? 0)
    }
    this.#fullAt.use(key, fullAt, known === undefined, now)
    return true
  }

  standing(key: string, now: number): Standing {
    const fullAt = this.#fullAt.get(key)
    return worstOf(
      this.#limits.map((limit, index) => bucketStanding(limit, Math.max(0, (fullAt?.[index] ?? 0) - now))),
    )
  }
}
