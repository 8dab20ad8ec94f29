import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { controlUrl } from '../form-fields.ts'
import { TokenKeeper } from './token-keeper.ts'

const kind = 'credential-injection-oauth2'

// RFC 6749 §3.3.
const scope = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one word of visible characters')

const config = z.strictObject({
  oauthService: controlUrl.meta({
    title: 'Token endpoint',
    description: 'Where the gateway gets its token (client credentials).',
    examples: ['https://login.example/oauth/token'],
  }),
  clientId: z.string().min(1).max(500).meta({ title: 'Client id' }),
  clientSecret: z.string().min(1).max(2_000).meta({ title: 'Client secret', sensitive: true }),
  scope: z
    .array(scope)
    .max(100)
    .default([])
    .meta({ title: 'Scopes', examples: [['orders.read']] }),
  overwrite: z.boolean().default(true).meta({
    title: 'Overwrite',
    description: 'Also takes the place of the Authorization header that the caller sent.',
  }),
  allowRequestWithoutCredential: z.boolean().default(false).meta({
    title: 'Send without a token',
    description: 'Sends requests on as they are while no token can be had. Else they get 503.',
  }),
  tokenFetchTimeout: z.number().min(0.1).max(60).default(10).meta({
    title: 'Time limit',
    description: 'Seconds in which the token endpoint must have answered.',
    advanced: true,
  }),
})
type Config = z.infer<typeof config>

const unavailable: Refusal = {
  status: 503,
  code: `${kind}.unavailable`,
  detail: 'The gateway cannot get the token that it needs for this.',
  headers: { 'retry-after': '5' },
}

/** Tells the upstream a token that the gateway gets for itself. */
export const credentialInjectionOauth2 = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'OAuth 2.0 token for the upstream',
  summary: 'Gets a token of its own and sends it to the upstream.',
  category: 'shape',
  outbound: true,
  config,
  summarise: ({ clientId, oauthService }) => `Token of ${clientId} from ${oauthService}`,
  prepare(config, ports) {
    const options = {
      url: config.oauthService,
      clientId: config.clientId,
      clientSecret: config.clientSecret,
      scopes: config.scope,
      timeoutMs: config.tokenFetchTimeout * 1_000,
    }
    // Another secret is another token; it stands in the name as its hash.
    const name = JSON.stringify({ ...options, clientSecret: ports.sha256(config.clientSecret) })
    const keeper = ports.state(`token ${name}`, () => new TokenKeeper(options, ports), 'kind')
    const { overwrite, allowRequestWithoutCredential } = config
    const sent = new WeakMap<Exchange, string>()
    const inject = (exchange: Exchange, header: string | undefined): Refusal | undefined => {
      if (header === undefined) return allowRequestWithoutCredential ? undefined : unavailable
      exchange.setHeader('authorization', header)
      sent.set(exchange, header)
      return undefined
    }
    return {
      onRequest(exchange) {
        if (!overwrite && exchange.header('authorization') !== undefined) return undefined
        const header = keeper.header()
        return header instanceof Promise
          ? header.then((given) => inject(exchange, given))
          : inject(exchange, header)
      },
      onResponse(exchange) {
        const header = exchange.status === 401 ? sent.get(exchange) : undefined
        if (header !== undefined) keeper.discard(header)
      },
    }
  },
})
