/**
 * Generic cell rate algorithm over many keys and several limits at once. For each key and limit it keeps one
 * number, the moment at which the bucket would be full again; a bucket that is full again is forgotten.
 */

export interface Limit {
  readonly maximumRequests: number
  readonly timePeriodInMilliseconds: number
}

/** How one request stands with the limit that leaves it the least. */
export interface Standing {
  limit: Limit
  /** Requests that would still be allowed now. */
  remaining: number
  /** Until the bucket is full again. */
  resetMs: number
  /** Until the next request would be allowed; 0 when it would be now. */
  retryMs: number
}

/** Sums of fractions drift by less than this; without it the last request of a burst would be refused. */
const driftMs = 0.001

export class Buckets {
  readonly #limits: readonly Limit[]
  /** What one request adds, for each limit. */
  readonly #steps: readonly number[]
  readonly #maxKeys: number
  /** The first is the least recently used, as far as it matters. */
  readonly #fullAt = new Map<string, Float64Array>()

  constructor(limits: readonly Limit[], maxKeys: number) {
    this.#limits = limits
    this.#steps = limits.map((limit) => limit.timePeriodInMilliseconds / limit.maximumRequests)
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#fullAt.size
  }

  /** Counts one request if every limit allows it, and says so; a refused request costs nothing. */
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
    this.#use(key, fullAt, known === undefined, now)
    return true
  }

  /** How a key stands with the limit that leaves it the least, without counting anything. */
  standing(key: string, now: number): Standing {
    const fullAt = this.#fullAt.get(key)
    const standings = this.#limits.map((limit, index): Standing => {
      const { timePeriodInMilliseconds: period } = limit
      const step = this.#steps[index] ?? 0
      const filling = Math.max(0, (fullAt?.[index] ?? 0) - now)
      const over = filling + step - period
      const remaining = Math.max(0, Math.floor((period - filling + driftMs) / step))
      return { limit, remaining, resetMs: filling, retryMs: over > driftMs ? over : 0 }
    })
    return standings.reduce((worst, one) =>
      one.retryMs > worst.retryMs || (one.retryMs === worst.retryMs && one.remaining < worst.remaining)
        ? one
        : worst,
    )
  }

  #use(key: string, fullAt: Float64Array, isNew: boolean, now: number): void {
    if (isNew) {
      this.#fullAt.set(key, fullAt)
      if (this.#fullAt.size > this.#maxKeys) this.#evict(now)
    } else if (this.#fullAt.size * 2 > this.#maxKeys) {
      // The order costs time to keep and matters only where something may have to go.
      this.#fullAt.delete(key)
      this.#fullAt.set(key, fullAt)
    }
  }

  /**
   * Makes room: forgets full buckets among the few least recently used, so that no request pays for a sweep of
   * all, and when there is none, the least recently used bucket, which is about the nearest to full.
   */
  #evict(now: number): void {
    let oldest: string | undefined
    let looked = 0
    for (const [key, fullAt] of this.#fullAt) {
      oldest ??= key
      if (fullAt.every((moment) => moment <= now)) this.#fullAt.delete(key)
      if (++looked === 8) break
    }
    if (this.#fullAt.size > this.#maxKeys && oldest !== undefined) this.#fullAt.delete(oldest)
  }
}
