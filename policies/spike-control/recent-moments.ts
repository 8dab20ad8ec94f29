/** Allows a number of things in any stretch of a period, exactly: it remembers when the last ones happened. */
export class RecentMoments {
  readonly #moments: Float64Array
  readonly #periodMs: number
  /** Where the oldest stands, which the next one takes the place of. */
  #oldest = 0

  constructor(maximum: number, periodMs: number) {
    this.#moments = new Float64Array(maximum).fill(Number.NEGATIVE_INFINITY)
    this.#periodMs = periodMs
  }

  /** Counts one if it is allowed now, and says so. */
  take(now: number): boolean {
    if (this.waitMs(now) > 0) return false
    this.#moments[this.#oldest] = now
    this.#oldest = (this.#oldest + 1) % this.#moments.length
    return true
  }

  /** Until one would be allowed; 0 when it would be now. */
  waitMs(now: number): number {
    return Math.max(0, (this.#moments[this.#oldest] ?? 0) + this.#periodMs - now)
  }

  /** How many would be allowed now. */
  remaining(now: number): number {
    const since = now - this.#periodMs
    let [low, high] = [0, this.#moments.length]
    // From the oldest on they rise.
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#moments[(this.#oldest + middle) % this.#moments.length] ?? 0) <= since) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Until all of them are allowed again. */
  resetMs(now: number): number {
    const newest = this.#moments.at(this.#oldest - 1) ?? 0
    return Math.max(0, newest + this.#periodMs - now)
  }
}
