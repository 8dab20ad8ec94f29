import type { Fault } from '#domain/problem.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { readJson } from './json-source.ts'
import { limits } from './limits.ts'
import { type Operation, operationsOf, pathFaults } from './paths.ts'
import { type PlaceWalk, placeFaults } from './places.ts'
import { referenceFaults } from './references.ts'
import { schemaFaults } from './schema.ts'
import { valueFaults } from './values.ts'
import { formatOf, type SourceFormat } from './version.ts'
import { readYaml } from './yaml-source.ts'

/** An OpenAPI document, read whole. */
export interface ImportedDocument {
  title: string
  /** info.version: the API's own version. */
  label: string
  description: string
  sourceFormat: SourceFormat
  /** Absolute where the document says so, with the defaults of its variables filled in. */
  servers: string[]
  operations: Operation[]
  /** What was noticed and prevents nothing. */
  notes: string[]
  /** OpenAPI 3: what was given, or what Swagger 2.0 was converted to. */
  definition: JsonObject
}

const unversioned = 'unversioned'

export type Imported = { document: ImportedDocument } | { faults: Fault[] }

/** Turns Swagger 2.0 into OpenAPI 3.0; throws an Error that says what cannot be converted. */
export type SwaggerConverter = (swagger: JsonObject) => Promise<{ definition: JsonObject; notes: string[] }>

/** Reads an OpenAPI document in YAML or JSON: whole, or not at all with every reason placed. */
export async function importDocument(given: string, convert: SwaggerConverter): Promise<Imported> {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  const unreadable = unreadableFault(text)
  if (unreadable) return { faults: [{ pointer: '', line: 1, column: 1, detail: unreadable }] }
  const source = /^\s*[[{]/.test(text) ? readJsonOrFlow(text) : readYaml(text)
  if ('faults' in source) return source
  const checked = check(source.value)
  if ('faults' in checked) return { faults: placeFaults(text, source.walk, checked.faults) }
  const { format, root } = checked
  if (format !== 'swagger-2.0') return { document: summarise(format, root, root, []) }
  return convertSwagger(root, convert, (faults) => placeFaults(text, source.walk, faults))
}

/** Lines and columns for what is said of a document that can be read. */
export function placedIn(given: string, faults: readonly Fault[]): Fault[] {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  const source = /^\s*[[{]/.test(text) ? readJsonOrFlow(text) : readYaml(text)
  return 'faults' in source ? [...faults] : placeFaults(text, source.walk, faults)
}

// YAML may begin with a brace too; then JSON's complaint is kept unless YAML reads it.
function readJsonOrFlow(text: string): { value: Json; walk: PlaceWalk } | { faults: Fault[] } {
  const asJson = readJson(text)
  if (!('faults' in asJson) || text.length > 1_000_000) return asJson
  if (!asJson.faults[0]?.detail.startsWith('Not valid JSON')) return asJson
  const asYaml = readYaml(text)
  return 'faults' in asYaml ? asJson : asYaml
}

function unreadableFault(text: string): string | null {
  if (text.length > limits.lengthMax) {
    const [length, most] = [text.length, limits.lengthMax].map((count) => count.toLocaleString('en'))
    return `The document has ${length} characters; ${most} are taken at most.`
  }
  if (text.trim() === '') return 'The document is empty.'
  if (/^\s*</.test(text)) return 'This is HTML or XML, not an OpenAPI document in YAML or JSON.'
  if (text.startsWith('PK\u0003\u0004')) return 'This is a ZIP archive; give the document itself.'
  if (text.startsWith('#%RAML'))
    return 'RAML is not taken; OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0 are taken.'
  if (text.includes('\0'))
    return 'The text contains NUL characters: it is binary, or in an encoding not known.'
  return null
}

function check(value: Json): { format: SourceFormat; root: JsonObject } | { faults: Fault[] } {
  const faults = valueFaults(value)
  if (faults.length > 0) return { faults }
  const known = formatOf(value)
  if ('fault' in known) return { faults: [known.fault] }
  // In this order, since each later check words its faults worse when an earlier one would have failed.
  for (const found of [pathFaults, referenceFaults, infoFaults]) {
    const first = found(known.root)
    if (first.length > 0) return { faults: first }
  }
  const invalid = schemaFaults(known.format, known.root)
  if (invalid.length > 0) return { faults: invalid }
  const { faults: circular } = operationsOf(known.root)
  return circular.length > 0 ? { faults: circular } : known
}

function infoFaults(root: JsonObject): Fault[] {
  const info = root['info']
  if (!isObject(info))
    return [{ pointer: '', detail: '“info” is missing: it names the API and its version.' }]
  const wrongLength = (name: string, max: number): Fault[] => {
    const text = info[name]
    if (typeof text !== 'string') return []
    if (text.length <= max) return []
    return [
      { pointer: `/info/${name}`, detail: `It has ${text.length} characters; ${max} are taken at most.` },
    ]
  }
  return [...wrongLength('title', limits.titleMax), ...wrongLength('version', limits.labelMax)]
}

async function convertSwagger(
  root: JsonObject,
  convert: SwaggerConverter,
  place: (faults: Fault[]) => Fault[],
): Promise<Imported> {
  try {
    const { definition, notes } = await convert(root)
    return { document: summarise('swagger-2.0', root, definition, notes) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { faults: place([{ pointer: '', detail: `Swagger 2.0 cannot be converted here: ${reason}` }]) }
  }
}

function summarise(
  sourceFormat: SourceFormat,
  given: JsonObject,
  definition: JsonObject,
  converted: string[],
): ImportedDocument {
  const info = isObject(given['info']) ? given['info'] : {}
  const { operations } = operationsOf(definition)
  return {
    title: textOf(info['title']).trim(),
    label: textOf(info['version']).trim() || unversioned,
    description: textOf(info['description']),
    sourceFormat,
    servers: serversOf(definition),
    operations,
    notes: [...converted, ...notesOnInfo(info), ...notesOn(operations)],
    definition,
  }
}

function notesOnInfo(info: JsonObject): string[] {
  const notes: string[] = []
  if (textOf(info['title']).trim() === '') notes.push('It has no title.')
  if (textOf(info['version']).trim() === '')
    notes.push(`It does not say its version; “${unversioned}” stands for it.`)
  return notes
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function serversOf(definition: JsonObject): string[] {
  const servers = definition['servers']
  if (!Array.isArray(servers)) return []
  return servers.filter(isObject).map((server) => {
    const variables = isObject(server['variables']) ? server['variables'] : {}
    return textOf(server['url']).replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
      const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
      return isObject(variable) ? textOf(variable['default']) : whole
    })
  })
}

function notesOn(operations: readonly Operation[]): string[] {
  const notes: string[] = []
  if (operations.length === 0) notes.push('It describes no operation.')
  const ids = operations.flatMap(({ operationId }) => operationId ?? [])
  const repeated = ids.length - new Set(ids).size
  if (repeated > 0) notes.push(`${repeated} operation ids are used more than once.`)
  const unreachable = operations.filter(({ path }) => /[?#]/.test(path)).length
  if (unreachable > 0) {
    notes.push(
      `${unreachable} operations have a query or a fragment in their path, which no request path has.`,
    )
  }
  return notes
}
