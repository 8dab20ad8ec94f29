import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { isObject, type Json, type JsonObject, valueAt } from './json.ts'
import { limits } from './limits.ts'

// The members of these are names that the author chose, whatever they look like.
const nameMaps = new Set([
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'],
  ...['schemas', 'responses', 'parameters', 'examples', 'requestBodies', 'headers', 'securitySchemes'],
  ...['links', 'callbacks', 'pathItems', 'content', 'paths', 'webhooks', 'encoding', 'variables'],
  ...['mapping', 'scopes', 'securityDefinitions'],
])
// What stands under these is data, where $ref means nothing.
const data = new Set(['example', 'default', 'enum', 'const', 'value'])

/** Refuses references that lead out of the document or to nothing. Cycles are fine. */
export function referenceFaults(root: JsonObject): Fault[] {
  const { references, anchors, ids } = collect(root)
  const faults: Fault[] = []
  for (const [target, pointer] of references) {
    const detail = refusalOf(root, target, anchors, ids)
    if (detail !== null && faults.length < limits.faultsMax) faults.push({ pointer, detail })
  }
  return faults
}

function refusalOf(root: JsonObject, target: string, anchors: Set<string>, ids: Set<string>): string | null {
  const shown = target.slice(0, 200)
  if (!target.startsWith('#')) {
    if (ids.has(target.split('#')[0] ?? '')) return null
    return `“${shown}” lies outside this document, and nothing outside is fetched. Bundle it into one document.`
  }
  const fragment = decoded(target.slice(1))
  if (fragment === null) return `“${shown}” is not a valid reference.`
  if (fragment === '') return null
  if (!fragment.startsWith('/')) {
    return anchors.has(fragment) ? null : `“${shown}” names an anchor that is not there.`
  }
  return valueAt(root, fragment) === undefined ? `“${shown}” refers to nothing in this document.` : null
}

function decoded(fragment: string): string | null {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return null
  }
}

/** Every target with the place that names it first, and what can be named besides. */
function collect(root: JsonObject) {
  const references = new Map<string, string>()
  const anchors = new Set<string>()
  const ids = new Set<string>()
  const seen = new Set<object>()
  const path: (string | number)[] = []

  const visit = (value: Json, areNames: boolean): void => {
    if (typeof value !== 'object' || value === null) return
    // A YAML alias gives the same object again; one look is enough.
    if (seen.has(value)) return
    seen.add(value)
    if (!areNames && isObject(value)) note(value)
    for (const key of Object.keys(value)) {
      const member = (value as JsonObject)[key] ?? null
      if (!areNames && isData(key, member)) continue
      path.push(key)
      visit(member, !areNames && nameMaps.has(key) && isObject(member))
      path.pop()
    }
  }
  const note = (value: JsonObject) => {
    const { $ref, $anchor, $dynamicAnchor, $id } = value
    if (typeof $ref === 'string' && !references.has($ref)) {
      references.set($ref, pointerOf([...path, '$ref']))
    }
    if (typeof $anchor === 'string') anchors.add($anchor)
    if (typeof $dynamicAnchor === 'string') anchors.add($dynamicAnchor)
    if (typeof $id === 'string') ids.add($id)
  }
  visit(root, false)
  return { references, anchors, ids }
}

function isData(key: string, member: Json): boolean {
  return data.has(key) || key.startsWith('x-') || (key === 'examples' && !isObject(member))
}
