import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { destinationOf, destinationPath, destinationRef } from '../destinations.ts'
import type { Exchange } from '../exchange.ts'
import { isFieldValue, isToken } from '../header-fields.ts'
import { pathRewriting } from '../route/path-rewriting.ts'
import { cookieOf, evenShares, shareOf } from './stickiness.ts'

const choice = z.strictObject({
  weight: z
    .int()
    .min(0)
    .max(1_000_000)
    .meta({ title: 'Weight', description: 'Its share of the requests; 0 takes none.', examples: [20] }),
  destinationRef,
  destinationPath,
})

const sticky = z
  .strictObject({
    by: z.enum(['cookie', 'header', 'claim']).meta({
      title: 'By',
      description:
        'A cookie is set by the gateway; a header or a claim of the token must already say who is asking.',
    }),
    name: z
      .string()
      .min(1)
      .max(200)
      .meta({ title: 'Name', description: 'Of the cookie, the header or the claim.', examples: ['canary'] }),
  })
  .check((context) => {
    const { by, name } = context.value
    if (by === 'claim' || isToken(name)) return
    context.issues.push({ code: 'custom', path: ['name'], message: `is no name of a ${by}`, input: name })
  })

const config = z.strictObject({
  routes: z
    .array(choice)
    .max(20)
    .default([])
    .check((context) => {
      if (context.value.length === 0 || context.value.some(({ weight }) => weight > 0)) return
      const message = 'must have a weight above 0 somewhere'
      context.issues.push({ code: 'custom', path: [], message, input: context.value })
    })
    .meta({ title: 'Destinations', description: 'Requests are shared out among them by their weights.' }),
  sticky: sticky.optional().meta({
    title: 'Sticky',
    description:
      'Whoever was sent to a destination is sent there again. Without it each request is by itself.',
  }),
})
type Config = z.infer<typeof config>
type Sticky = NonNullable<Config['sticky']>

/** What the same caller always has; undefined where nothing says who is calling. */
function keyOf(exchange: Exchange, { by, name }: Sticky): string | undefined {
  if (by === 'header') return exchange.header(name.toLowerCase())
  const claim = exchange.claims?.[name]
  return typeof claim === 'string' || typeof claim === 'number' ? String(claim) : undefined
}

/** Shares requests out among destinations by weight: a canary, say. */
export const routeWeighted = definePolicy<Config>({
  kind: 'route-weighted',
  policyVersion: '1.0.0',
  title: 'Weighted route',
  summary:
    'Shares requests out among destinations by weight, so that a new version gets a few of them first.',
  category: 'traffic',
  outbound: true,
  config,
  summarise: ({ routes }) =>
    routes.length === 0
      ? 'Names no destination yet'
      : routes.map(({ weight, destinationRef: { name } }) => `${name} ${weight}`).join(', '),
  prepare({ routes, sticky: how }, ports) {
    if (routes.length === 0) throw new Error('routes must name a destination')
    const choices = routes.map((one) => ({
      weight: one.weight,
      name: one.destinationRef.name,
      destination: destinationOf(one.destinationRef, ports),
      rewrite: pathRewriting(ports.rules, one.destinationPath ?? ''),
    }))
    const total = choices.reduce((sum, { weight }) => sum + weight, 0)
    const at = (share: number) => {
      let left = share * total
      return choices.find(({ weight }) => (left -= weight) < 0) ?? choices[0]
    }
    const next = evenShares()
    const byCookie = (exchange: Exchange, name: string) => {
      const known = cookieOf(exchange, name)
      return choices.find((one) => one.weight > 0 && one.name === known)
    }
    const fresh = new WeakMap<Exchange, string>()
    const choose = (exchange: Exchange) => {
      if (how === undefined) return at(next())
      if (how.by !== 'cookie') {
        const key = keyOf(exchange, how)
        return at(key === undefined ? next() : shareOf(key))
      }
      const known = byCookie(exchange, how.name)
      if (known !== undefined) return known
      const chosen = at(next())
      if (chosen !== undefined) fresh.set(exchange, chosen.name)
      return chosen
    }
    const onRequest = (exchange: Exchange) => {
      if (exchange.destination !== undefined) return undefined
      const chosen = choose(exchange)
      const path = chosen?.rewrite?.(exchange)
      if (path === null)
        return { status: 400, code: 'route.path', detail: 'The path would lead out of the destination.' }
      exchange.destination = chosen?.destination
      if (path !== undefined) exchange.destinationPath = path
      return undefined
    }
    if (how?.by !== 'cookie') return { onRequest }
    return {
      onRequest,
      onResponse(exchange) {
        const name = fresh.get(exchange)
        if (name === undefined) return
        const secure = exchange.secure ? '; Secure' : ''
        const value = encodeURIComponent(name)
        if (isFieldValue(value))
          exchange.addResponseHeader(
            'set-cookie',
            `${how.name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`,
          )
      },
    }
  },
})
