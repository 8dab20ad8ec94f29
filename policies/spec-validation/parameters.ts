import type { Exchange } from '../exchange.ts'
import { queryValues } from '../query.ts'
import type { Parameter } from './document.ts'
import type { Check, Schemas } from './schemas.ts'

/** Why a request is not as described. */
export interface Violation {
  readonly status: 400 | 404 | 405 | 415
  readonly code: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Looks at one parameter of a request. */
export type ParameterCheck = (
  exchange: Exchange,
  pathParameters: ReadonlyMap<string, string>,
) => Violation | undefined

function cookieValues(exchange: Exchange, name: string): string[] {
  return exchange
    .headerValues('cookie')
    .flatMap((line) => line.split(';'))
    .flatMap((pair) => {
      const equals = pair.indexOf('=')
      return equals !== -1 && pair.slice(0, equals).trim() === name ? [pair.slice(equals + 1).trim()] : []
    })
}

function valuesOf(parameter: Parameter): (...given: Parameters<ParameterCheck>) => readonly string[] {
  const { name } = parameter
  if (parameter.in === 'path')
    return (_exchange, path) => {
      const value = path.get(name)
      return value === undefined ? [] : [value]
    }
  if (parameter.in === 'query') return (exchange) => queryValues(exchange.query, name)
  if (parameter.in === 'header') return (exchange) => exchange.headerValues(name)
  return (exchange) => cookieValues(exchange, name)
}

/** The members of `filter[size]=7&filter[colour]=red`, or undefined where there is none. */
function deepObject(query: string, name: string): Record<string, string> | undefined {
  const entries = [...new URLSearchParams(query)].flatMap(([key, value]) =>
    key.startsWith(`${name}[`) && key.endsWith(']') ? [[key.slice(name.length + 1, -1), value] as const] : [],
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function checkOf(parameter: Parameter, schemas: Schemas): Check {
  if (parameter.schema === undefined) return () => undefined
  return parameter.isJson ? schemas.json(parameter.schema) : schemas.text(parameter.schema)
}

function wrong({ in: place, name }: Parameter, reason: string): Violation {
  return {
    status: 400,
    code: 'spec-validation.parameter_invalid',
    detail: `The ${place} parameter ${name} ${reason}.`,
  }
}

/** What a value may mean: itself, or a list; the schema decides. */
function readings({ isJson, separator }: Parameter, values: readonly string[]): unknown[] {
  const [first = '', ...more] = values
  if (isJson) return more.length === 0 ? [parsed(first)] : [undefined]
  if (more.length > 0) return [values]
  const list = separator === undefined ? [first] : first.split(separator)
  return [first, list]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Compiles the check of one parameter. */
export function parameterCheck(parameter: Parameter, schemas: Schemas): ParameterCheck {
  const check = checkOf(parameter, schemas)
  const valuesIn = valuesOf(parameter)
  const missing: Violation = {
    status: 400,
    code: 'spec-validation.parameter_missing',
    detail: `The ${parameter.in} parameter ${parameter.name} is missing.`,
  }
  const judge = (candidates: readonly unknown[]) => {
    const faults = candidates.map((candidate) => check(candidate))
    if (faults.includes(undefined)) return undefined
    const [first] = faults
    const where = first?.pointer === '' ? '' : `at ${first?.pointer} `
    return wrong(parameter, `${where}${first?.message ?? 'is not as described'}`)
  }
  return (exchange, path) => {
    if (parameter.isDeepObject) {
      const members = deepObject(exchange.query, parameter.name)
      if (members === undefined) return parameter.isRequired ? missing : undefined
      return judge([members])
    }
    const values = valuesIn(exchange, path)
    if (values.length === 0) return parameter.isRequired ? missing : undefined
    const candidates = readings(parameter, values)
    if (parameter.isJson && candidates[0] === undefined) return wrong(parameter, 'is not JSON')
    return judge(candidates)
  }
}
