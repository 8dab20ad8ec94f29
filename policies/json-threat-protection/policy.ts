import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { jsonFault, type JsonFault } from './scan.ts'

const bound = (title: string, description: string, standard: number) =>
  z
    .int()
    .min(-1)
    .max(1_000_000_000)
    .default(standard)
    .meta({ title, description: `${description}; -1 for no bound.`, examples: [standard] })

const config = z.strictObject({
  maxContainerDepth: bound('Depth', 'How deep objects and arrays may lie in each other', 32),
  maxObjectEntryCount: bound('Entries of an object', 'How many members one object may have', 1_000),
  maxObjectEntryNameLength: bound('Length of a name', 'Characters in the name of a member', 256),
  maxArrayElementCount: bound('Elements of an array', 'How many values one array may have', 10_000),
  maxStringValueLength: bound('Length of a text', 'Characters in one text', 65_536),
  maxBodyBytes: z.int().min(1).max(67_108_864).default(10_485_760).meta({
    title: 'Longest body',
    description: 'Bytes; the body is read whole before it goes on, and a longer one is refused with 413.',
    advanced: true,
  }),
})
type Config = z.infer<typeof config>

const details: Readonly<Record<JsonFault, string>> = {
  syntax: 'The body is not JSON.',
  depth: 'The body nests objects and arrays too deeply.',
  object_entries: 'An object in the body has too many members.',
  entry_name_length: 'The name of a member in the body is too long.',
  array_elements: 'An array in the body has too many values.',
  string_length: 'A text in the body is too long.',
}
const encoded: Refusal = {
  status: 415,
  code: 'json-threat-protection.encoded',
  detail: 'The body must come without a content coding.',
}

const jsonType = /^\s*(?:application\/json|text\/json|application\/[\w.!#$&^+-]+\+json)\s*(?:;|$)/i

function isJson(exchange: Exchange): boolean {
  const types = exchange.headerValues('content-type')
  // Without a type, or with several, it depends on the upstream what it takes the body for.
  return types.length !== 1 || jsonType.test(types[0] ?? '')
}

function isEncoded(exchange: Exchange): boolean {
  return exchange.headerValues('content-encoding').some((coding) => coding.toLowerCase() !== 'identity')
}

function firstByte(body: Uint8Array): number {
  return body.find((byte) => byte > 0x20) ?? -1
}

/** Refuses JSON bodies that are built to hurt whoever reads them. */
export const jsonThreatProtection = definePolicy<Config>({
  kind: 'json-threat-protection',
  policyVersion: '1.0.0',
  title: 'JSON threat protection',
  summary: 'Refuses JSON bodies that are malformed, too deep, too wide or too long.',
  category: 'traffic',
  config,
  summarise({ maxContainerDepth, maxObjectEntryCount, maxArrayElementCount, maxStringValueLength }) {
    const parts = [
      ...(maxContainerDepth < 0 ? [] : [`depth ${maxContainerDepth}`]),
      ...(maxObjectEntryCount < 0 ? [] : [`${maxObjectEntryCount} members`]),
      ...(maxArrayElementCount < 0 ? [] : [`${maxArrayElementCount} elements`]),
      ...(maxStringValueLength < 0 ? [] : [`texts of ${maxStringValueLength}`]),
    ]
    return parts.length === 0 ? 'JSON must be well-formed' : `At most ${parts.join(', ')}`
  },
  prepare({ maxBodyBytes, ...bounds }) {
    return {
      requestBody: {
        maxBytes: maxBodyBytes,
        wants: isJson,
        run(exchange, body) {
          if (body.length === 0) return undefined
          if (isEncoded(exchange)) return encoded
          const hasType = exchange.headerValues('content-type').length > 0
          // Something else than an object or array needs no protection where nobody calls it JSON.
          if (!hasType && firstByte(body) !== 0x7b && firstByte(body) !== 0x5b) return undefined
          const fault = jsonFault(body, bounds)
          if (fault === undefined) return undefined
          return { status: 400, code: `json-threat-protection.${fault}`, detail: details[fault] }
        },
      },
    }
  },
})
