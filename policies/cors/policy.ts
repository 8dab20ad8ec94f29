import { z } from 'zod'
import { definePolicy, type Prepared } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { isToken } from '../header-fields.ts'

const methodNames = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
/** The gateway itself takes none of them, so that they can be refused here and not allowed. */
const neverTaken = ['CONNECT', 'TRACE'] as const

/** Pages of any origin that no group names. */
const anyOrigin = '*'

function originFault(text: string): string | undefined {
  if (text === anyOrigin) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'must be an origin such as https://shop.example'
  return url.origin === text.toLowerCase()
    ? undefined
    : `must be an origin without a path; write ${url.origin}`
}

const origin = z
  .string()
  .max(300)
  .check((context) => {
    const message = originFault(context.value)
    if (message !== undefined)
      context.issues.push({ code: 'custom', path: [], message, input: context.value })
  })
const headerName = z.string().max(200).refine(isToken, 'is not a header name')

const originGroup = z.strictObject({
  origins: z
    .array(origin)
    .min(1)
    .max(200)
    .meta({
      title: 'Origins',
      description: 'Scheme, host and port of the pages that may call; * for all that no group names.',
      examples: [['https://shop.example']],
    }),
  accessControlMaxAge: z
    .int()
    .min(0)
    .max(86_400)
    .default(30)
    .meta({ title: 'Remember for', description: 'Seconds for which a browser may keep the answer.' }),
  allowedMethods: z
    .array(
      z
        .strictObject({
          methodName: z.enum([...methodNames, ...neverTaken]).meta({ title: 'Method' }),
          isAllowed: z.boolean().default(true).meta({ title: 'Allowed' }),
        })
        .refine(
          ({ methodName, isAllowed }) => !isAllowed || methodNames.some((name) => name === methodName),
          { path: ['isAllowed'], error: 'the gateway never takes that method' },
        ),
    )
    .max(20)
    .default([
      { methodName: 'GET', isAllowed: true },
      { methodName: 'HEAD', isAllowed: true },
      { methodName: 'POST', isAllowed: true },
    ])
    .meta({ title: 'Methods', description: 'Methods that pages of these origins may use.' }),
  headers: z
    .array(headerName)
    .max(100)
    .default([])
    .meta({
      title: 'Request headers',
      description: 'Headers that pages may send beside the simple ones.',
      examples: [['content-type', 'x-api-key']],
    }),
  exposedHeaders: z
    .array(headerName)
    .max(100)
    .default([])
    .meta({ title: 'Response headers', description: 'Headers that pages may read beside the simple ones.' }),
})
type OriginGroup = z.infer<typeof originGroup>

const config = z
  .strictObject({
    publicResource: z
      .boolean()
      .default(true)
      .meta({ title: 'Public', description: 'Pages of every origin may call, without credentials.' }),
    supportCredentials: z
      .boolean()
      .default(false)
      .meta({ title: 'With credentials', description: 'Pages may send cookies and authorisation.' }),
    originGroups: z
      .array(originGroup)
      .max(50)
      .default([])
      .meta({ title: 'Origin groups', description: 'Which origins may do what, unless it is public.' }),
  })
  .check((context) => {
    const { publicResource, supportCredentials, originGroups } = context.value
    const report = (path: (string | number)[], message: string) =>
      context.issues.push({ code: 'custom', path, message, input: context.value })
    if (publicResource && supportCredentials)
      report(['supportCredentials'], 'a public resource cannot take credentials; list the origins instead')
    if (publicResource && originGroups.length > 0)
      report(['originGroups'], 'a public resource is open to every origin; leave the groups out')
    if (!publicResource && originGroups.length === 0)
      report(['originGroups'], 'list at least one group of origins, or make it public')
    for (const [group, { origins }] of originGroups.entries())
      if (supportCredentials && origins.includes(anyOrigin))
        report(['originGroups', group, 'origins'], 'with credentials every origin must be named')
    const seen = new Set<string>()
    for (const [group, { origins }] of originGroups.entries()) {
      for (const [index, text] of origins.entries()) {
        const lower = text.toLowerCase()
        if (seen.has(lower)) report(['originGroups', group, 'origins', index], `${text} stands here twice`)
        seen.add(lower)
      }
    }
  })
type Config = z.infer<typeof config>

/** What one origin may do, as header lines made once. */
interface Grant {
  allowMethods: string
  allowHeaders: string
  exposeHeaders: string
  maxAge: string
}

const publicMaxAge = '600'

type Phases = Required<Pick<Prepared, 'onRequest' | 'onResponse'>>

function grantOf(group: OriginGroup): Grant {
  // A later entry about a method overrules an earlier one.
  const verdicts = new Map(group.allowedMethods.map(({ methodName, isAllowed }) => [methodName, isAllowed]))
  return {
    allowMethods: [...verdicts].flatMap(([method, isAllowed]) => (isAllowed ? [method] : [])).join(', '),
    allowHeaders: group.headers.join(', '),
    exposeHeaders: group.exposedHeaders.join(', '),
    maxAge: String(group.accessControlMaxAge),
  }
}

