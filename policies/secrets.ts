import { describePolicy } from './definition.ts'
import { policyOf } from './index.ts'

/** What stands in the place of a secret. */
export const mask = '••••••••'

/**
 * The secrets inside a policy's configuration: what its schema calls `sensitive` (keys, passwords). They are kept
 * sealed and never leave again, so a form gets a mask in their place and gives it back where nothing changed.
 */

type Schema = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A schema with all the alternatives that may apply to the same value. */
function alternatives(schema: unknown): Schema[] {
  if (!isObject(schema)) return []
  const nested = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const members = schema[word]
    return Array.isArray(members) ? members.flatMap(alternatives) : []
  })
  return [schema, ...nested]
}

// To write a JSON Schema takes milliseconds, and a gateway may have thousands of policies of one kind.
const described = new WeakMap<object, readonly Schema[]>()

function schemasOf(kind: string): readonly Schema[] | undefined {
  const policy = policyOf(kind)
  if (policy === undefined) return undefined
  const known = described.get(policy)
  if (known !== undefined) return known
  const schemas = alternatives(describePolicy(policy).schema)
  described.set(policy, schemas)
  return schemas
}

function ofElement(schemas: readonly Schema[]): Schema[] {
  return schemas.flatMap((schema) => alternatives(schema['items']))
}

function ofMember(schemas: readonly Schema[], name: string): Schema[] {
  return schemas.flatMap((schema) => {
    const { properties } = schema
    const known = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
    return alternatives(known ?? schema['additionalProperties'])
  })
}

type Marked = (schemas: readonly Schema[]) => boolean

const isSecret: Marked = (schemas) => schemas.some((schema) => schema['sensitive'] === true)

// A text that may be a secret (the value of a header, say) and that its readers need to see.
const isSecretOrConfidential: Marked = (schemas) =>
  isSecret(schemas) || schemas.some((schema) => schema['confidential'] === true)

type Change = (secret: unknown, path: Path) => unknown

// An empty one is none: it says "not given", which is no secret.
function walk(
  value: unknown,
  schemas: readonly Schema[],
  change: Change,
  isMarked: Marked = isSecret,
  path: Path = [],
): unknown {
  if (isMarked(schemas)) return value === '' || value === undefined ? value : change(value, path)
  if (Array.isArray(value)) {
    const inner = ofElement(schemas)
    return value.map((element, index) => walk(element, inner, change, isMarked, [...path, index]))
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      walk(member, ofMember(schemas, name), change, isMarked, [...path, name]),
    ]),
  )
}

/** The configuration with something else in the place of every secret. Of an unknown policy all is secret. */
export function mapSecrets(kind: string, config: unknown, change: Change): unknown {
  const schemas = schemasOf(kind)
  return schemas === undefined ? change(config, []) : walk(config, schemas, change)
}

/** As people who may read the configuration see it. */
export function withoutSecrets(kind: string, config: unknown): unknown {
  return mapSecrets(kind, config, () => mask)
}

/** The same beside another configuration of that policy: a secret that differs from that one's says so. */
export function withoutSecretsBeside(kind: string, config: unknown, other: unknown): unknown {
  return mapSecrets(kind, config, (secret, path) => {
    const beside = textOf(valueAt(other, path))
    return beside === '' || beside === textOf(secret) ? mask : `${mask} (another one)`
  })
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      Array.isArray(inner) && typeof part === 'number'
        ? inner[part]
        : isObject(inner) && Object.hasOwn(inner, part)
          ? inner[part]
          : undefined,
    value,
  )
}

/**
 * As it may be shown where nobody's rights are known: without secrets and without what may be one. Of an unknown
 * policy nothing is shown.
 */
export function maskedConfig(kind: string, config: unknown): unknown {
  const schemas = schemasOf(kind)
  return schemas === undefined ? mask : walk(config, schemas, () => mask, isSecretOrConfidential)
}

/**
 * Puts stored secrets where a given configuration has the mask. In a list a secret belongs to the element that
 * says the same otherwise, never to the one that happens to stand at its place. A mask that finds no secret stays,
 * with its path in `missing`.
 */
export function withStoredSecrets(
  kind: string,
  given: unknown,
  stored: unknown,
): { config: unknown; missing: Path[] } {
  const missing: Path[] = []
  const schemas = schemasOf(kind) ?? []
  return { config: filled(given, stored, schemas, [], missing), missing }
}

function filled(
  given: unknown,
  stored: unknown,
  schemas: readonly Schema[],
  path: Path,
  missing: Path[],
): unknown {
  if (isSecret(schemas)) {
    if (given !== mask) return given
    if (stored !== undefined && stored !== '' && stored !== mask) return stored
    missing.push(path)
    return given
  }
  if (Array.isArray(given)) {
    const inner = ofElement(schemas)
    const known: readonly unknown[] = Array.isArray(stored) ? stored : []
    const shown = known.map((element) => textOf(walk(element, inner, () => mask)))
    return given.map((element, index) => {
      const same = shown.indexOf(textOf(walk(element, inner, () => mask)))
      return filled(element, same < 0 ? undefined : known[same], inner, [...path, index], missing)
    })
  }
  if (!isObject(given)) return given
  const before = isObject(stored) ? stored : {}
  return Object.fromEntries(
    Object.entries(given).map(([name, member]) => [
      name,
      filled(
        member,
        Object.hasOwn(before, name) ? before[name] : undefined,
        ofMember(schemas, name),
        [...path, name],
        missing,
      ),
    ]),
  )
}

// Members in one order, so that the same value has the same text.
function textOf(value: unknown): string {
  // What is not there has no text in JSON.
  if (value === undefined) return ''
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
