import { bearerToken, insufficientScope, invalidToken, missingToken, severalTokens } from '../bearer.ts'
import { bindingCheck } from '../certificate-binding.ts'
import { claimAt, claimHeader, claimText, scopesOf } from '../claims.ts'
import { definePolicy, type Ports } from '../definition.ts'
import type { Claims, Client, Exchange, Refusal, TlsSession } from '../exchange.ts'
import { type IntrospectionConfig, introspectionConfig } from './config.ts'
import { type Finding, Introspector } from './introspector.ts'

const kind = 'oauth2-token-introspection'
const tokenLengthMax = 16_384

const missing = missingToken(kind)
const malformed = invalidToken(kind, 'malformed', 'What the request carries is no token.')
const several = invalidToken(kind, 'malformed', 'The request carries more than one token.')
const inactive = invalidToken(kind, 'inactive', 'The token is not good, or no longer.')
const unknownClient = invalidToken(kind, 'client', 'The client of the token has no contract with this API.')
const unavailable: Refusal = {
  status: 503,
  code: `${kind}.unavailable`,
  detail: 'The issuer of tokens cannot be asked at the moment.',
  headers: { 'retry-after': '5' },
}

/** What the upstream is told, each in a header of its own. */
const exposed = ['client_id', 'exp', 'scope', 'sub', 'token_type', 'uid', 'username'].map((claim) => ({
  claim,
  header: `x-agw-${claim.replace('_', '-')}`,
}))

function exposeTo(exchange: Exchange, claims: Claims): void {
  for (const { claim, header } of exposed) {
    const text = claimHeader(claimAt(claims, claim))
    if (text !== undefined) exchange.setHeader(header, text)
  }
}

/** Takes away what the caller says in the gateway's name. */
function hideForged(exchange: Exchange): void {
  for (const name of exchange.headerNames()) if (name.startsWith('x-agw-')) exchange.removeHeader(name)
}

/** What is wrong with a token that the issuer calls good; the client that it is of, where there is one. */
type Judge = (
  claims: Claims,
  tls: TlsSession | undefined,
) => { refusal: Refusal } | { client: Client | undefined }

function judgeOf(config: IntrospectionConfig, ports: Ports): Judge {
  const { scopes, scopeValidationCriteria, consumerBy, skipClientIdValidation } = config
  const missingScopes = insufficientScope(kind, scopes)
  const checkBinding = bindingCheck(kind, config.tlsClientCertificateBoundAccessTokens === true)
  return (claims, tls) => {
    const unbound = checkBinding(claims, tls)
    if (unbound !== undefined) return { refusal: unbound }
    const granted = new Set(scopesOf(claims))
    const has = (scope: string) => granted.has(scope)
    const isEnough = scopeValidationCriteria === 'AND' ? scopes.every(has) : scopes.some(has)
    if (scopes.length > 0 && !isEnough) return { refusal: missingScopes }
    const id = claimText(claimAt(claims, consumerBy))
    const client = id === undefined ? undefined : ports.clientById(id)
    return client === undefined && !skipClientIdValidation ? { refusal: unknownClient } : { client }
  }
}

function introspectorOf(config: IntrospectionConfig, ports: Ports): Introspector {
  // Others' answers must not be taken for those of this issuer; the credentials stand there as their hash.
  const name = JSON.stringify({ ...config, authorizationValue: ports.sha256(config.authorizationValue) })
  return ports.state(`introspection ${name}`, () => new Introspector(config, ports))
}

/** Lets through whoever presents a token that its issuer, when asked, calls good. */
export const oauth2TokenIntrospection = definePolicy<IntrospectionConfig>({
  kind,
  policyVersion: '1.0.0',
  title: 'OAuth 2.0 introspection',
  summary: 'Asks the issuer whether a token is good, and remembers what it said.',
  category: 'identity',
  config: introspectionConfig,
  summarise: ({ introspectionURL, scopes, scopeValidationCriteria: criteria }) =>
    `Tokens that ${introspectionURL} calls good` +
    (scopes.length === 0 ? '' : ` for ${scopes.join(criteria === 'AND' ? ' and ' : ' or ')}`),
  prepare(config, ports) {
    const introspector = introspectorOf(config, ports)
    const judge = judgeOf(config, ports)

    const renewFor =
      ({ tls }: Exchange) =>
      async (token: string) => {
        if (token === '' || token.length > tokenLengthMax) return undefined
        const hash = ports.sha256(token)
        const finding = introspector.known(hash) ?? (await introspector.ask(token, hash))
        if (finding === undefined || finding === 'inactive' || 'refusal' in judge(finding.claims, tls))
          return undefined
        return finding.claims
      }
    const admit = (exchange: Exchange, finding: Finding | undefined): Refusal | undefined => {
      if (finding === undefined) return unavailable
      if (finding === 'inactive') return inactive
      const verdict = judge(finding.claims, exchange.tls)
      if ('refusal' in verdict) return verdict.refusal
      exchange.claims = finding.claims
      if (verdict.client !== undefined) exchange.client = verdict.client
      if (config.exposeHeaders) exposeTo(exchange, finding.claims)
      if (exchange.upgrades) exchange.renewIdentity = renewFor(exchange)
      return undefined
    }
    return {
      onRequest(exchange) {
        if (config.exposeHeaders) hideForged(exchange)
        const token = bearerToken(exchange)
        if (token === undefined) return missing
        if (token === severalTokens) return several
        if (token === '' || token.length > tokenLengthMax) return malformed
        const hash = ports.sha256(token)
        const known = introspector.known(hash)
        return known === undefined
          ? introspector.ask(token, hash).then((finding) => admit(exchange, finding))
          : admit(exchange, known)
      },
    }
  },
})
