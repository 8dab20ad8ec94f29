import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { checkedBy } from '../form-fields.ts'
import { isToken, reservedHeader } from '../header-fields.ts'

const names = z
  .array(
    z
      .string()
      .min(1)
      .max(200)
      .check(checkedBy((name: string) => (isToken(name) ? reservedHeader(name) : 'is not a header name')))
      .meta({ title: 'Header' }),
  )
  .max(100)
  .default([])

const config = z.strictObject({
  inboundHeaders: names.meta({
    title: 'From requests',
    description: 'Names of headers that the upstream does not get.',
    examples: [['x-internal-user']],
  }),
  outboundHeaders: names.meta({
    title: 'From answers',
    description: 'Names of headers that the caller does not get.',
    examples: [['server', 'x-powered-by']],
  }),
})
type Config = z.infer<typeof config>

const lowered = (list: readonly string[]) => [...new Set(list.map((name) => name.toLowerCase()))]

/** Takes headers off requests to the upstream and off answers to the caller. */
export const headerRemoval = definePolicy<Config>({
  kind: 'header-removal',
  policyVersion: '1.0.0',
  title: 'Header removal',
  summary: 'Takes headers off requests to the upstream and off answers to the caller.',
  category: 'shape',
  config,
  summarise({ inboundHeaders, outboundHeaders }) {
    const parts = [
      ...(inboundHeaders.length > 0 ? [`${inboundHeaders.join(', ')} from requests`] : []),
      ...(outboundHeaders.length > 0 ? [`${outboundHeaders.join(', ')} from answers`] : []),
    ]
    return parts.length === 0 ? 'No headers yet' : parts.join('; ')
  },
  prepare({ inboundHeaders, outboundHeaders }) {
    const inbound = lowered(inboundHeaders)
    const outbound = lowered(outboundHeaders)
    return {
      onRequest(exchange) {
        for (const name of inbound) exchange.removeHeader(name)
        return undefined
      },
      onResponse(exchange) {
        for (const name of outbound) exchange.removeResponseHeader(name)
      },
    }
  },
})
