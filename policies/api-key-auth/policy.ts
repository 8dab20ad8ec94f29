import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Client, Exchange, Refusal } from '../exchange.ts'
import { isToken, reservedHeader } from '../header-fields.ts'
import { queryValues, withoutParameter } from '../query.ts'

const places = ['header', 'query', 'cookie'] as const

const config = z
  .strictObject({
    in: z
      .enum(places)
      .default('header')
      .meta({ title: 'Where the key is', description: 'Part of the request that carries the key.' }),
    key: z
      .string()
      .min(1)
      .max(100)
      .refine(isToken, 'must be a name of letters, digits, hyphens and underscores')
      .default('x-api-key')
      .meta({
        title: 'Name',
        description: 'Name of the header, query parameter or cookie.',
        examples: ['x-api-key', 'authorization'],
      }),
    prefix: z
      .string()
      .max(50)
      .regex(/^[\x21-\x7e]*$/, 'must be one word of visible characters')
      .default('')
      .meta({
        title: 'Prefix',
        description: 'Word that must stand before the key, with a space between. Empty for none.',
        examples: ['ApiKey'],
      }),
    hideCredentials: z
      .boolean()
      .default(true)
      .meta({ title: 'Hide from the upstream', description: 'Takes the key out before forwarding.' }),
  })
  .check((context) => {
    const { in: place, key } = context.value
    const reason = place === 'header' ? reservedHeader(key) : undefined
    if (reason !== undefined)
      context.issues.push({ code: 'custom', path: ['key'], message: reason, input: key })
  })
type Config = z.infer<typeof config>

/** More than any key that we issue; longer texts are not worth hashing. */
const keyLengthMax = 1_024
const seenMax = 10_000

const ambiguous: Refusal = {
  status: 400,
  code: 'api-key-auth.ambiguous',
  detail: 'The request carries more than one API key.',
}

/** One place of a request that can carry a key. */
interface Place {
  values(exchange: Exchange): readonly string[]
  hide(exchange: Exchange): void
}

function cookiePairs(exchange: Exchange): string[] {
  return exchange
    .headerValues('cookie')
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.trim())
}

function placeOf(config: Config): Place {
  const name = config.key
  if (config.in === 'header') {
    const lower = name.toLowerCase()
    return {
      values: (exchange) => exchange.headerValues(lower),
      hide: (exchange) => exchange.removeHeader(lower),
    }
  }
  if (config.in === 'query') {
    return {
      values: (exchange) => queryValues(exchange.query, name),
      hide: (exchange) => exchange.setQuery(withoutParameter(exchange.query, name)),
    }
  }
  const start = `${name}=`
  return {
    values: (exchange) =>
      cookiePairs(exchange)
        .filter((pair) => pair.startsWith(start))
        .map((pair) => pair.slice(start.length)),
    hide: (exchange) => {
      const kept = cookiePairs(exchange).filter((pair) => pair !== '' && !pair.startsWith(start))
      if (kept.length === 0) exchange.removeHeader('cookie')
      else exchange.setHeader('cookie', kept.join('; '))
    },
  }
}

/** Finds clients by key and remembers those that it found, so that a known key is hashed once. */
function clientFinder(ports: Ports): (key: string) => Client | undefined {
  const seen = new Map<string, Client>()
  return (key) => {
    const known = seen.get(key)
    if (known !== undefined || key.length > keyLengthMax) return known
    const client = ports.clientByKeyHash(ports.sha256(key))
    if (client === undefined) return undefined
    if (seen.size >= seenMax) seen.clear()
    seen.set(key, client)
    return client
  }
}

function prefixCutter(prefix: string): (value: string) => string {
  if (prefix === '') return (value) => value
  const start = `${prefix.toLowerCase()} `
  return (value) =>
    value.slice(0, start.length).toLowerCase() === start ? value.slice(start.length).trimStart() : ''
}

function refusalsOf({ in: place, key, prefix }: Config): { missing: Refusal; unknown: Refusal } {
  const scheme = prefix !== '' && isToken(prefix) ? prefix : 'ApiKey'
  const headers = { 'www-authenticate': `${scheme} realm="api", in="${place}", name="${key}"` }
  return {
    missing: {
      status: 401,
      code: 'api-key-auth.missing',
      detail: `The request carries no API key in the ${place} ${key}.`,
      headers,
    },
    unknown: {
      status: 401,
      code: 'api-key-auth.unknown',
      detail: 'The API key is not known here.',
      headers,
    },
  }
}

/** Lets through whoever presents an API key of a client under contract, and says who it is. */
export const apiKeyAuth = definePolicy<Config>({
  kind: 'api-key-auth',
  policyVersion: '1.0.0',
  title: 'API key',
  summary: 'Asks callers for an API key and finds out which client they are.',
  category: 'identity',
  config,
  summarise: ({ in: place, key }) => `Key in the ${place} ${key}`,
  prepare(config, ports) {
    const place = placeOf(config)
    const find = clientFinder(ports)
    const cut = prefixCutter(config.prefix)
    const { missing, unknown } = refusalsOf(config)
    const { hideCredentials } = config
    return {
      onRequest(exchange) {
        const values = place.values(exchange)
        if (values.length > 1) return ambiguous
        const key = cut(values[0] ?? '')
        if (key === '') return missing
        const client = find(key)
        if (client === undefined) return unknown
        exchange.client = client
        if (hideCredentials) place.hide(exchange)
        return undefined
      },
    }
  },
})
