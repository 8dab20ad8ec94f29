import { pointerOf } from '#domain/json-pointer.ts'

/** What this floor needs to understand of OpenAPI 3: which operations there are, and where their schemas stand. */

export interface Parameter {
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly name: string
  readonly isRequired: boolean
  /** Where its schema stands; undefined where it has none. */
  readonly schema: string | undefined
  /** JSON inside the value (`content`). */
  readonly isJson: boolean
  readonly separator: string | undefined
  readonly isDeepObject: boolean
}

/** Media types in lower case, with where their schemas stand. */
export type Content = ReadonlyMap<string, string | undefined>

export interface Operation {
  /** `GET /orders/{id}`. */
  readonly name: string
  readonly method: string
  readonly template: string
  readonly parameters: readonly Parameter[]
  readonly body: { readonly isRequired: boolean; readonly content: Content } | undefined
  /** By status, `4XX`, or `default`. */
  readonly answers: ReadonlyMap<string, Content>
}

export type Node = Readonly<Record<string, unknown>>

export interface Specification {
  /** The document with its schemas in the form of JSON Schema 2020-12. */
  readonly root: Node
  readonly operations: readonly Operation[]
  /** Query parameters that credentials come by, whatever the operations say. */
  readonly credentialParameters: ReadonlySet<string>
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const
const nodesMax = 250_000
const depthMax = 120
const operationsMax = 5_000
const refsMax = 32

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Keys below these are names, whatever they look like. */
const namings = new Set([
  '$defs',
  'content',
  'definitions',
  'dependentSchemas',
  'headers',
  'parameters',
  'pathItems',
  'patternProperties',
  'properties',
  'requestBodies',
  'responses',
  'schemas',
])
/** Below these stand values, not schemas. */
const valued = new Set(['example', 'examples', 'default', 'enum', 'const'])

/** Copies a document, and on the way turns what OpenAPI 3.0 writes otherwise into JSON Schema 2020-12. */
class Normaliser {
  readonly #isOld: boolean
  #nodes = 0

  constructor(isOld: boolean) {
    this.#isOld = isOld
  }

  copy(value: unknown, depth = 0, isNaming = false): unknown {
    if (++this.#nodes > nodesMax) throw new Error(`the document has more than ${nodesMax} parts`)
    if (depth > depthMax) throw new Error(`the document is nested more than ${depthMax} deep`)
    if (Array.isArray(value)) return value.map((one) => this.copy(one, depth + 1))
    if (!isNode(value)) return value
    if (!isNaming && typeof value['$ref'] === 'string' && this.#isOld) return { $ref: value['$ref'] }
    const copied = Object.fromEntries(
      Object.entries(value)
        .filter(
          ([key, inner]) => isNaming || !((key === '$id' || key === '$schema') && typeof inner === 'string'),
        )
        .map(([key, inner]) => {
          if (!isNaming && valued.has(key)) return [key, inner]
          return [key, this.copy(inner, depth + 1, !isNaming && namings.has(key))]
        }),
    )
    return isNaming || !this.#isOld ? copied : modernised(copied)
  }
}

/** OpenAPI 3.0 has bounds that are flags, and `nullable`. */
function modernised({ nullable, ...schema }: Record<string, unknown>): Record<string, unknown> {
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[flag] !== 'boolean') continue
    const { [flag]: isExclusive, [bound]: limit, ...rest } = schema
    schema = { ...rest, ...(limit === undefined ? {} : { [isExclusive === true ? flag : bound]: limit }) }
  }
  if (nullable === undefined || typeof nullable !== 'boolean')
    return nullable === undefined ? schema : { nullable, ...schema }
  if (!nullable || typeof schema['type'] !== 'string') return schema
  const { enum: values } = schema
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...(values as unknown[]), null] } : {}),
  }
}

/**
 * Reads an OpenAPI document.
 * @throws Error with the reason where it is none, is too large, or says what cannot be checked here.
 */
export function readSpecification(document: unknown): Specification {
  if (!isNode(document)) throw new Error('the specification is not an object')
  const version = document['openapi']
  if (document['swagger'] !== undefined)
    throw new Error('Swagger 2.0 is not checked against; convert the document to OpenAPI 3')
  if (typeof version !== 'string' || !/^3\.[01]\.\d/.test(version))
    throw new Error('the specification is not OpenAPI 3.0 or 3.1')
  // A copy of an object is one.
  const root = new Normaliser(version.startsWith('3.0')).copy(document) as Node
  return new Reader(root).read()
}

class Reader {
  readonly #root: Node

  constructor(root: Node) {
    this.#root = root
  }

  read(): Specification {
    const paths = this.#at(['paths'])
    const operations = Object.keys(paths?.node ?? {})
      .filter((template) => template.startsWith('/'))
      .flatMap((template) => this.#operationsAt(template))
    if (operations.length > operationsMax) throw new Error(`there are more than ${operationsMax} operations`)
    return { root: this.#root, operations, credentialParameters: this.#credentialParameters() }
  }

  #credentialParameters(): Set<string> {
    const schemes = this.#at(['components', 'securitySchemes'])?.node ?? {}
    return new Set(
      Object.keys(schemes).flatMap((name) => {
        const scheme = this.#at(['components', 'securitySchemes', name])?.node
        const { in: place, name: parameter } = scheme ?? {}
        return place === 'query' && typeof parameter === 'string' ? [parameter] : []
      }),
    )
  }

  #operationsAt(template: string): Operation[] {
    const item = this.#at(['paths', template])
    if (item === undefined) return []
    return methods.flatMap((method) => {
      const operation = this.#at([...item.path, method])
      if (operation === undefined) return []
      const name = `${method.toUpperCase()} ${template}`
      return {
        name,
        method: method.toUpperCase(),
        template,
        parameters: this.#parametersOf(name, item.path, operation.path),
        body: this.#bodyOf(operation.path),
        answers: this.#answersOf(operation.path),
      }
    })
  }

