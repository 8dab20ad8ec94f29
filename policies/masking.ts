import { describePolicy } from './definition.ts'
import { policyOf } from './index.ts'

/** What stands in the place of a secret. */
export const mask = '••••••••'

type Schema = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function masked(value: unknown, schema: unknown): unknown {
  if (!isObject(schema)) return value
  if (schema['sensitive'] === true) return mask
  if (Array.isArray(value)) return value.map((element) => masked(element, schema['items']))
  const { properties } = schema
  if (!isObject(value) || !isObject(properties)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, masked(inner, properties[key])]),
  )
}

/** A policy's configuration without what its schema calls sensitive. Of an unknown policy nothing is shown. */
export function maskedConfig(kind: string, config: unknown): unknown {
  const policy = policyOf(kind)
  return policy === undefined ? mask : masked(config, describePolicy(policy).schema)
}
