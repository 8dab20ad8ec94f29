import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Client, Exchange, Refusal, Tier } from '../exchange.ts'
import { compileExpression, type Expression, expressionFault, expressionForms } from '../expression.ts'
import { type Hold, holdFields, prepareHold, Standings } from '../rate-limiting/hold.ts'

const kind = 'rate-limiting-sla-based'

function expression(isOptional: boolean) {
  return z
    .string()
    .max(300)
    .check((context) => {
      const fault = isOptional && context.value === '' ? undefined : expressionFault(context.value)
      if (fault !== undefined)
        context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
    })
}

const config = z.strictObject({
  clientIdExpression: expression(false)
    .default("#[attributes.headers['client_id']]")
    .meta({
      title: 'Client id',
      description: 'Where the client says who it is, or what a policy before this one found out.',
      examples: [...expressionForms],
    }),
  clientSecretExpression: expression(true)
    .default('')
    .meta({
      title: 'Client secret',
      description:
        'Where the client proves it, with one of the keys of its contract. Empty: the id alone decides whose limits count, so let another policy authenticate.',
      examples: ["#[attributes.headers['client_secret']]"],
    }),
  ...holdFields,
})
type Config = z.infer<typeof config>

function refused(status: number, code: string, detail: string): Refusal {
  return { status, code: `${kind}.${code}`, detail }
}

const missing = refused(401, 'client_missing', 'The client did not say who it is.')
/** One answer for an unknown id and a wrong secret, which must not be told apart. */
const unknown = refused(401, 'client_unknown', 'There is no such client under contract with this API.')
const withoutTier = refused(403, 'no_tier', 'The contract of this client names no limits.')

function clientFinder(
  { clientIdExpression, clientSecretExpression }: Config,
  ports: Ports,
): (exchange: Exchange) => Client | Refusal {
  const idOf = compileExpression(clientIdExpression)
  const secretOf: Expression | undefined =
    clientSecretExpression === '' ? undefined : compileExpression(clientSecretExpression)
  return (exchange) => {
    const id = idOf(exchange)
    if (id === undefined || id === '') return missing
    if (secretOf === undefined) return ports.clientById(id) ?? unknown
    const secret = secretOf(exchange)
    if (secret === undefined || secret === '') return missing
    const client = ports.clientByKeyHash(ports.sha256(secret))
    if (client?.id !== id) return unknown
    exchange.client ??= client
    return client
  }
}

/** Holds each client to the limits of the tier that its contract names. */
export const rateLimitingSlaBased = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'Rate limit by contract',
  summary: 'Holds each client to the limits of its contract and refuses the rest with 429.',
  category: 'traffic',
  config,
  summarise: ({ clientIdExpression, clusterizable }) =>
    `By contract of ${clientIdExpression.slice(2, -1)}${clusterizable ? ', over all nodes' : ''}`,
  prepare(given, ports) {
    const { exposeHeaders, clusterizable, failureMode } = given
    const find = clientFinder(given, ports)
    const standings = new Standings()
    const settings = { algorithm: 'gcra', exposeHeaders, clusterizable, failureMode } as const
    const holdOf = (tier: Tier) => prepareHold(kind, tier.limits, settings, tier.name, ports, standings)
    // Nobody is under a tier without limits; this only finds out now whether limits can be held at all.
    if (clusterizable) holdOf({ name: '', limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] })
    const holds = new WeakMap<Tier, Hold>()
    const onRequest = (exchange: Exchange) => {
      const client = find(exchange)
      if ('status' in client) return client
      if (client.tier === undefined) return withoutTier
      let hold = holds.get(client.tier)
      if (hold === undefined) {
        hold = holdOf(client.tier)
        holds.set(client.tier, hold)
      }
      return hold(exchange, client.id)
    }
    if (!exposeHeaders) return { onRequest }
    return { onRequest, onResponse: (exchange) => standings.tell(exchange) }
  },
})
