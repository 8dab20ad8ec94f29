import { insufficientScope } from '../bearer.ts'
import { claimAt, claimTexts } from '../claims.ts'
import { definePolicy } from '../definition.ts'
import type { Claims, Exchange, Refusal } from '../exchange.ts'
import { compileTemplate, type PathMatch } from '../path-template.ts'
import { demandsOf, type Demand } from './conditions.ts'
import { type ClaimsAuthorizationConfig, claimsAuthorizationConfig } from './config.ts'

const kind = 'claims-authorization'

const noClaims: Refusal = {
  status: 401,
  code: `${kind}.no_claims`,
  detail: 'Nothing is known of the caller that could be judged.',
  headers: { 'www-authenticate': 'Bearer' },
}
const denied: Refusal = {
  status: 403,
  code: `${kind}.denied`,
  detail: 'The caller may not do this.',
}
const noRule: Refusal = {
  status: 403,
  code: `${kind}.no_rule`,
  detail: 'No rule allows this.',
}
const otherParameter: Refusal = {
  status: 403,
  code: `${kind}.path_parameter`,
  detail: 'The caller may not do this for what the path names.',
}

interface Rule {
  readonly path: PathMatch
  readonly methods: ReadonlySet<string>
  readonly allOf: readonly Demand[]
  readonly anyOf: readonly Demand[]
  readonly missingScopes: Refusal
}

function compileRule(
  { path, methods, allOf, anyOf }: ClaimsAuthorizationConfig['rules'][number],
  config: ClaimsAuthorizationConfig,
): Rule {
  const all = allOf.flatMap((condition) => demandsOf(condition, config))
  const any = anyOf.flatMap((condition) => demandsOf(condition, config))
  const scopes = [...all, ...any].flatMap(({ scope }) => scope ?? [])
  return {
    path: compileTemplate(path),
    methods: new Set(methods),
    allOf: all,
    anyOf: any,
    missingScopes: insufficientScope(kind, [...new Set(scopes)]),
  }
}

function refusalOf({ allOf, anyOf, missingScopes }: Rule, claims: Claims): Refusal | undefined {
  const isMet = (holds: (demand: Demand) => boolean) =>
    allOf.every(holds) && (anyOf.length === 0 || anyOf.some(holds))
  if (isMet((demand) => demand.holds(claims))) return undefined
  // With all scopes it would be allowed: then scopes are what is missing.
  return isMet((demand) => demand.scope !== undefined || demand.holds(claims)) ? missingScopes : denied
}

/** Decides by what a token says of the caller whether a request may be made. */
export const claimsAuthorization = definePolicy<ClaimsAuthorizationConfig>({
  kind,
  policyVersion: '1.0.0',
  title: 'Claims authorization',
  summary: 'Decides by roles, scopes, agency and other claims who may call what.',
  category: 'identity',
  config: claimsAuthorizationConfig,
  summarise: ({ rules, defaultAction }) =>
    `${rules.length} rule${rules.length === 1 ? '' : 's'}, ${defaultAction === 'deny' ? 'nothing' : 'everything'} else is allowed`,
  prepare(config) {
    const rules = config.rules.map((rule) => compileRule(rule, config))
    const ofDefault = config.defaultAction === 'allow' ? undefined : noRule
    const decide = ({ method, resourcePath }: Exchange, claims: Claims): Refusal | undefined => {
      for (const rule of rules) {
        if (rule.methods.size > 0 && !rule.methods.has(method)) continue
        const parameters = rule.path(resourcePath)
        if (parameters === undefined) continue
        const other = config.pathParamMatch.some(({ param, claim }) => {
          const value = parameters.get(param)
          return value !== undefined && !claimTexts(claimAt(claims, claim)).includes(value)
        })
        return other ? otherParameter : refusalOf(rule, claims)
      }
      return ofDefault
    }
    return {
      agencyOf: (claims) => claimTexts(claimAt(claims, config.agencyClaim)).join(', ') || undefined,
      onRequest(exchange) {
        const { claims, renewIdentity } = exchange
        if (claims === undefined) return noClaims
        const refusal = decide(exchange, claims)
        if (refusal === undefined && renewIdentity !== undefined)
          // A socket must not outlive the right to it: what is renewed has to be allowed too.
          exchange.renewIdentity = async (token) => {
            const renewed = await renewIdentity(token)
            return renewed !== undefined && decide(exchange, renewed) === undefined ? renewed : undefined
          }
        return refusal
      },
    }
  },
})
