import { z } from 'zod'
import { basicCredentials } from '../basic-credentials.ts'
import { definePolicy, type Ports } from '../definition.ts'
import type { Client, Exchange, Refusal } from '../exchange.ts'
import { compileValues } from '../expression.ts'
import { optionalExpression } from '../form-fields.ts'
import { Remembered } from '../remembered.ts'

const kind = 'client-id-enforcement'

const config = z
  .strictObject({
    credentialsOrigin: z.enum(['basic', 'expression']).default('basic').meta({
      title: 'Where the credentials are',
      description: 'The Authorization header with the word Basic, or what expressions find.',
    }),
    clientIdExpression: optionalExpression.default('').meta({
      title: 'Client id',
      description: 'Finds the id of the client.',
      examples: ["#[attributes.headers['client_id']]", "#[attributes.headers['client-id']]"],
    }),
    clientSecretExpression: optionalExpression.default('').meta({
      title: 'Client secret',
      description: 'Finds the secret. Empty: none is asked for, and the id alone is believed.',
      examples: ["#[attributes.headers['client-secret']]"],
    }),
  })
  .check(({ value, issues }) => {
    // Both are exported together, so that an expression may stand where it is not used.
    if (value.credentialsOrigin !== 'expression' || value.clientIdExpression !== '') return
    const message = 'must say where the id is'
    issues.push({ code: 'custom', path: ['clientIdExpression'], message, input: '' })
  })
type Config = z.infer<typeof config>

/** Longer than any id or secret that we issue, and not worth hashing. */
const lengthMax = 1_024
const rememberedMax = 10_000

interface Credentials {
  readonly id: string
  /** Undefined where none is asked for. */
  readonly secret: string | undefined
}

/** Finds credentials in a request: undefined where there are none, and a reason where it is not clear which. */
type Finder = (exchange: Exchange) => Credentials | string | undefined

function finderOf(config: Config): Finder {
  if (config.credentialsOrigin === 'basic')
    return (exchange) => {
      const found = basicCredentials(exchange)
      return typeof found === 'object' ? { id: found.name, secret: found.password } : found
    }
  const ids = compileValues(config.clientIdExpression)
  const secrets =
    config.clientSecretExpression === '' ? undefined : compileValues(config.clientSecretExpression)
  return (exchange) => {
    const [id, ...otherIds] = ids(exchange)
    const [secret, ...otherSecrets] = secrets?.(exchange) ?? []
    if (otherIds.length + otherSecrets.length > 0) return 'The request carries more than one id or secret.'
    if (id === undefined || (secrets !== undefined && secret === undefined)) return undefined
    return { id, secret }
  }
}

/** Finds the client that credentials belong to. Those that were right are known again without hashing. */
function clientFinder(ports: Ports): (credentials: Credentials) => Client | undefined {
  const remembered = new Remembered<Client>(rememberedMax)
  return ({ id, secret }) => {
    if (id === '' || id.length > lengthMax) return undefined
    if (secret === undefined) return ports.clientById(id)
    if (secret === '' || secret.length > lengthMax) return undefined
    const known = remembered.get(secret)
    if (known !== undefined) return known.id === id ? known : undefined
    const client = ports.clientByKeyHash(ports.sha256(secret))
    if (client === undefined) return undefined
    remembered.set(secret, client)
    return client.id === id ? client : undefined
  }
}

/** Lets through clients under contract, by their id and, unless told otherwise, their secret. */
export const clientIdEnforcement = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'Client id',
  summary: 'Asks callers for the id and the secret of a client under contract.',
  category: 'identity',
  config,
  summarise: ({ credentialsOrigin, clientIdExpression, clientSecretExpression }) => {
    if (credentialsOrigin === 'basic') return 'Id and secret in the Authorization header'
    const id = `Id in ${clientIdExpression.slice(2, -1)}`
    return clientSecretExpression === ''
      ? `${id}, believed without a secret`
      : `${id}, secret in ${clientSecretExpression.slice(2, -1)}`
  },
  prepare(config, ports) {
    const find = finderOf(config)
    const clientOf = clientFinder(ports)
    const challenge =
      config.credentialsOrigin === 'basic' ? 'Basic realm="api", charset="UTF-8"' : 'ClientId realm="api"'
    const refusal = (check: string, detail: string): Refusal => ({
      status: 401,
      code: `${kind}.${check}`,
      detail,
      headers: { 'www-authenticate': challenge },
    })
    const missing = refusal('missing', 'The request carries no client id and secret.')
    // One answer for a wrong id and a wrong secret: it must not tell which ids there are.
    const unknown = refusal('unknown', 'The client id and secret are not known here.')
    return {
      onRequest(exchange) {
        const found = find(exchange)
        if (found === undefined) return missing
        if (typeof found === 'string') return refusal('ambiguous', found)
        const client = clientOf(found)
        if (client === undefined) return unknown
        exchange.client = client
        return undefined
      },
    }
  },
})
