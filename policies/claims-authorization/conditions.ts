import { claimAt, claimText, claimTexts, scopesOf } from '../claims.ts'
import type { Claims } from '../exchange.ts'
import type { ClaimsAuthorizationConfig, Condition } from './config.ts'

/** One thing that a token must say. */
export interface Demand {
  holds(claims: Claims): boolean
  /** Set where a scope is asked for, so that a refusal can name it. */
  readonly scope?: string
}

type Names = Pick<ClaimsAuthorizationConfig, 'agencyClaim' | 'rolesClaim'>

/** A condition as single demands; where it names several roles or scopes, each is a demand of its own. */
export function demandsOf(condition: Condition, { agencyClaim, rolesClaim }: Names): Demand[] {
  const { roles, scopes, agency, claim, op, value } = condition
  return [
    ...roles.map((role) => ({ holds: (claims: Claims) => has(claims, rolesClaim, role) })),
    ...scopes.map((scope) => ({ scope, holds: (claims: Claims) => scopesOf(claims).includes(scope) })),
    ...(agency.length > 0
      ? [{ holds: (claims: Claims) => agency.some((one) => has(claims, agencyClaim, one)) }]
      : []),
    ...(claim === '' ? [] : [{ holds: comparison(claim, op, value) }]),
  ]
}

function has(claims: Claims, name: string, text: string): boolean {
  return claimTexts(claimAt(claims, name)).includes(text)
}

function comparison(name: string, op: Condition['op'], value: string): Demand['holds'] {
  const several = new Set(value.split(',').map((part) => part.trim()))
  const number = Number(value)
  const numberOf = (claims: Claims) => {
    const text = claimText(claimAt(claims, name))
    return text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  }
  switch (op) {
    case 'equals':
      return (claims) => claimText(claimAt(claims, name)) === value
    case 'notEquals':
      // A claim that is missing says nothing, and that must not open a door.
      return (claims) => {
        const found = claimText(claimAt(claims, name))
        return found !== undefined && found !== value
      }
    case 'in':
      return (claims) => {
        const found = claimText(claimAt(claims, name))
        return found !== undefined && several.has(found)
      }
    case 'contains':
      return (claims) => has(claims, name, value)
    case 'exists':
      return (claims) => claimAt(claims, name) != null
    case 'greaterThan':
      return (claims) => numberOf(claims) > number
    case 'lessThan':
      return (claims) => numberOf(claims) < number
  }
}
