import { pointerOf } from '#domain/json-pointer.ts'

/** A policy's JSON Schema as a form reads it: a closed set of fields, each with its words and limits. */

interface Words {
  title: string
  description: string | null
  examples: readonly unknown[]
  default: unknown
  required: boolean
  /** Seldom needed: folded away under the others. */
  advanced: boolean
  /** Not offered; a value that is there is kept. */
  hidden: boolean
}

export type FormField = Words &
  (
    | {
        type: 'text'
        lengthMin: number
        lengthMax: number
        pattern: string | null
        /** Certificates, documents and the like. */
        multiline: boolean
        /** Never shown again once it is saved. */
        sensitive: boolean
      }
    /** The id of something that is chosen by its name. */
    | { type: 'reference'; to: 'mtls-context' }
    | { type: 'number'; integer: boolean; min: number; max: number }
    | { type: 'boolean' }
    | { type: 'choice'; options: readonly (string | number)[] }
    | { type: 'list'; item: FormField; itemsMin: number; itemsMax: number }
    | { type: 'group'; members: readonly FormMember[] }
    /** What a form cannot draw; it is edited as YAML. */
    | { type: 'other' }
  )

export interface FormMember {
  key: string
  field: FormField
}

type Schema = Readonly<Record<string, unknown>>

/** Reads a schema into fields. Unknown shapes become `other`, never nothing. */
export function readSchema(schema: Schema, key = '', required = false): FormField {
  const words: Words = {
    title: typeof schema['title'] === 'string' ? schema['title'] : titleOf(key),
    description: typeof schema['description'] === 'string' ? schema['description'] : null,
    examples: Array.isArray(schema['examples']) ? schema['examples'] : [],
    default: schema['default'],
    required: required && schema['default'] === undefined,
    advanced: schema['advanced'] === true,
    hidden: schema['hidden'] === true,
  }
  const options = optionsOf(schema)
  if (options) return { ...words, type: 'choice', options }
  if (schema['reference'] === 'mtls-context') return { ...words, type: 'reference', to: 'mtls-context' }
  switch (schema['type']) {
    case 'string':
      return {
        ...words,
        type: 'text',
        lengthMin: numberIn(schema['minLength'], 0),
        lengthMax: numberIn(schema['maxLength'], Number.POSITIVE_INFINITY),
        pattern: typeof schema['pattern'] === 'string' ? schema['pattern'] : null,
        multiline: schema['multiline'] === true,
        sensitive: schema['sensitive'] === true,
      }
    case 'integer':
    case 'number':
      return {
        ...words,
        type: 'number',
        integer: schema['type'] === 'integer',
        min: numberIn(schema['minimum'], Number.NEGATIVE_INFINITY),
        max: numberIn(schema['maximum'], Number.POSITIVE_INFINITY),
      }
    case 'boolean':
      return { ...words, type: 'boolean' }
    case 'array':
      return {
        ...words,
        type: 'list',
        item: readSchema(asSchema(schema['items'])),
        itemsMin: numberIn(schema['minItems'], 0),
        itemsMax: numberIn(schema['maxItems'], Number.POSITIVE_INFINITY),
      }
    case 'object':
      return schema['properties'] === undefined
        ? { ...words, type: 'other' }
        : { ...words, type: 'group', members: membersOf(schema) }
    default:
      return { ...words, type: 'other' }
  }
}

// What must be said comes first, then what is usual, then the rest; within these the policy's own order holds.
function membersOf(schema: Schema): FormMember[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : [])
  const members = Object.entries(asSchema(schema['properties'])).map(([key, property]) => ({
    key,
    field: readSchema(asSchema(property), key, required.has(key)),
  }))
  const rank = ({ field }: FormMember) => (field.advanced ? 2 : field.required ? 0 : 1)
  return members.toSorted((a, b) => rank(a) - rank(b))
}

function optionsOf(schema: Schema): (string | number)[] | null {
  const { enum: listed } = schema
  if (!Array.isArray(listed)) return null
  return listed.every((value) => typeof value === 'string' || typeof value === 'number') ? listed : null
}

function asSchema(value: unknown): Schema {
  // Anything that is no object has no keywords, which reads as `other`.
  return typeof value === 'object' && value !== null ? (value as Schema) : {}
}

