import { z } from 'zod'

export interface Limit {
  readonly maximumRequests: number
  readonly timePeriodInMilliseconds: number
}

/** How one request stands with the limit that leaves it the least. */
export interface Standing {
  limit: Limit
  /** Requests that would still be allowed now. */
  remaining: number
  /** Until all of the limit is there again. */
  resetMs: number
  /** Until the next request would be allowed; 0 when it would be now. */
  retryMs: number
}

/** Counts requests by key in this process. */
export interface Counter {
  /** Counts one request if every limit allows it, and says so; a refused request costs nothing. */
  take(key: string, now: number): boolean
  /** How a key stands with the limit that leaves it the least, without counting anything. */
  standing(key: string, now: number): Standing
}

export const limit = z.strictObject({
  maximumRequests: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(100)
    .meta({ title: 'Requests', description: 'How many requests may come in one period.', examples: [100] }),
  timePeriodInMilliseconds: z
    .int()
    .min(1)
    .max(31 * 24 * 3_600_000)
    .default(60_000)
    .meta({
      title: 'Period',
      description: 'Length of the period in milliseconds.',
      examples: [1_000, 60_000],
    }),
})

/** The one that refuses for the longest, and among those that do not, the one that leaves the least. */
export function worstOf(standings: readonly Standing[]): Standing {
  return standings.reduce((worst, one) =>
    one.retryMs > worst.retryMs || (one.retryMs === worst.retryMs && one.remaining < worst.remaining)
      ? one
      : worst,
  )
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `100 requests a minute`. */
export function rateOf({ maximumRequests, timePeriodInMilliseconds: period }: Limit): string {
  const requests = `${maximumRequests} request${maximumRequests === 1 ? '' : 's'}`
  for (const [unit, ms] of units) {
    if (period === ms) return `${requests} a ${unit}`.replace('a hour', 'an hour')
    if (period % ms === 0) return `${requests} in ${period / ms} ${unit}s`
  }
  return `${requests} in ${period} ms`
}