const answerHeaders = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
]

function preflight(headers: Record<string, string>): Refusal {
  const filled = Object.entries(headers).filter(([, value]) => value !== '')
  return { status: 204, code: 'cors.preflight', detail: '', headers: Object.fromEntries(filled) }
}

/** The asked-for header names, if each is one; anything else is not repeated. */
function namesAsked(exchange: Exchange): string {
  const asked = exchange.header('access-control-request-headers') ?? ''
  const names = asked.split(',').map((name) => name.trim())
  return names.every(isToken) ? names.join(', ') : ''
}

function isPreflight(exchange: Exchange): boolean {
  return (
    exchange.method === 'OPTIONS' &&
    exchange.header('origin') !== undefined &&
    exchange.header('access-control-request-method') !== undefined
  )
}

/** A handshake of a page elsewhere brings cookies and the client certificate along, as credentials of a call are. */
function bringsCredentials(exchange: Exchange): boolean {
  return exchange.header('cookie') !== undefined || exchange.tls?.peer !== undefined
}

/** Every origin, never with credentials. */
function preparedPublic(): Phases {
  return {
    onRequest(exchange) {
      if (exchange.upgrades && !bringsCredentials(exchange)) exchange.isOriginAllowed = true
      if (!isPreflight(exchange)) return undefined
      return preflight({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': methodNames.join(', '),
        'access-control-allow-headers': namesAsked(exchange),
        'access-control-max-age': publicMaxAge,
        vary: 'Access-Control-Request-Headers',
      })
    },
    onResponse(exchange) {
      if (exchange.header('origin') === undefined) return
      for (const name of answerHeaders) exchange.removeResponseHeader(name)
      exchange.setResponseHeader('access-control-allow-origin', '*')
      exchange.setResponseHeader('access-control-expose-headers', '*')
    },
  }
}

/** Listed origins alone; what the upstream says about origins does not reach the browser. */
function preparedByOrigin({ originGroups, supportCredentials }: Config): Phases {
  const grants = new Map<string, Grant>()
  for (const group of originGroups) {
    for (const text of group.origins) grants.set(text.toLowerCase(), grantOf(group))
  }
  const credentials = supportCredentials ? 'true' : ''
  const grantFor = (origin: string) => grants.get(origin) ?? grants.get(anyOrigin)
  return {
    onRequest(exchange) {
      if (exchange.upgrades && grantFor(exchange.header('origin') ?? '') !== undefined)
        exchange.isOriginAllowed = supportCredentials || !bringsCredentials(exchange)
      if (!isPreflight(exchange)) return undefined
      const origin = exchange.header('origin') ?? ''
      const grant = grantFor(origin)
      if (grant === undefined) return preflight({ vary: 'Origin' })
      return preflight({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': credentials,
        'access-control-allow-methods': grant.allowMethods,
        'access-control-allow-headers': grant.allowHeaders,
        'access-control-max-age': grant.maxAge,
        vary: 'Origin',
      })
    },
    onResponse(exchange) {
      for (const name of answerHeaders) exchange.removeResponseHeader(name)
      // Said even without an Origin, or a cache would hand the bare answer to a page that may read it.
      exchange.addResponseHeader('vary', 'Origin')
      const origin = exchange.header('origin')
      const grant = origin === undefined ? undefined : grantFor(origin)
      if (origin === undefined || grant === undefined) return
      exchange.setResponseHeader('access-control-allow-origin', origin)
      if (credentials !== '') exchange.setResponseHeader('access-control-allow-credentials', credentials)
      if (grant.exposeHeaders !== '')
        exchange.setResponseHeader('access-control-expose-headers', grant.exposeHeaders)
    },
  }
}

/** Says to browsers which pages may call, and answers their preflights itself. */
export const cors = definePolicy<Config>({
  kind: 'cors',
  policyVersion: '1.0.0',
  title: 'Cross-origin access',
  summary: 'Says to browsers which web pages may call, and answers their preflights.',
  category: 'shape',
  first: true,
  config,
  summarise({ publicResource, supportCredentials, originGroups }) {
    if (publicResource) return 'Pages of every origin'
    const origins = originGroups.flatMap((group) => group.origins)
    const shown = origins.length > 2 ? `${origins.length} origins` : origins.join(', ')
    return `Pages of ${shown}${supportCredentials ? ', with credentials' : ''}`
  },
  prepare: (config) => {
    const phases = config.publicResource ? preparedPublic() : preparedByOrigin(config)
    return {
      ...phases,
      // The answer to a preflight is complete as it is.
      onResponse: (exchange) => (isPreflight(exchange) ? undefined : phases.onResponse(exchange)),
    }
  },
})
