import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange } from '../exchange.ts'
import { checkedBy } from '../form-fields.ts'
import { isToken, reservedHeader } from '../header-fields.ts'

const config = z.strictObject({
  headerName: z
    .string()
    .min(1)
    .max(200)
    .check(checkedBy((name: string) => (isToken(name) ? reservedHeader(name) : 'is not a header name')))
    .default('x-correlation-id')
    .meta({
      title: 'Header',
      description: 'Carries the id to the upstream.',
      examples: ['x-correlation-id'],
    }),
  generator: z.enum(['uuid', 'request-id']).default('uuid').meta({
    title: 'Where the caller sends none',
    description: 'A random UUID, or the id that the gateway gives each request.',
  }),
  echoDownstream: z
    .boolean()
    .default(true)
    .meta({ title: 'Tell the caller', description: 'Sends the id back with the answer.' }),
})
type Config = z.infer<typeof config>

// What ids look like; anything else could be made to mislead who reads the logs.
const acceptable = /^[\w.:@/+=-]{1,128}$/

function idOf(exchange: Exchange, name: string): string | undefined {
  const [id, second] = exchange.headerValues(name)
  return id !== undefined && second === undefined && acceptable.test(id) ? id : undefined
}

/** Gives every request an id that goes with it from caller to upstream and back. */
export const correlationId = definePolicy<Config>({
  kind: 'correlation-id',
  policyVersion: '1.0.0',
  title: 'Correlation id',
  summary: 'Gives every request an id that goes with it from caller to upstream and back.',
  category: 'observability',
  config,
  summarise({ headerName, generator, echoDownstream }) {
    const made = generator === 'uuid' ? 'a UUID' : 'the id of the request'
    return `${headerName}, ${made} where the caller sends none${echoDownstream ? ', sent back' : ''}`
  },
  prepare({ headerName, generator, echoDownstream }) {
    const name = headerName.toLowerCase()
    return {
      onRequest(exchange) {
        if (idOf(exchange, name) !== undefined) return undefined
        exchange.setHeader(name, generator === 'uuid' ? crypto.randomUUID() : exchange.requestId)
        return undefined
      },
      onResponse(exchange) {
        const id = echoDownstream ? exchange.header(name) : undefined
        if (id !== undefined) exchange.setResponseHeader(name, id)
      },
    }
  },
})
