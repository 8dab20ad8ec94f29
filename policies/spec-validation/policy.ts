import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { answersFor, type CheckedOperation, type Checks, compileChecks, contentFor } from './operations.ts'
import type { Violation } from './parameters.ts'

const kind = 'spec-validation'
const specBytesMax = 5_000_000

const config = z
  .strictObject({
    source: z.enum(['context', 'inline']).default('context').meta({
      title: 'Specification',
      description:
        'context: the OpenAPI document that the API was imported with. inline: the one given here.',
    }),
    spec: z
      .string()
      .max(specBytesMax)
      .default('')
      .meta({ title: 'OpenAPI document', description: 'As JSON, for inline.', multiline: true }),
    apiBasePath: z
      .string()
      .max(500)
      .regex(/^(?:\/|(?:\/[^/?#\s]+)*)$/, { error: 'begins with / and ends without one' })
      .default('')
      .meta({
        title: 'Base path',
        description: 'What stands before the paths of the specification, behind the base path of the API.',
        examples: ['/v1'],
      }),
    blockOperation: z.boolean().default(true).meta({
      title: 'Refuse',
      description:
        'Requests that are not as described are refused. Off: they pass, and are counted and logged. Answers are never held back.',
    }),
    strictParamsValidation: z.boolean().default(false).meta({
      title: 'Known parameters only',
      description: 'Query parameters that are not described count as wrong.',
    }),
    maxBodyBytes: z.int().min(1).max(16_777_216).default(1_048_576).meta({
      title: 'Longest body',
      description:
        'Longer ones, in bytes, are refused with 413 where their content would be checked; while only reporting they pass unchecked.',
      advanced: true,
    }),
  })
  .refine(({ source, spec }) => (source === 'inline') === (spec !== ''), {
    path: ['spec'],
    error: 'belongs to source inline, and to that alone',
  })
type Config = z.infer<typeof config>

/** Of one kind of violation of one operation at most one line in this time. */
const logEveryMs = 10_000

/** What is known of one request. */
interface Course {
  readonly operation: CheckedOperation
  readonly path: ReadonlyMap<string, string>
}

function documentOf({ source, spec }: Config, ports: Ports): unknown {
  if (source === 'context') {
    if (ports.api.document !== undefined) return ports.api.document
    throw new Error('the API has no OpenAPI document; import one, or give it inline')
  }
  try {
    return JSON.parse(spec) as unknown
  } catch (error) {
    throw new Error(`the specification is not JSON: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    })
  }
}

/** Counts what is wrong and says it in the log, seldom. */
function reporter(ports: Ports) {
  const saidAtMs = new Map<string, number>()
  return (where: 'request' | 'answer', operation: string, violation: { code: string; detail: string }) => {
    ports.count('violations', { where, code: violation.code })
    const what = `${operation} ${violation.code}`
    const now = ports.monotonicMs()
    if (now - (saidAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < logEveryMs) return
    saidAtMs.set(what, now)
    ports.log('warn', violation.code, { where, operation, detail: violation.detail })
  }
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

function unknownParameter({ query }: Exchange, operation: CheckedOperation, checks: Checks) {
  if (query.length < 2) return undefined
  const unknown = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map(nameOf)
    .find(
      (name) =>
        !operation.queryNames.has(name) &&
        !checks.credentialParameters.has(name) &&
        !operation.deepNames.some((deep) => name.startsWith(`${deep}[`)),
    )
  if (unknown === undefined) return undefined
  const detail = `The specification has no query parameter ${unknown.slice(0, 100)} here.`
  return { status: 400, code: `${kind}.parameter_unknown`, detail } as const
}

/** Without a length it is not known before it has come. */
function isWithoutBody(exchange: Exchange): boolean {
  return exchange.header('content-length') === '0'
}

/** What can be said of a body before it has come. */
function bodyHeadViolation(exchange: Exchange, { body }: CheckedOperation): Violation | undefined {
  if (body === undefined) return undefined
  if (isWithoutBody(exchange)) return body.isRequired ? missingBody : undefined
  const type = exchange.header('content-type')
  return type === undefined || contentFor(body.content, type) !== 'unknown' ? undefined : wrongType(body)
}

function wrongType({ content }: NonNullable<CheckedOperation['body']>): Violation {
  const detail = `The specification takes ${[...content.keys()].join(', ') || 'no body'} here.`
  return { status: 415, code: `${kind}.media_type_unknown`, detail }
}

const missingBody: Violation = {
  status: 400,
  code: `${kind}.body_missing`,
  detail: 'The specification wants a body here.',
}

function requestViolation(
  exchange: Exchange,
  { operation, path }: Course,
  checks: Checks,
  isStrict: boolean,
): Violation | undefined {
  for (const check of operation.parameters) {
    const violation = check(exchange, path)
    if (violation !== undefined) return violation
  }
  const unknown = isStrict ? unknownParameter(exchange, operation, checks) : undefined
  return unknown ?? bodyHeadViolation(exchange, operation)
}

function bodyCheckOf(exchange: Exchange, { operation: { body } }: Course) {
  const type = exchange.header('content-type')
  if (body === undefined || type === undefined) return undefined
  const check = contentFor(body.content, type)
  return typeof check === 'function' ? check : undefined
}

/** Why a whole body is not as described. */
function bodyViolation(exchange: Exchange, course: Course, bytes: Uint8Array): Violation | undefined {
  const { body } = course.operation
  if (body === undefined) return undefined
  if (bytes.length === 0) return body.isRequired ? missingBody : undefined
  if (exchange.header('content-type') === undefined) return wrongType(body)
  const fault = bodyCheckOf(exchange, course)?.(bytes)
  if (fault === undefined) return undefined
  const where = fault.pointer === '' ? 'The body' : `The body at ${fault.pointer}`
  return { status: 400, code: `${kind}.body_invalid`, detail: `${where} ${fault.message}.` }
}

function isTooLong(exchange: Exchange, bytesMax: number): boolean {
  const length = exchange.header('content-length')
  return length === undefined || Number(length) > bytesMax
}

/** Looks at answers, which are on their way and can only be reported. */
function answerPhase(courses: WeakMap<Exchange, Course>, given: Config, ports: Ports) {
  const report = reporter(ports)
  const checkOf = (exchange: Exchange, { operation }: Course) => {
    const content = answersFor(operation, exchange.status)
    if (content === undefined) {
      if (operation.answers.size > 0)
        report('answer', operation.name, {
          code: `${kind}.answer_status_unknown`,
          detail: `The specification has no answer of status ${exchange.status} here.`,
        })
      return undefined
    }
    const type = exchange.responseHeader('content-type')
    if (type === undefined || content.size === 0) return undefined
    const check = contentFor(content, type)
    if (check === 'unknown')
      report('answer', operation.name, {
        code: `${kind}.answer_media_type_unknown`,
        detail: `The specification has ${[...content.keys()].join(', ')} here.`,
      })
    return typeof check === 'function' ? check : undefined
  }
  const checks = new WeakMap<Exchange, ReturnType<typeof checkOf>>()
  return {
    maxBytes: given.maxBodyBytes,
    wants(exchange: Exchange): boolean {
      const course = courses.get(exchange)
      if (course === undefined || exchange.method === 'HEAD' || exchange.status === 304) return false
      const check = checkOf(exchange, course)
      if (check === undefined) return false
      if (exchange.responseHeader('content-encoding') !== undefined) {
        ports.count('unchecked', { where: 'answer' })
        return false
      }
      checks.set(exchange, check)
      return true
    },
    run(exchange: Exchange, body: Uint8Array | null): void {
      const fault = body === null ? undefined : checks.get(exchange)?.(body)
      if (body === null) ports.count('unchecked', { where: 'answer' })
      if (fault === undefined) return
      const name = courses.get(exchange)?.operation.name ?? ''
      const detail = `${fault.pointer === '' ? 'The body' : fault.pointer} ${fault.message}.`
      report('answer', name, { code: `${kind}.answer_invalid`, detail })
    },
  }
}

/** Holds requests to what the API's OpenAPI document says of them, and reports answers that are otherwise. */
export const specValidation = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'Specification check',
  summary: 'Refuses requests that are not as the OpenAPI document says, or only reports them.',
  category: 'shape',
  config,
  summarise: ({ blockOperation, strictParamsValidation }) =>
    `${blockOperation ? 'Refuses' : 'Reports'} what is not as described${strictParamsValidation ? ', unknown parameters too' : ''}`,
  prepare(given, ports) {
    const { blockOperation, strictParamsValidation, maxBodyBytes } = given
    const apiBasePath = given.apiBasePath === '/' ? '' : given.apiBasePath
    const checks = compileChecks(documentOf(given, ports), ports.monotonicMs)
    const report = reporter(ports)
    const courses = new WeakMap<Exchange, Course>()
    const said = (operation: string, violation: Violation): Refusal | undefined => {
      report('request', operation, violation)
      return blockOperation ? violation : undefined
    }
    return {
      onRequest(exchange) {
        courses.delete(exchange)
        const { resourcePath, method } = exchange
        const isInside = resourcePath === apiBasePath || resourcePath.startsWith(`${apiBasePath}/`)
        const found = checks.find(exchange, isInside ? resourcePath.slice(apiBasePath.length) || '/' : '')
        if ('status' in found) return said(`${method} (unknown)`, found)
        const course = { operation: found.value, path: found.parameters }
        courses.set(exchange, course)
        const violation = requestViolation(exchange, course, checks, strictParamsValidation)
        return violation === undefined ? undefined : said(course.operation.name, violation)
      },
      requestBody: {
        maxBytes: maxBodyBytes,
        wants(exchange) {
          const course = courses.get(exchange)
          if (course?.operation.body === undefined || isWithoutBody(exchange)) return false
          const isUntyped = exchange.header('content-type') === undefined
          if (!isUntyped && bodyCheckOf(exchange, course) === undefined) return false
          if (blockOperation || !isTooLong(exchange, maxBodyBytes)) return true
          ports.count('unchecked', { where: 'request' })
          return false
        },
        run(exchange, body) {
          const course = courses.get(exchange)
          const violation = course && bodyViolation(exchange, course, body)
          return course && violation && said(course.operation.name, violation)
        },
      },
      responseBody: answerPhase(courses, given, ports),
    }
  },
})
