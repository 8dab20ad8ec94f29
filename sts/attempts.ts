const firstWaitMs = 15_000
const longestWaitMs = 15 * 60_000
const forgetAfterMs = 30 * 60_000
const keysMax = 10_000

interface Failures {
  count: number
  lastAt: number
  waitUntil: number
}

/**
 * Slows down guessing: after so many wrong passwords for one key each further one doubles a wait.
 * An attempt is counted when it starts, so that many at once gain nothing.
 */
export class Attempts {
  readonly #free: number
  readonly #failures = new Map<string, Failures>()

  constructor(free: number) {
    this.#free = free
  }

  /** Counts an attempt, or says how many milliseconds are still to wait. */
  begin(key: string, now: number): number {
    const known = this.#failures.get(key)
    const failures =
      known && now - known.lastAt < forgetAfterMs ? known : { count: 0, lastAt: now, waitUntil: 0 }
    if (failures.waitUntil > now) return failures.waitUntil - now
    const count = failures.count + 1
    const doublings = count - this.#free
    const wait = doublings < 0 ? 0 : Math.min(firstWaitMs * 2 ** doublings, longestWaitMs)
    // Set anew so that the map's order stays the order of use, which is the order of eviction.
    this.#failures.delete(key)
    this.#failures.set(key, { count, lastAt: now, waitUntil: now + wait })
    this.#evict()
    return 0
  }

  /** Forgets the failures of a key after a right password. */
  succeeded(key: string): void {
    this.#failures.delete(key)
  }

  /** Takes back one attempt that turned out right, without forgiving the others. */
  takeBack(key: string): void {
    const failures = this.#failures.get(key)
    if (failures) this.#failures.set(key, { ...failures, count: failures.count - 1, waitUntil: 0 })
  }

  #evict(): void {
    if (this.#failures.size <= keysMax) return
    const oldest = this.#failures.keys().next().value
    if (oldest !== undefined) this.#failures.delete(oldest)
  }
}
