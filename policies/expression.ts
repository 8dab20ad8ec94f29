import { claimAt, claimText } from './claims.ts'
import type { Exchange } from './exchange.ts'
import { isToken } from './header-fields.ts'
import { queryValues } from './query.ts'

/** Reads one value from a request, or finds none. */
export type Expression = (exchange: Exchange) => string | undefined

/** What an expression may say, as messages and forms quote it. */
export const expressionForms = [
  "#[attributes.headers['name']]",
  "#[attributes.queryParams['name']]",
  '#[attributes.remoteAddress]',
  '#[authentication.clientId]',
  "#[authentication.claims['name']]",
] as const

const claim =
  /^authentication\.claims(?:\.([A-Za-z_$][\w$]{0,200})|\['([^'\\]{1,200})'\]|\["([^"\\]{1,200})"\])$/
const indexed = /^attributes\.(headers|queryParams)\[(?:'([^'\\]{1,200})'|"([^"\\]{1,200})")\]$/

export function isExpression(text: string): boolean {
  return text.startsWith('#[')
}

/**
 * Compiles the subset of Flex expressions that is offered.
 * @throws Error with the reason for everything else; nothing is guessed.
 */
export function compileExpression(text: string): Expression {
  if (!text.startsWith('#[') || !text.endsWith(']')) throw new Error(`${text} is not of the form #[…]`)
  const inner = text.slice(2, -1).trim()
  if (inner === 'attributes.remoteAddress') return (exchange) => exchange.remoteAddress
  if (inner === 'authentication.clientId') return (exchange) => exchange.client?.id
  const claimed = claim.exec(inner)
  if (claimed !== null) {
    const path = claimed[1] ?? claimed[2] ?? claimed[3] ?? ''
    return (exchange) => claimText(claimAt(exchange.claims, path))
  }
  const match = indexed.exec(inner)
  if (match === null) throw new Error(`${text} is not one of ${expressionForms.join(', ')}`)
  const name = match[2] ?? match[3] ?? ''
  if (match[1] === 'queryParams') return (exchange) => queryValues(exchange.query, name)[0]
  if (!isToken(name)) throw new Error(`${name} is not a header name`)
  const lower = name.toLowerCase()
  return (exchange) => exchange.header(lower)
}

/**
 * Compiles an expression into all values that it has in a request, so that a second credential cannot hide behind
 * the first.
 * @throws Error as compileExpression does.
 */
export function compileValues(text: string): (exchange: Exchange) => readonly string[] {
  const one = compileExpression(text)
  const match = indexed.exec(text.slice(2, -1).trim())
  const name = match?.[2] ?? match?.[3] ?? ''
  if (match?.[1] === 'headers') {
    const lower = name.toLowerCase()
    return (exchange) => exchange.headerValues(lower)
  }
  if (match?.[1] === 'queryParams') return (exchange) => queryValues(exchange.query, name)
  return (exchange) => {
    const value = one(exchange)
    return value === undefined ? [] : [value]
  }
}

/** Why a text is no such expression, or undefined when it is one. */
export function expressionFault(text: string): string | undefined {
  try {
    compileExpression(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
