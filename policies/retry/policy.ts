import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { msOf, seconds } from '../seconds.ts'

const triggers = ['connect-failure', 'reset', '5xx', 'gateway-error', 'retriable-status-codes'] as const

const retryOn = z
  .strictObject({
    triggers: z.array(z.enum(triggers)).min(1).default(['connect-failure', 'reset', 'gateway-error']).meta({
      title: 'When',
      description:
        'connect-failure: no connection. reset: no answer, or none in time. gateway-error: 502, 503 or 504. 5xx: all of these and every other 5xx. retriable-status-codes: the codes below.',
    }),
    httpStatusCodes: z
      .array(z.int().min(400).max(599))
      .max(50)
      .default([])
      .meta({ title: 'Status codes', examples: [429] }),
  })
  .check((context) => {
    const { triggers: chosen, httpStatusCodes } = context.value
    if (chosen.includes('retriable-status-codes') === httpStatusCodes.length > 0) return
    const message =
      httpStatusCodes.length > 0
        ? 'has no meaning without the trigger retriable-status-codes'
        : 'must name the codes of the trigger retriable-status-codes'
    context.issues.push({ code: 'custom', path: ['httpStatusCodes'], message, input: context.value })
  })

const backOff = z.strictObject({
  baseInterval: seconds(0, 60, 0.025).meta({
    title: 'First pause',
    description: 'In seconds. Each retry waits up to twice as long as the one before; chance says how long.',
  }),
  maxInterval: seconds(0, 60, 0.25).meta({ title: 'Longest pause', description: 'In seconds.' }),
})

const perRetry = z.strictObject({
  timeout: seconds(0, 3_600, 0).meta({
    title: 'Seconds for one attempt',
    description:
      'Until the head of the answer. 0: the response timeout alone, which is for all attempts together.',
  }),
  backOff: backOff.default({ baseInterval: 0.025, maxInterval: 0.25 }).meta({ title: 'Pauses' }),
})

const config = z.strictObject({
  numRetries: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .meta({ title: 'Retries', description: 'How often a request may be sent again.' }),
  retryOn: retryOn
    .default({ triggers: ['connect-failure', 'reset', 'gateway-error'], httpStatusCodes: [] })
    .meta({ title: 'Retry on' }),
  perRetry: perRetry
    .default({ timeout: 0, backOff: { baseInterval: 0.025, maxInterval: 0.25 } })
    .meta({ title: 'Each attempt', advanced: true }),
  retryBudget: z
    .strictObject({
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(20)
        .meta({ title: 'Percent', description: 'Retries may be this share of the requests that run.' }),
      minRetryConcurrency: z
        .int()
        .min(0)
        .max(10_000)
        .default(3)
        .meta({ title: 'At least', description: 'So many retries may run at once in any case.' }),
    })
    .default({ percent: 20, minRetryConcurrency: 3 })
    .meta({
      title: 'Budget',
      description: 'Keeps retries from burying an upstream that is already in trouble.',
      advanced: true,
    }),
  idempotentOnly: z.boolean().default(true).meta({
    title: 'Idempotent methods only',
    description:
      'GET, HEAD, OPTIONS, PUT and DELETE. A request whose body has begun to go out is never sent again.',
  }),
})
type Config = z.infer<typeof config>

/** Sends requests again where that is safe and may help. */
export const retry = definePolicy<Config>({
  kind: 'retry',
  policyVersion: '1.0.0',
  title: 'Retry',
  summary: 'Sends a request again when the upstream fails and that is safe.',
  category: 'resilience',
  outbound: true,
  config,
  summarise: ({ numRetries, retryOn: { triggers: chosen } }) =>
    `Up to ${numRetries} ${numRetries === 1 ? 'retry' : 'retries'} on ${chosen.join(', ')}`,
  prepare: () => ({}),
  upstream: ({ numRetries, retryOn: on, perRetry: each, retryBudget, idempotentOnly }) => ({
    retry: {
      numRetries,
      triggers: on.triggers,
      statusCodes: on.httpStatusCodes,
      perTryTimeoutMs: each.timeout === 0 ? 0 : msOf(each.timeout),
      backOffBaseMs: each.backOff.baseInterval * 1_000,
      backOffMaxMs: each.backOff.maxInterval * 1_000,
      budgetPercent: retryBudget.percent,
      budgetMinConcurrency: retryBudget.minRetryConcurrency,
      idempotentOnly,
    },
  }),
})
