import type { Count, CountedLimits } from '../definition.ts'
import { RecentMoments } from '../spike-control/recent-moments.ts'
import { Buckets } from './buckets.ts'
import type { Counter } from './limits.ts'
import { Windows } from './windows.ts'

const keysMax = 100_000

/** Makes what counts in one process, for itself or for others. */
export function counterFor({ algorithm, limits }: Omit<CountedLimits, 'name'>): Counter {
  switch (algorithm) {
    case 'gcra':
      return new Buckets(limits, keysMax)
    case 'sliding-window':
      return new Windows(limits, keysMax)
    case 'recent-moments':
      return new MomentsCounter(limits)
  }
}

/** Counts one request and says how it stands. */
export function counted(counter: Counter, limits: CountedLimits['limits'], key: string, now: number): Count {
  const isAllowed = counter.take(key, now)
  const { limit, remaining, resetMs, retryMs } = counter.standing(key, now)
  return { isAllowed, limit: limits.indexOf(limit), remaining, resetMs, retryMs }
}

/** One limit for all requests together. */
class MomentsCounter implements Counter {
  readonly #limit: CountedLimits['limits'][number]
  readonly #moments: RecentMoments

  constructor([limit]: CountedLimits['limits']) {
    if (limit === undefined) throw new Error('there is no limit to count by')
    this.#limit = limit
    this.#moments = new RecentMoments(limit.maximumRequests, limit.timePeriodInMilliseconds)
  }

  take(_key: string, now: number): boolean {
    return this.#moments.take(now)
  }

  standing(_key: string, now: number) {
    const moments = this.#moments
    return {
      limit: this.#limit,
      remaining: moments.remaining(now),
      resetMs: moments.resetMs(now),
      retryMs: moments.waitMs(now),
    }
  }
}