function numberIn(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function titleOf(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** What a field holds before anybody writes in it: its default, or the least that has its shape. */
export function startValue(field: FormField): unknown {
  if (field.default !== undefined) return structuredClone(field.default)
  switch (field.type) {
    case 'text':
    case 'number':
    case 'reference':
      return ''
    case 'boolean':
      return false
    case 'choice':
      return field.options[0]
    case 'list':
      return Array.from({ length: field.itemsMin }, () => startValue(field.item))
    case 'group':
      return Object.fromEntries(
        field.members
          .filter(
            ({ field: { hidden, required, default: usual } }) => !hidden && (required || usual !== undefined),
          )
          .map((member) => [member.key, startValue(member.field)]),
      )
    case 'other':
      return undefined
  }
}

/** Where what is written does not fit the field, by pointer; what only the server knows, it says. */
export function faultsIn(
  field: FormField,
  value: unknown,
  pointer = '',
): { pointer: string; detail: string }[] {
  const fault = (detail: string) => [{ pointer, detail }]
  if (value === undefined) return field.required ? fault('must be given') : []
  switch (field.type) {
    case 'text':
      return textFault(field, value).flatMap(fault)
    case 'number':
      return numberFault(field, value).flatMap(fault)
    case 'choice':
      return field.options.some((option) => option === value) ? [] : fault('choose one')
    case 'list': {
      if (!Array.isArray(value)) return fault('must be a list')
      if (value.length < field.itemsMin) return fault(`needs at least ${field.itemsMin}`)
      if (value.length > field.itemsMax) return fault(`may have ${field.itemsMax} at most`)
      return value.flatMap((item, index) => faultsIn(field.item, item, `${pointer}/${index}`))
    }
    case 'group': {
      if (!isGroup(value)) return fault('must be a group of fields')
      return field.members.flatMap((member) =>
        faultsIn(member.field, value[member.key], pointer + pointerOf([member.key])),
      )
    }
    case 'reference':
      return typeof value === 'string' ? [] : fault('must be an id')
    case 'boolean':
    case 'other':
      return []
  }
}

function textFault(field: FormField & { type: 'text' }, value: unknown): string[] {
  if (typeof value !== 'string') return ['must be a text']
  if (value === '' && field.lengthMin > 0) return ['must be given']
  if (value.length < field.lengthMin) return [`needs at least ${field.lengthMin} characters`]
  return value.length > field.lengthMax ? [`may have ${field.lengthMax} characters at most`] : []
}

function numberFault(field: FormField & { type: 'number' }, value: unknown): string[] {
  if (value === '') return ['must be given']
  if (typeof value !== 'number') return ['must be a number']
  if (field.integer && !Number.isInteger(value)) return ['must be a whole number']
  if (value < field.min) return [`must be at least ${field.min}`]
  return value > field.max ? [`must be ${field.max} at most`] : []
}

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The value with one member put in place of another. Members keep their order, and everything that the form does
 * not show stays as it was.
 */
export function withMember(group: unknown, key: string, value: unknown): Record<string, unknown> {
  const { [key]: _, ...others } = isGroup(group) ? group : {}
  if (value === undefined) return others
  return { ...(isGroup(group) ? group : {}), [key]: value }
}

/** Whether nothing has been written into a group: such an optional one is not given. */
export function isUnwritten(group: Readonly<Record<string, unknown>>): boolean {
  return Object.values(group).every(
    (value) => value === undefined || value === '' || (isGroup(value) && isUnwritten(value)),
  )
}

/** What somebody typed into a number field: the number, or the text while it is none. */
export function typedNumber(text: string): number | string {
  const trimmed = text.trim().replaceAll(/[\s_]/g, '')
  return /^-?\d+(?:\.\d+)?$/.test(trimmed) ? Number(trimmed) : text
}

const durations: readonly [unit: string, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** A value of the configuration as a field shows it; one that is neither text nor number shows as JSON. */
export function shownText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A length of time in words, for fields whose name says their unit; null for others. */
export function durationWords(key: string, value: unknown): string | null {
  if (typeof value !== 'number' || value <= 0) return null
  const ms = /(?:InMilliseconds|Ms)$/.test(key) ? value : key.endsWith('Seconds') ? value * 1_000 : null
  if (ms === null) return null
  const [unit, size] = durations.find(([, each]) => ms >= each && ms % each === 0) ?? ['millisecond', 1]
  const count = ms / size
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
