import type { Fault } from '#domain/problem.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

const sourceFormats = ['openapi-3.0', 'openapi-3.1', 'swagger-2.0'] as const
export type SourceFormat = (typeof sourceFormats)[number]

const taken = 'OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0 are taken'

/** Says which specification a document follows, or why it is none that is taken. */
export function formatOf(value: Json): { format: SourceFormat; root: JsonObject } | { fault: Fault } {
  if (!isObject(value)) return refusal('', `This is not an OpenAPI document, but ${kindOf(value)}; ${taken}.`)
  if (Object.hasOwn(value, 'openapi')) return openApi(value)
  if (Object.hasOwn(value, 'swagger')) return swagger(value)
  if (Object.hasOwn(value, 'swaggerVersion')) {
    return refusal('/swaggerVersion', `Swagger ${shown(value['swaggerVersion'])} is not taken; ${taken}.`)
  }
  if (Object.hasOwn(value, 'asyncapi')) return refusal('/asyncapi', `AsyncAPI is not taken; ${taken}.`)
  return refusal('', `Neither “openapi” nor “swagger” says what this is; ${taken}.`)
}

function openApi(root: JsonObject): { format: SourceFormat; root: JsonObject } | { fault: Fault } {
  const version = root['openapi']
  if (typeof version !== 'string') {
    return refusal('/openapi', 'The version must be a text such as "3.0.3"; put it in quotes.')
  }
  if (/^3\.0\.\d+(-.+)?$/.test(version)) return { format: 'openapi-3.0', root }
  if (/^3\.1\.\d+(-.+)?$/.test(version)) return { format: 'openapi-3.1', root }
  return refusal('/openapi', `OpenAPI ${version.slice(0, 40)} is not taken; ${taken}.`)
}

function swagger(root: JsonObject): { format: SourceFormat; root: JsonObject } | { fault: Fault } {
  const version = root['swagger']
  // Unquoted in YAML it is the number 2; the meaning is plain and many documents have it so.
  if (version === '2.0' || version === 2) {
    return { format: 'swagger-2.0', root: { ...root, swagger: '2.0' } }
  }
  return refusal('/swagger', `Swagger ${shown(version)} is not taken; ${taken}.`)
}

function shown(version: Json | undefined): string {
  return (typeof version === 'string' ? version : (JSON.stringify(version) ?? '')).slice(0, 40)
}

function refusal(pointer: string, detail: string): { fault: Fault } {
  return { fault: { pointer, detail } }
}

function kindOf(value: Json): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? 'plain text' : `a ${typeof value}`
}
