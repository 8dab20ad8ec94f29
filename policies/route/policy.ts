import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { destinationOf, destinationPath, destinationRef } from '../destinations.ts'
import type { Refusal } from '../exchange.ts'
import { pathRewriting, unsafePath } from './path-rewriting.ts'

const config = z.strictObject({
  destinationRef: destinationRef.optional().meta({
    title: 'Where to',
    description: 'Without it, requests that no route before this one took are refused.',
  }),
  destinationPath,
})
type Config = z.infer<typeof config>

const unrouted: Refusal = {
  status: 404,
  code: 'route.none',
  detail: 'No route of this API is for this request.',
}

/** Sends requests to a destination of the API, under another path where one is given. The first that is for a request takes it. */
export const route = definePolicy<Config>({
  kind: 'route',
  policyVersion: '1.0.0',
  title: 'Route',
  summary: 'Sends the requests that its rules are for to another upstream or under another path.',
  category: 'traffic',
  outbound: true,
  config,
  summarise: ({ destinationRef: to, destinationPath: path }) =>
    to === undefined
      ? 'Refuses what no other route took'
      : `To ${to.name}${path === undefined ? '' : ` under ${path}`}`,
  prepare({ destinationRef: to, destinationPath: path = '' }, ports) {
    if (to === undefined)
      return { onRequest: (exchange) => (exchange.destination === undefined ? unrouted : undefined) }
    const destination = destinationOf(to, ports)
    const rewrite = pathRewriting(ports.rules, path)
    return {
      onRequest(exchange) {
        if (exchange.destination !== undefined) return undefined
        const rewritten = rewrite?.(exchange)
        if (rewritten === null) return unsafePath
        exchange.destination = destination
        if (rewritten !== undefined) exchange.destinationPath = rewritten
        return undefined
      },
    }
  },
})
