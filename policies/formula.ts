import type { Exchange } from './exchange.ts'
import { compileExpression } from './expression.ts'

/** What a formula comes to. */
export type Value = string | number | boolean | undefined | readonly Value[]

/** A compiled formula; the method may be another than the request's, to find what GET would have been kept under. */
export type Formula = (exchange: Exchange, method?: string) => Value

/** What a formula may say beside comparisons, as messages and forms quote it. */
export const formulaForms = [
  "#[attributes.method == 'GET' or attributes.method == 'HEAD']",
  '#[[200, 203] contains attributes.statusCode]',
  "#[attributes.requestPath ++ attributes.headers['accept-language']]",
] as const

const token =
  /\s*(?:('[^'\\]*'|"[^"\\]*")|(\d+(?:\.\d+)?)|((?:attributes|authentication|vars)(?:\.[A-Za-z_$][\w$]*|\[(?:'[^'\\]*'|"[^"\\]*")\])+)|(==|!=|>=|<=|\+\+|[><()[\],!]|[A-Za-z]+))/y

const lengthMax = 1_000

interface Token {
  readonly kind: 'text' | 'number' | 'path' | 'sign'
  readonly text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const rest = text.trimEnd()
  for (token.lastIndex = 0; token.lastIndex < rest.length; ) {
    const at = token.lastIndex
    const match = token.exec(rest)
    if (match === null) throw new Error(`cannot be read from ${rest.slice(at, at + 20)} on`)
    const [, quoted, number, path, sign] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.slice(1, -1) })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (path !== undefined) tokens.push({ kind: 'path', text: path })
    else tokens.push({ kind: 'sign', text: sign ?? '' })
  }
  return tokens
}

const requestPaths: Readonly<Record<string, Formula>> = {
  'attributes.method': (exchange, method) => method ?? exchange.method,
  'attributes.requestPath': (exchange) => exchange.path,
  'attributes.queryString': (exchange) => exchange.query.slice(1),
  'attributes.requestUri': (exchange) => exchange.path + exchange.query,
  'attributes.host': (exchange) => exchange.host,
  'attributes.scheme': (exchange) => (exchange.secure ? 'https' : 'http'),
}
const statusPath: Formula = (exchange) => exchange.status

function isTrue(value: Value): boolean {
  return value === true
}

const comparisons: Readonly<Record<string, (left: Value, right: Value) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => typeof left === 'number' && typeof right === 'number' && left > right,
  '<': (left, right) => typeof left === 'number' && typeof right === 'number' && left < right,
  '>=': (left, right) => typeof left === 'number' && typeof right === 'number' && left >= right,
  '<=': (left, right) => typeof left === 'number' && typeof right === 'number' && left <= right,
  contains: (left, right) =>
    Array.isArray(left)
      ? left.includes(right)
      : typeof left === 'string' && typeof right === 'string' && left.includes(right),
}

/** The part of DataWeave that is offered, by recursive descent. Depth is bounded by the length of the text. */
class Reader {
  readonly #tokens: readonly Token[]
  readonly #ofResponse: boolean
  #at = 0

  constructor(tokens: readonly Token[], ofResponse: boolean) {
    this.#tokens = tokens
    this.#ofResponse = ofResponse
  }

  whole(): Formula {
    const formula = this.#or()
    const left = this.#tokens[this.#at]
    if (left !== undefined) throw new Error(`${left.text} is one too many`)
    return formula
  }

  #sign(...signs: string[]): string | undefined {
    const next = this.#tokens[this.#at]
    if (next?.kind !== 'sign' || !signs.includes(next.text)) return undefined
    this.#at++
    return next.text
  }

  #require(sign: string): void {
    if (this.#sign(sign) === undefined)
      throw new Error(`${sign} is missing before ${this.#tokens[this.#at]?.text ?? 'the end'}`)
  }

  #or(): Formula {
    let formula = this.#and()
    while (this.#sign('or') !== undefined) {
      const [left, right] = [formula, this.#and()]
      formula = (exchange, method) => isTrue(left(exchange, method)) || isTrue(right(exchange, method))
    }
    return formula
  }

  #and(): Formula {
    let formula = this.#not()
    while (this.#sign('and') !== undefined) {
      const [left, right] = [formula, this.#not()]
      formula = (exchange, method) => isTrue(left(exchange, method)) && isTrue(right(exchange, method))
    }
    return formula
  }

  #not(): Formula {
    if (this.#sign('not', '!') === undefined) return this.#comparison()
    const inner = this.#not()
    return (exchange, method) => !isTrue(inner(exchange, method))
  }

  #comparison(): Formula {
    const left = this.#joined()
    const sign = this.#sign(...Object.keys(comparisons))
    const compare = sign === undefined ? undefined : comparisons[sign]
    if (compare === undefined) return left
    const right = this.#joined()
    return (exchange, method) => compare(left(exchange, method), right(exchange, method))
  }

  #joined(): Formula {
    const parts = [this.#primary()]
    while (this.#sign('++') !== undefined) parts.push(this.#primary())
    const [only] = parts
    if (parts.length === 1 && only !== undefined) return only
    // What is not there counts as empty.
    return (exchange, method) => parts.map((part) => String(part(exchange, method) ?? '')).join('')
  }

  #primary(): Formula {
    if (this.#sign('(') !== undefined) {
      const inner = this.#or()
      this.#require(')')
      return inner
    }
    if (this.#sign('[') !== undefined) return this.#list()
    const next = this.#tokens[this.#at++]
    if (next === undefined) throw new Error('something is missing at the end')
    if (next.kind === 'path') return this.#path(next.text)
    const constant = constantOf(next)
    return () => constant
  }

  #list(): Formula {
    const parts: Formula[] = []
    if (this.#sign(']') !== undefined) return () => []
    do parts.push(this.#or())
    while (this.#sign(',') !== undefined)
    this.#require(']')
    return (exchange, method) => parts.map((part) => part(exchange, method))
  }

  #path(path: string): Formula {
    if (path === 'attributes.statusCode') {
      if (this.#ofResponse) return statusPath
      throw new Error('attributes.statusCode is not known before the answer')
    }
    return requestPaths[path] ?? compileExpression(`#[${path}]`)
  }
}

function constantOf({ kind, text }: Token): Value {
  if (kind === 'text') return text
  if (kind === 'number') return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return undefined
  throw new Error(`${text} is not known here`)
}

/**
 * Compiles a formula over a request, and with `ofResponse` over the status of its answer too.
 * @throws Error with the reason for everything that is not offered; nothing is guessed.
 */
export function compileFormula(text: string, ofResponse = false): Formula {
  if (text.length > lengthMax) throw new Error(`is longer than ${lengthMax} characters`)
  if (!text.startsWith('#[') || !text.endsWith(']')) throw new Error(`${text} is not of the form #[…]`)
  return new Reader(tokensOf(text.slice(2, -1)), ofResponse).whole()
}

/** Why a text is no such formula, or undefined when it is one. */
export function formulaFault(text: string, ofResponse = false): string | undefined {
  try {
    compileFormula(text, ofResponse)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
