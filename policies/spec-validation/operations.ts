import type { Exchange } from '../exchange.ts'
import { type Content, type Operation, readSpecification } from './document.ts'
import { type ParameterCheck, parameterCheck, type Violation } from './parameters.ts'
import { type Check, Schemas } from './schemas.ts'
import { type Matched, Templates } from './templates.ts'

/** An operation with everything compiled. */
export interface CheckedOperation {
  readonly name: string
  readonly method: string
  readonly parameters: readonly ParameterCheck[]
  readonly queryNames: ReadonlySet<string>
  readonly deepNames: readonly string[]
  readonly body: { readonly isRequired: boolean; readonly content: CheckedContent } | undefined
  readonly answers: ReadonlyMap<string, CheckedContent>
}
/** Media types (also `text/*`) with what bodies of them must be; undefined where nothing is checked. */
type CheckedContent = ReadonlyMap<string, BodyCheck | undefined>
type BodyCheck = (body: Uint8Array) => Fault | undefined

export interface Fault {
  readonly pointer: string
  readonly message: string
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function jsonBody(check: Check): BodyCheck {
  return (body) => {
    let value: unknown
    try {
      value = JSON.parse(decoder.decode(body))
    } catch {
      return { pointer: '', message: 'is not JSON' }
    }
    return check(value)
  }
}

function formBody(check: Check): BodyCheck {
  return (body) => {
    const fields = new URLSearchParams(new TextDecoder().decode(body))
    const value = Object.fromEntries(
      [...new Set(fields.keys())].map((name) => {
        const values = fields.getAll(name)
        return [name, values.length === 1 ? values[0] : values]
      }),
    )
    return check(value)
  }
}

function isJson(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json') || type === 'text/json'
}

function checkedContent(content: Content, schemas: Schemas): CheckedContent {
  return new Map(
    [...content].map(([type, schema]) => {
      if (schema === undefined) return [type, undefined]
      if (isJson(type)) return [type, jsonBody(schemas.json(schema))]
      if (type === 'application/x-www-form-urlencoded') return [type, formBody(schemas.text(schema))]
      return [type, undefined]
    }),
  )
}

function checked(operation: Operation, schemas: Schemas): CheckedOperation {
  const { name, method, parameters, body, answers } = operation
  const ofQuery = parameters.filter((parameter) => parameter.in === 'query')
  return {
    name,
    method,
    parameters: parameters.map((parameter) => parameterCheck(parameter, schemas)),
    queryNames: new Set(ofQuery.map((parameter) => parameter.name)),
    deepNames: ofQuery.filter((parameter) => parameter.isDeepObject).map((parameter) => parameter.name),
    body: body && { isRequired: body.isRequired, content: checkedContent(body.content, schemas) },
    answers: new Map([...answers].map(([status, content]) => [status, checkedContent(content, schemas)])),
  }
}

/** What a document says of an API, compiled. */
export interface Checks {
  /** The operation of a request, or why there is none. */
  find(exchange: Exchange, path: string): Matched<CheckedOperation> | Violation
  readonly credentialParameters: ReadonlySet<string>
}

/** @throws Error with the reason where a document cannot be checked against. */
export function compileChecks(document: unknown, monotonicMs: () => number): Checks {
  const { root, operations, credentialParameters } = readSpecification(document)
  const schemas = new Schemas(root, monotonicMs)
  const templates = new Templates<CheckedOperation>()
  for (const operation of operations) templates.add(operation.template, checked(operation, schemas))
  return {
    credentialParameters,
    find({ method }, path) {
      const found = templates.find(path)
      const exact = found.find(({ value }) => value.method === method)
      // RFC 9110 §9.3.2: HEAD is GET without the body.
      const matched =
        exact ?? (method === 'HEAD' ? found.find(({ value }) => value.method === 'GET') : undefined)
      if (matched !== undefined) return matched
      if (found.length === 0) return unknownPath
      const allow = [...new Set(found.map(({ value }) => value.method))].join(', ')
      const detail = `The specification has no ${method} here.`
      return { status: 405, code: 'spec-validation.method_unknown', detail, headers: { allow } }
    },
  }
}

const unknownPath: Violation = {
  status: 404,
  code: 'spec-validation.path_unknown',
  detail: 'The specification has no such path.',
}

/** What is said of a media type: by its name, its family, or all of them. */
export function contentFor(content: CheckedContent, contentType: string): BodyCheck | undefined | 'unknown' {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  for (const name of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    if (!content.has(name)) continue
    return content.get(name)
  }
  return 'unknown'
}

/** What is said of the answers of a status. */
export function answersFor({ answers }: CheckedOperation, status: number): CheckedContent | undefined {
  return answers.get(String(status)) ?? answers.get(`${Math.floor(status / 100)}XX`) ?? answers.get('DEFAULT')
}
