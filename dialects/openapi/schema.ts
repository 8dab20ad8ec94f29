import v20 from '@seriousme/openapi-schema-validator/schemas/v2.0/schema.json' with { type: 'json' }
import v30 from '@seriousme/openapi-schema-validator/schemas/v3.0/schema.json' with { type: 'json' }
import v31 from '@seriousme/openapi-schema-validator/schemas/v3.1/schema.json' with { type: 'json' }
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import Ajv04 from 'ajv-draft-04'
import formats from 'ajv-formats'
import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { type JsonObject } from './json.ts'
import { limits } from './limits.ts'
import type { SourceFormat } from './version.ts'

// RFC 3986 forbids the braces in `#/paths/~1orders~1{id}`; everybody writes them. Where references lead is
// checked apart (references.ts).
const reference = /^[^\s\p{Cc}]*$/u

// The official schemas use annotations that Ajv's strict mode does not know.
const options = { strict: false, allErrors: false, logger: false } as const
const compiled = new Map<SourceFormat, ValidateFunction>()

/** Checks a document against the official JSON Schema of its version. */
export function schemaFaults(format: SourceFormat, document: JsonObject): Fault[] {
  const validate = validatorOf(format)
  if (validate(document)) return []
  return faultsOf(validate.errors ?? [])
}

function validatorOf(format: SourceFormat): ValidateFunction {
  const known = compiled.get(format)
  if (known) return known
  const made = compile(format)
  compiled.set(format, made)
  return made
}

function compile(format: SourceFormat): ValidateFunction {
  if (format === 'openapi-3.1') {
    const ajv = new Ajv2020(options)
    formats.default(ajv)
    ajv.addFormat('media-range', true)
    ajv.addFormat('uri-reference', reference)
    return ajv.compile(v31)
  }
  const ajv = new Ajv04(options)
  formats.default(ajv)
  ajv.addFormat('uri-reference', reference)
  return ajv.compile(format === 'openapi-3.0' ? v30 : v20)
}

// These only say that something below them failed, which has an error of its own.
const wrappers = new Set(['oneOf', 'anyOf', 'allOf', 'not', 'if', '$ref', '$dynamicRef', 'dependentSchemas'])

/**
 * What is wrong, out of the many errors of a failed alternative: the deepest ones, since the alternative that
 * went furthest is most likely the one that was meant. “$ref is missing” is always the alternative not meant.
 */
function faultsOf(errors: readonly ErrorObject[]): Fault[] {
  const telling = errors.filter(
    (error) => !wrappers.has(error.keyword) && !(error.keyword === 'required' && missing(error) === '$ref'),
  )
  const chosen = telling.length > 0 ? telling : errors
  const depth = Math.max(...chosen.map((error) => segmentsOf(error.instancePath).length))
  const faults = chosen
    .filter((error) => segmentsOf(error.instancePath).length === depth)
    .map((error) => ({ pointer: placeOf(error), detail: detailOf(error) }))
  const seen = new Map(faults.map((fault) => [`${fault.pointer} ${fault.detail}`, fault]))
  return [...seen.values()].slice(0, limits.faultsMax)
}

function missing(error: ErrorObject): string {
  return String(error.params['missingProperty'])
}

function placeOf(error: ErrorObject): string {
  const extra: unknown = error.params['additionalProperty'] ?? error.params['unevaluatedProperty']
  return typeof extra === 'string' ? error.instancePath + pointerOf([extra]) : error.instancePath
}

function detailOf(error: ErrorObject): string {
  const { params } = error
  switch (error.keyword) {
    case 'required':
      return `“${missing(error)}” is missing.`
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `“${String(params['additionalProperty'] ?? params['unevaluatedProperty'])}” does not belong here.`
    case 'type':
      return `This must be of the type ${[params['type']].flat().join(' or ')}.`
    case 'enum':
      return `This must be one of ${JSON.stringify(params['allowedValues'])}.`
    case 'const':
      return `This must be ${JSON.stringify(params['allowedValue'])}.`
    case 'format':
      return `This must have the format ${String(params['format'])}.`
    default:
      return `This ${error.message ?? 'does not fit the specification'}.`
  }
}
