// Named by its file: looking for the `main` of a package is what would slow typed arrays down in this process.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import { formats } from './formats.ts'
import type { Node } from './document.ts'

/** What is wrong with a value: where in it, and what; undefined where nothing is. */
export type Check = (value: unknown) => { pointer: string; message: string } | undefined

const documentId = 'hexgate:document'
/** A schema is not worth more of a node's time. */
const compileMsMax = 5_000

/** Patterns run in linear time, whatever a document says and a caller sends. */
function linear(pattern: string) {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  return { test: (text: string) => compiled.matcher(text).find() }
}
linear.code = 'linear'

const options = {
  strict: false,
  validateSchema: false,
  inlineRefs: false,
  addUsedSchema: false,
  ownProperties: true,
  logger: false,
  formats,
  // Its own passes over the code take longer than V8 takes with code that was not gone over.
  code: { regExp: linear, optimize: false },
} as const

/** Compiles schemas of one document. */
export class Schemas {
  readonly #strict: Ajv2020
  readonly #lenient: Ajv2020
  readonly #monotonicMs: () => number
  readonly #untilMs: number
  readonly #checks = new Map<string, Check>()

  constructor(root: Node, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
    this.#untilMs = monotonicMs() + compileMsMax
    this.#strict = new Ajv2020(options)
    this.#lenient = new Ajv2020({ ...options, coerceTypes: true })
    for (const ajv of [this.#strict, this.#lenient]) ajv.addSchema(root, documentId)
  }

  /** A check of JSON by the schema at a pointer. Throws with the reason where it is no schema. */
  json(pointer: string): Check {
    return this.#check(`json ${pointer}`, () => {
      const validate = this.#strict.compile({ $ref: referenceTo(pointer) })
      return (value) => (validate(value) ? undefined : faultOf(validate, ''))
    })
  }

  /** The same for what comes as text, where `7` is a number if the schema wants one. */
  text(pointer: string): Check {
    return this.#check(`text ${pointer}`, () => {
      const holder = { type: 'object', properties: { value: { $ref: referenceTo(pointer) } } }
      const validate = this.#lenient.compile(holder)
      return (value) => (validate({ value }) ? undefined : faultOf(validate, '/value'))
    })
  }

  #check(name: string, make: () => Check): Check {
    const known = this.#checks.get(name)
    if (known !== undefined) return known
    if (this.#monotonicMs() > this.#untilMs)
      throw new Error(`the schemas of the document take longer than ${compileMsMax / 1_000} s to compile`)
    try {
      const check = bounded(make())
      this.#checks.set(name, check)
      return check
    } catch (error) {
      // Compiling goes as deep as references lead; what is half compiled by then is thrown away as a whole.
      const reason = error instanceof RangeError ? 'its references lead too deep' : reasonOf(error)
      throw new Error(`the schema at ${name.split(' ')[1]} cannot be used: ${reason}`, { cause: error })
    }
  }
}

function reasonOf(error: unknown): string {
  // What the compiler stumbles over instead of refusing it.
  if (error instanceof TypeError) return 'it is not of the form of a schema'
  return error instanceof Error ? error.message : String(error)
}

/** A check that does not fail of a value nested deeper than it can follow, but says so. */
function bounded(check: Check): Check {
  return (value) => {
    try {
      return check(value)
    } catch (error) {
      if (error instanceof RangeError) return { pointer: '', message: 'is nested too deeply' }
      throw error
    }
  }
}

function referenceTo(pointer: string): string {
  return `${documentId}#${pointer.split('/').map(encodeURIComponent).join('/')}`
}

/** The first fault, without the value: it may be a secret. */
function faultOf({ errors }: ValidateFunction, prefix: string) {
  const [first] = errors ?? []
  const { instancePath = '', message = 'is not as described', params } = first ?? {}
  const name: unknown = params?.['additionalProperty'] ?? params?.['unevaluatedProperty']
  const more = typeof name === 'string' ? `: ${name.slice(0, 100)}` : ''
  return { pointer: instancePath.slice(prefix.length).slice(0, 300), message: message + more }
}
