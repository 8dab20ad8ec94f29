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
  allowed: boolean
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
  readonly #maxKeys: number
  /** In order of use, the least recently used first. */
  readonly #fullAt = new Map<string, Float64Array>()

  constructor(limits: readonly Limit[], maxKeys: number) {
    this.#limits = limits
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#fullAt.size
  }

  /** Counts one request if every limit allows it; a refused request costs nothing. */
  take(key: string, now: number): Standing {
    const known = this.#fullAt.get(key)
    const fullAt = known ?? new Float64Array(this.#limits.length)
    const before = this.#standing(fullAt, now, 1)
    if (before.allowed) {
      for (const [index, limit] of this.#limits.entries()) {
        const step = limit.timePeriodInMilliseconds / limit.maximumRequests
        fullAt[index] = Math.max(fullAt[index] ?? 0, now) + step
      }
      if (known !== undefined) this.#fullAt.delete(key)
      this.#fullAt.set(key, fullAt)
      if (known === undefined && this.#fullAt.size > this.#maxKeys) this.#evict(now)
      return this.#standing(fullAt, now, 0)
    }
    return before
  }

  #standing(fullAt: Float64Array, now: number, cost: 0 | 1): Standing {
    let worst: Standing | undefined
    for (const [index, limit] of this.#limits.entries()) {
      const { maximumRequests, timePeriodInMilliseconds: period } = limit
      const step = period / maximumRequests
      const filling = Math.max(0, (fullAt[index] ?? 0) - now)
      const over = filling + cost * step - period
      const allowed = over <= driftMs
      const remaining = Math.max(0, Math.floor((period - filling + driftMs) / step))
      const retryMs = allowed ? 0 : over
      if (
        worst === undefined ||
        retryMs > worst.retryMs ||
        (retryMs === worst.retryMs && remaining < worst.remaining)
      )
        worst = { allowed, limit, remaining, resetMs: filling, retryMs }
    }
    if (worst === undefined) throw new Error('no limits')
    return worst
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
