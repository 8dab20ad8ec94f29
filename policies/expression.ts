import type { Exchange } from './exchange.ts'
import { compilePlace, textOf } from './formula.ts'
import type { Value } from './formula-places.ts'

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

/** One value as text; lists and named values are none. */
function single(value: Value): string | undefined {
  return value === undefined || typeof value === 'object' ? undefined : textOf(value)
}

/**
 * Compiles an expression that names one value of a request.
 * @throws Error with the reason for everything else; nothing is guessed.
 */
export function compileExpression(text: string): Expression {
  const { read } = compilePlace(text)
  return (exchange) => single(read(exchange))
}

/**
 * Compiles an expression into all values that it has in a request, so that a second credential cannot hide behind
 * the first.
 * @throws Error as compileExpression does.
 */
export function compileValues(text: string): (exchange: Exchange) => readonly string[] {
  const { read, all } = compilePlace(text)
  if (all !== undefined) return all
  return (exchange) => {
    const value = single(read(exchange))
    return value === undefined ? [] : [value]
  }
}

/** Why a text is no such expression, or undefined when it is one. */
export function expressionFault(text: string): string | undefined {
  try {
    compilePlace(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
