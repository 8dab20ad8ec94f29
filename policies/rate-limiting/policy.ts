import { z } from 'zod'
import { definePolicy, type Prepared } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { compileExpression, expressionFault, expressionForms } from '../expression.ts'
import { Buckets, type Limit, type Standing } from './buckets.ts'

const rateLimit = z.strictObject({
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

const config = z.strictObject({
  rateLimits: z
    .array(rateLimit)
    .min(1)
    .max(8)
    .default([{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }])
    .meta({ title: 'Limits', description: 'All of them must allow a request.' }),
  keySelector: z
    .string()
    .max(300)
    .check((context) => {
      const fault = context.value === '' ? undefined : expressionFault(context.value)
      if (fault !== undefined)
        context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
    })
    .default('')
    .meta({
      title: 'Counted by',
      description: 'Requests with the same value share a limit. Empty: all requests of the API share one.',
      examples: [...expressionForms],
    }),
  exposeHeaders: z
    .boolean()
    .default(false)
    .meta({ title: 'Tell the caller', description: 'Adds headers with what is left to every answer.' }),
  clusterizable: z
    .literal(false, { error: 'each node counts for itself; counting across nodes is not offered yet' })
    .optional()
    .meta({ hidden: true }),
  failureMode: z
    .never({ error: 'there is no shared store that could fail; leave it out' })
    .optional()
    .meta({ hidden: true }),
})
type Config = z.infer<typeof config>

const keysMax = 100_000
/** Longer values are counted under their hash, so that a key costs little memory whatever a caller sends. */
const keyLengthMax = 64

function headersOf(standing: Standing): [name: string, value: string][] {
  const { limit, remaining, resetMs } = standing
  const window = Math.max(1, Math.round(limit.timePeriodInMilliseconds / 1_000))
  return [
    ['ratelimit-policy', `"default";q=${limit.maximumRequests};w=${window}`],
    ['ratelimit', `"default";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`],
    ['x-ratelimit-limit', String(limit.maximumRequests)],
    ['x-ratelimit-remaining', String(remaining)],
    ['x-ratelimit-reset', String(Math.ceil(resetMs))],
  ]
}

function refusalOf(standing: Standing, exposeHeaders: boolean): Refusal {
  const { maximumRequests, timePeriodInMilliseconds } = standing.limit
  return {
    status: 429,
    code: 'rate-limiting.exceeded',
    detail: `More than ${rateOf({ maximumRequests, timePeriodInMilliseconds })}.`,
    headers: {
      'retry-after': String(Math.max(1, Math.ceil(standing.retryMs / 1_000))),
      ...(exposeHeaders ? Object.fromEntries(headersOf(standing)) : {}),
    },
  }
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

function rateOf({ maximumRequests, timePeriodInMilliseconds: period }: Limit): string {
  const requests = `${maximumRequests} request${maximumRequests === 1 ? '' : 's'}`
  for (const [unit, ms] of units) {
    if (period === ms) return `${requests} a ${unit}`.replace('a hour', 'an hour')
    if (period % ms === 0) return `${requests} in ${period / ms} ${unit}s`
  }
  return `${requests} in ${period} ms`
}

function selectorOf(text: string): (exchange: Exchange) => string {
  if (text === '') return () => ''
  const select = compileExpression(text)
  // A prefix keeps requests without the value apart from those whose value is empty.
  return (exchange) => {
    const value = select(exchange)
    return value === undefined ? '' : `=${value}`
  }
}

/** Holds callers to a number of requests in a period. */
export const rateLimiting = definePolicy<Config>({
  kind: 'rate-limiting',
  policyVersion: '1.0.0',
  title: 'Rate limit',
  summary: 'Allows a number of requests in a period and refuses the rest with 429.',
  category: 'traffic',
  config,
  summarise: ({ rateLimits, keySelector }) =>
    rateLimits.map(rateOf).join(', ') + (keySelector === '' ? '' : ` for each ${keySelector.slice(2, -1)}`),
  prepare({ rateLimits, keySelector, exposeHeaders }, ports) {
    const select = selectorOf(keySelector)
    // The name holds all that gives the counters their meaning: change it and they begin anew.
    const buckets = ports.state(
      `buckets ${JSON.stringify([rateLimits.map((l) => [l.maximumRequests, l.timePeriodInMilliseconds]), keySelector])}`,
      () => new Buckets(rateLimits, keysMax),
    )
    const standings = new WeakMap<Exchange, Standing>()
    const onRequest: Prepared['onRequest'] = (exchange) => {
      const value = select(exchange)
      const key = value.length > keyLengthMax ? ports.sha256(value) : value
      const now = ports.monotonicMs()
      const isAllowed = buckets.take(key, now)
      if (isAllowed && !exposeHeaders) return undefined
      const standing = buckets.standing(key, now)
      if (!isAllowed) return refusalOf(standing, exposeHeaders)
      standings.set(exchange, standing)
      return undefined
    }
    if (!exposeHeaders) return { onRequest }
    return {
      onRequest,
      onResponse(exchange) {
        const standing = standings.get(exchange)
        if (standing === undefined) return
        for (const [name, value] of headersOf(standing)) exchange.setResponseHeader(name, value)
        standings.delete(exchange)
      },
    }
  },
})
