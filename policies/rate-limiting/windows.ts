import { type Counter, type Limit, type Standing, worstOf } from './limits.ts'
import { RecentKeys } from './recent-keys.ts'

/** Weighted counts drift by less than this part of a request. */
const drift = 1e-6

/**
 * How a sliding window stands: the window before counts by the part of it that still lies within one period,
 * as though its requests had come evenly.
 */
export function windowStanding(limit: Limit, before: number, current: number, elapsed: number): Standing {
  const { timePeriodInMilliseconds: period, maximumRequests: maximum } = limit
  const counted = before * (1 - elapsed / period) + current
  const remaining = Math.max(0, Math.floor(maximum - counted + drift))
  const resetMs = current > 0 ? 2 * period - elapsed : before > 0 ? period - elapsed : 0
  if (remaining > 0) return { limit, remaining, resetMs, retryMs: 0 }
  const inThisWindow = current + 1 <= maximum
  const retryMs = inThisWindow
    ? period * (1 - (maximum - 1 - current) / before) - elapsed
    : period - elapsed + period * (1 - (maximum - 1) / current)
  return { limit, remaining, resetMs, retryMs: Math.max(0, retryMs) }
}

/** For each limit three numbers: which window, requests in it, requests in the one before. */
const slots = 3

/** Sliding window counter over many keys and several limits at once. */
export class Windows implements Counter {
  readonly #limits: readonly Limit[]
  readonly #counts: RecentKeys<Float64Array>

  constructor(limits: readonly Limit[], maxKeys: number) {
    this.#limits = limits
    this.#counts = new RecentKeys(maxKeys, (counts, now) =>
      limits.every(
        ({ timePeriodInMilliseconds: period }, index) =>
          (counts[index * slots] ?? 0) < Math.floor(now / period) - 1,
      ),
    )
  }

  get size(): number {
    return this.#counts.size
  }

  take(key: string, now: number): boolean {
    const known = this.#counts.get(key)
    const counts = known ?? new Float64Array(this.#limits.length * slots)
    let isAllowed = true
    for (const [index, limit] of this.#limits.entries()) {
      const period = limit.timePeriodInMilliseconds
      advance(counts, index * slots, Math.floor(now / period))
      const [before, current] = [counts[index * slots + 2] ?? 0, counts[index * slots + 1] ?? 0]
      if (windowStanding(limit, before, current, now % period).remaining === 0) isAllowed = false
    }
    if (!isAllowed) return false
    for (let at = 1; at < counts.length; at += slots) counts[at] = (counts[at] ?? 0) + 1
    this.#counts.use(key, counts, known === undefined, now)
    return true
  }

  standing(key: string, now: number): Standing {
    const counts = this.#counts.get(key)
    return worstOf(
      this.#limits.map((limit, index) => {
        const period = limit.timePeriodInMilliseconds
        if (counts === undefined) return windowStanding(limit, 0, 0, now % period)
        advance(counts, index * slots, Math.floor(now / period))
        const [before, current] = [counts[index * slots + 2] ?? 0, counts[index * slots + 1] ?? 0]
        return windowStanding(limit, before, current, now % period)
      }),
    )
  }
}

function advance(counts: Float64Array, at: number, window: number): void {
  const known = counts[at] ?? 0
  if (window === known) return
  counts[at + 2] = window === known + 1 ? (counts[at + 1] ?? 0) : 0
  counts[at + 1] = 0
  counts[at] = window
}
