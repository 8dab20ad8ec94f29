import { z } from 'zod'
import { callerKeyOf, cookieOf } from '../caller-key.ts'
import { definePolicy, type Ports } from '../definition.ts'
import { destinationOf, destinationPath, destinationRef } from '../destinations.ts'
import type { Destination, Exchange, Refusal } from '../exchange.ts'
import { isToken } from '../header-fields.ts'
import { pathRewriting, type Rewrite, unsafePath } from '../route/path-rewriting.ts'
import { evenShares, shareOf } from './stickiness.ts'

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

/** One of the destinations, ready to be sent to. */
interface Place {
  readonly weight: number
  readonly name: string
  readonly destination: Destination
  readonly rewrite: Rewrite | undefined
}

function placesOf(routes: Config['routes'], ports: Ports): Place[] {
  if (routes.length === 0) throw new Error('routes must name a destination')
  return routes.map(({ weight, destinationRef: ref, destinationPath: path = '' }) => ({
    weight,
    name: ref.name,
    destination: destinationOf(ref, ports),
    rewrite: pathRewriting(ports.rules, path),
  }))
}

/** The place at a share of all weights, from 0 to below 1. */
function placeAt(places: readonly Place[]): (share: number) => Place | undefined {
  const total = places.reduce((sum, { weight }) => sum + weight, 0)
  return (share) => {
    let left = share * total
    return places.find(({ weight }) => (left -= weight) < 0) ?? places.find(({ weight }) => weight > 0)
  }
}

function setCookie(exchange: Exchange, { name }: Sticky, place: string): void {
  const secure = exchange.secure ? '; Secure' : ''
  const value = encodeURIComponent(place)
  exchange.addResponseHeader('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`)
}

function sendTo({ destination, rewrite }: Place, exchange: Exchange): Refusal | undefined {
  const path = rewrite?.(exchange)
  if (path === null) return unsafePath
  exchange.destination = destination
  if (path !== undefined) exchange.destinationPath = path
  return undefined
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
    const places = placesOf(routes, ports)
    const at = placeAt(places)
    const next = evenShares()
    /** The places of exchanges whose callers do not know theirs yet. */
    const fresh = new WeakMap<Exchange, string>()
    const keyOf = how === undefined ? undefined : callerKeyOf(how)
    const choose = (exchange: Exchange): Place | undefined => {
      if (how?.by !== 'cookie') {
        const key = keyOf?.(exchange)
        return at(key === undefined ? next() : shareOf(key))
      }
      const told = cookieOf(exchange, how.name)
      const known = places.find(({ weight, name }) => weight > 0 && name === told)
      if (known !== undefined) return known
      const place = at(next())
      if (place !== undefined) fresh.set(exchange, place.name)
      return place
    }
    const onRequest = (exchange: Exchange) => {
      if (exchange.destination !== undefined) return undefined
      const place = choose(exchange)
      return place === undefined ? undefined : sendTo(place, exchange)
    }
    if (how?.by !== 'cookie') return { onRequest }
    return {
      onRequest,
      onResponse(exchange) {
        const place = fresh.get(exchange)
        if (place !== undefined) setCookie(exchange, how, place)
      },
    }
  },
})
