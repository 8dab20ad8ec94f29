import { z } from 'zod'

/** Where the requests of an exposed API may go, and on which listeners it answers. */

const endpoint = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .meta({ title: 'Address', examples: ['https://orders.internal:8443'] }),
  weight: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1)
    .meta({ title: 'Weight', description: 'Its share of the requests; 0 takes none.' }),
})

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export const balancing = z.enum(['round-robin', 'least-requests', 'consistent-hash'])

/** What tells callers apart, so that the same one is always sent to the same place. */
export const hashOn = z
  .strictObject({
    by: z.enum(['address', 'header', 'cookie', 'claim']).meta({
      title: 'By',
      description: 'The address of the client, a header, a cookie, or a claim of the verified token.',
    }),
    name: z
      .string()
      .max(200)
      .optional()
      .meta({ title: 'Name', description: 'Of the header, the cookie or the claim.', examples: ['x-user'] }),
  })
  .check(({ value, issues }) => {
    const message = nameFault(value)
    if (message !== undefined) issues.push({ code: 'custom', path: ['name'], message, input: value.name })
  })

function nameFault({ by, name = '' }: { by: string; name?: string | undefined }): string | undefined {
  if (by === 'address') return name === '' ? undefined : 'has no meaning for the address'
  if (name === '') return `must say which ${by}`
  return by === 'claim' || token.test(name) ? undefined : `is no name of a ${by}`
}

const options = {
  endpoints: z
    .array(endpoint)
    .max(64)
    .default([])
    .meta({ title: 'Endpoints', description: 'In place of the one upstream address.' }),
  balancing: balancing.default('round-robin').meta({
    title: 'Balancing',
    description: 'With consistent-hash the same caller is always sent to the same endpoint.',
  }),
  hashOn: hashOn.optional().meta({
    title: 'Consistent hash of',
    description: 'What tells callers apart; without it the address of the client.',
  }),
  protocol: z
    .enum(['http1', 'http2'])
    .default('http1')
    .meta({ title: 'Protocol', description: 'HTTP/2 is what gRPC needs.' }),
}

/** A choice that nobody would go by is a mistake. */
export function checkHashOn({
  value,
  issues,
}: z.core.ParsePayload<{ balancing?: Balancing | undefined; hashOn?: HashOn | undefined }>): void {
  if (value.hashOn === undefined || value.balancing === 'consistent-hash') return
  const message = 'has a meaning with the balancing consistent-hash alone'
  issues.push({ code: 'custom', path: ['hashOn'], message, input: value.hashOn })
}

/** What policies call the API's own upstream, beside its destinations with names of their own. */
export const mainUpstream = 'main'

const upstreamOptions = z.strictObject(options).check(checkHashOn)

const destination = z
  .strictObject({
    ...options,
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens')
      .meta({ title: 'Name', description: 'By which policies such as a weighted route call it.' }),
    endpoints: z.array(endpoint).min(1).max(64).meta({ title: 'Endpoints' }),
  })
  .check(checkHashOn)

const limit = z.strictObject({
  maximumRequests: z.int().min(1).max(1_000_000_000).meta({ title: 'Requests' }),
  timePeriodInMilliseconds: z
    .int()
    .min(1)
    .max(31 * 24 * 3_600_000)
    .meta({ title: 'Period', description: 'In milliseconds.' }),
})

const tier = z.strictObject({
  name: z.string().trim().min(1).max(60).meta({ title: 'Name' }),
  limits: z.array(limit).min(1).max(8).meta({ title: 'Limits' }),
})

function uniqueNames(list: readonly { name: string }[]): boolean {
  return new Set(list.map(({ name }) => name)).size === list.length
}

export const routing = z.strictObject({
  listenerIds: z
    .array(z.string().min(1).max(40))
    .max(20)
    .default([])
    .meta({ title: 'Listeners', description: 'Ids of the listeners that it answers on; none means all.' }),
  upstream: upstreamOptions
    .default({ endpoints: [], balancing: 'round-robin', protocol: 'http1' })
    .meta({ title: 'Upstream' }),
  destinations: z
    .array(destination)
    .max(50)
    .refine(uniqueNames, 'two of them have one name')
    .default([])
    .meta({ title: 'Destinations', description: 'Other upstreams that policies may send requests to.' }),
  tiers: z
    .array(tier)
    .max(50)
    .refine(uniqueNames, 'two of them have one name')
    .default([])
    .meta({ title: 'Tiers', description: 'Rates that contracts with consumers name.' }),
})

export type Balancing = z.infer<typeof balancing>
export type HashOn = z.infer<typeof hashOn>
export type Routing = z.infer<typeof routing>
export type UpstreamOptions = z.infer<typeof upstreamOptions>