  /** Those of the operation go before those of its path. */
  #parametersOf(name: string, ...owners: (readonly string[])[]): Parameter[] {
    const byName = new Map<string, Parameter>()
    for (const owner of owners) {
      const list = this.#valueAt([...owner, 'parameters'])
      for (const index of Array.isArray(list) ? list.keys() : []) {
        const found = this.#at([...owner, 'parameters', String(index)])
        const parameter = found === undefined ? undefined : this.#parameter(name, found.path, found.node)
        if (parameter !== undefined) byName.set(`${parameter.in} ${parameter.name}`, parameter)
      }
    }
    return [...byName.values()]
  }

  #parameter(operation: string, path: readonly string[], node: Node): Parameter | undefined {
    const { in: place, name, required, style, explode } = node
    if (typeof name !== 'string') throw new Error(`${operation}: a parameter has no name`)
    if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie')
      throw new Error(`${operation}: the parameter ${name} is in no place that there is for one`)
    // OpenAPI 3 §4.8.12.1: these are described elsewhere.
    const lower = name.toLowerCase()
    if (place === 'header' && ['accept', 'content-type', 'authorization'].includes(lower)) return undefined
    const usual = place === 'query' || place === 'cookie' ? 'form' : 'simple'
    const given = typeof style === 'string' ? style : usual
    const separator = separators.get(`${place} ${given}`)
    if (separator === undefined)
      throw new Error(`${operation}: the parameter ${name} has the style ${given}, which is not checked here`)
    const isJson = isNode(node['content'])
    const schema = isJson ? this.#schemaOfContent([...path, 'content']) : this.#schemaAt(path)
    const isExploded = typeof explode === 'boolean' ? explode : given === 'form'
    return {
      in: place,
      name: place === 'header' ? lower : name,
      isRequired: required === true || place === 'path',
      schema,
      isJson,
      separator: isExploded && (place === 'query' || place === 'cookie') ? undefined : separator,
      isDeepObject: given === 'deepObject',
    }
  }

  #schemaOfContent(path: readonly string[]): string | undefined {
    return [...this.#content(path).values()][0]
  }

  #schemaAt(path: readonly string[]): string | undefined {
    return this.#valueAt([...path, 'schema']) === undefined ? undefined : pointerOf([...path, 'schema'])
  }

  #content(path: readonly string[]): Content {
    const node = this.#at(path)?.node ?? {}
    return new Map(
      Object.keys(node).map((type) => [
        (type.split(';', 1)[0] ?? '').trim().toLowerCase(),
        this.#schemaAt([...path, type]),
      ]),
    )
  }

  #bodyOf(path: readonly string[]): Operation['body'] {
    const body = this.#at([...path, 'requestBody'])
    if (body === undefined) return undefined
    return { isRequired: body.node['required'] === true, content: this.#content([...body.path, 'content']) }
  }

  #answersOf(path: readonly string[]): Operation['answers'] {
    const answers = this.#at([...path, 'responses'])
    return new Map(
      Object.keys(answers?.node ?? {}).flatMap((status) => {
        const answer = this.#at([...path, 'responses', status])
        return answer === undefined
          ? []
          : [[status.toUpperCase(), this.#content([...answer.path, 'content'])]]
      }),
    )
  }

  #valueAt(path: readonly string[]): unknown {
    let value: unknown = this.#root
    for (const key of path) {
      if (Array.isArray(value)) value = (value as unknown[])[Number(key)]
      else value = isNode(value) && Object.hasOwn(value, key) ? value[key] : undefined
    }
    return value
  }

  /** What stands at a place, where need be by its references into the same document. */
  #at(path: readonly string[]): { path: readonly string[]; node: Node } | undefined {
    let place = path
    for (let refs = 0; refs < refsMax; refs++) {
      const node = this.#valueAt(place)
      if (!isNode(node)) return undefined
      const { $ref: reference } = node
      if (typeof reference !== 'string') return { path: place, node }
      place = pathOf(reference)
      if (this.#valueAt(place) === undefined) throw new Error(`there is nothing at ${reference}`)
    }
    throw new Error(`the references from ${pointerOf(path)} do not end`)
  }
}

function pathOf(reference: string): string[] {
  if (!reference.startsWith('#/'))
    throw new Error(`${reference.slice(0, 100)} leads out of the document, which is not followed`)
  return reference
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Styles that are understood, with what stands between the values of a list. */
const separators = new Map([
  ['path simple', ','],
  ['header simple', ','],
  ['query form', ','],
  ['cookie form', ','],
  ['query spaceDelimited', ' '],
  ['query pipeDelimited', '|'],
  ['query deepObject', ','],
])
