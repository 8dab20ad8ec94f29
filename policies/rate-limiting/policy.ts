import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange } from '../exchange.ts'
import { expressionForms } from '../expression.ts'
import { compileFormula, formulaFault, textOf } from '../formula.ts'
import { holdFields, prepareHold, Standings } from './hold.ts'
import { limit, rateOf } from './limits.ts'

const config = z.strictObject({
  rateLimits: z
    .array(limit)
    .min(1)
    .max(8)
    .default([{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }])
    .meta({ title: 'Limits', description: 'All of them must allow a request.' }),
  keySelector: z
    .string()
    .max(1_000)
    .check((context) => {
      const fault = context.value === '' ? undefined : formulaFault(context.value)
      if (fault !== undefined)
        context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
    })
    .default('')
    .meta({
      title: 'Counted by',
      description: 'Requests with the same value share a limit. Empty: all requests of the API share one.',
      examples: ['#[attributes.method]', ...expressionForms],
    }),
  algorithm: z.enum(['gcra', 'sliding-window']).default('gcra').meta({
    title: 'Algorithm',
    description:
      'gcra: the limit refills evenly, request by request. sliding-window: counts this period and the part of the one before that still lies within it.',
    advanced: true,
  }),
  ...holdFields,
})
type Config = z.infer<typeof config>

function selectorOf(text: string): (exchange: Exchange) => string {
  if (text === '') return () => ''
  const select = compileFormula(text)
  // A prefix keeps requests without the value apart from those whose value is empty.
  return (exchange) => {
    const value = select(exchange)
    return value === undefined ? '' : `=${textOf(value)}`
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
  summarise: ({ rateLimits, keySelector, clusterizable }) =>
    rateLimits.map(rateOf).join(', ') +
    (keySelector === '' ? '' : ` for each ${keySelector.slice(2, -1)}`) +
    (clusterizable ? ', over all nodes' : ''),
  prepare({ rateLimits, keySelector, ...settings }, ports) {
    const select = selectorOf(keySelector)
    const standings = new Standings()
    const hold = prepareHold('rate-limiting', rateLimits, settings, keySelector, ports, standings)
    const onRequest = (exchange: Exchange) => hold(exchange, select(exchange))
    if (!settings.exposeHeaders) return { onRequest }
    return { onRequest, onResponse: (exchange) => standings.tell(exchange) }
  },
})
