import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { isObject, type Json, type JsonObject, valueAt } from './json.ts'
import { limits } from './limits.ts'

export const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/** One operation as the catalog shows it. A type and not an interface, so that it counts as JSON where it is stored. */
export type Operation = {
  method: string
  path: string
  operationId: string | null
  summary: string
  tags: string[]
  deprecated: boolean
  /** Alternatives; each is the names of the schemes that it asks for together. Empty: nobody is asked. */
  security: string[][]
}

/** Finds paths that no request could reach or that cannot be told apart. */
export function pathFaults(root: JsonObject): Fault[] {
  const paths = root['paths']
  if (!isObject(paths)) return []
  const faults: Fault[] = []
  const byShape = new Map<string, string>()
  for (const path of Object.keys(paths)) {
    if (path.startsWith('x-')) continue
    const pointer = pointerOf(['paths', path])
    if (!path.startsWith('/')) faults.push({ pointer, detail: `The path “${path}” must begin with a slash.` })
    const shape = path.replaceAll(/\{[^{}/]*\}/g, '{}')
    const same = byShape.get(shape)
    if (same === undefined) byShape.set(shape, path)
    else faults.push({ pointer, detail: `“${path}” and “${same}” match the same requests.` })
  }
  return faults.slice(0, limits.faultsMax)
}

/** Every operation, in the document's order, or faults where a path item leads nowhere. */
export function operationsOf(root: JsonObject): { operations: Operation[]; faults: Fault[] } {
  const operations: Operation[] = []
  const faults: Fault[] = []
  const paths = isObject(root['paths']) ? root['paths'] : {}
  for (const [path, given] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue
    const item = followed(root, given)
    if (!item) {
      faults.push({ pointer: pointerOf(['paths', path]), detail: 'Its references go round in a circle.' })
      continue
    }
    for (const method of methods) {
      const operation = item[method]
      if (isObject(operation)) operations.push(operationOf(root, method, path, operation))
    }
  }
  return { operations, faults }
}

function followed(root: JsonObject, given: Json): JsonObject | null {
  let item = given
  for (let steps = 0; steps < 20; steps++) {
    if (!isObject(item)) return null
    const reference = item['$ref']
    if (typeof reference !== 'string') return item
    const target = valueAt(root, decodeURIComponent(reference.slice(1)))
    if (!isObject(target)) return null
    const { $ref: _, ...beside } = item
    item = { ...target, ...beside }
  }
  return null
}

function operationOf(root: JsonObject, method: string, path: string, operation: JsonObject): Operation {
  const { operationId, summary, tags, deprecated, security } = operation
  return {
    method: method.toUpperCase(),
    path,
    operationId: typeof operationId === 'string' ? operationId : null,
    summary: typeof summary === 'string' ? summary : '',
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    deprecated: deprecated === true,
    security: requirements(security ?? root['security'] ?? null),
  }
}

function requirements(security: Json): string[][] {
  if (!Array.isArray(security)) return []
  return security.filter(isObject).map((alternative) => Object.keys(alternative))
}
