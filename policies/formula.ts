import { contains, functionOf, splitBy, textOf } from './formula-functions.ts'
import { type Formula, type Place, rootOf, type Value } from './formula-places.ts'

export type { Formula, Value } from './formula-places.ts'
export { textOf } from './formula-functions.ts'

/** What a formula may say, as messages and forms quote it. */
export const formulaForms = [
  "#[attributes.method == 'GET' or attributes.method == 'HEAD']",
  '#[[200, 203] contains attributes.statusCode]',
  "#[attributes.requestPath ++ attributes.headers['accept-language']]",
] as const

const token =
  /\s*(?:('[^'\\]*'|"[^"\\]*")|(==|!=|>=|<=|\+\+|--|[><()[\],!.])|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*(?:::[A-Za-z_$][\w$]*)*))/y

const lengthMax = 1_000
const depthMax = 50

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'sign'
  readonly text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const rest = text.trimEnd()
  for (token.lastIndex = 0; token.lastIndex < rest.length; ) {
    const at = token.lastIndex
    const match = token.exec(rest)
    if (match === null) throw new Error(`cannot be read from ${rest.slice(at, at + 20)} on`)
    const [, quoted, sign, number, name] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.slice(1, -1) })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else tokens.push({ kind: 'name', text: name ?? '' })
  }
  return tokens
}

function isTrue(value: Value): boolean {
  return value === true
}

const comparisons: Readonly<Record<string, (left: Value, right: Value) => Value>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => typeof left === 'number' && typeof right === 'number' && left > right,
  '<': (left, right) => typeof left === 'number' && typeof right === 'number' && left < right,
  '>=': (left, right) => typeof left === 'number' && typeof right === 'number' && left >= right,
  '<=': (left, right) => typeof left === 'number' && typeof right === 'number' && left <= right,
  contains,
  splitBy,
}

const words = new Set(['or', 'and', 'not', 'default', 'if', 'else'])
const constants = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', undefined],
])

/** Two lists are one list; everything else is text, where what is not there counts as empty. */
function joined(left: Value, right: Value): Value {
  return Array.isArray(left) && Array.isArray(right) ? [...left, ...right] : textOf(left) + textOf(right)
}

/** A list without some values, or named values without some names. */
function without(whole: Value, gone: Value): Value {
  const list: readonly Value[] = Array.isArray(gone) ? gone : [gone]
  if (Array.isArray(whole)) return whole.filter((one) => !list.includes(one))
  if (typeof whole !== 'object') return whole
  const names = new Set(list.map((name) => textOf(name).toLowerCase()))
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.has(name.toLowerCase())))
}

/** What stands at a place of a list or text (from its end with a minus), or under a name. */
function selected(value: Value, key: Value): Value {
  if (typeof key === 'number')
    return Array.isArray(value) || typeof value === 'string' ? value.at(key) : undefined
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  const name = textOf(key)
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, Value>>)[name] : undefined
}

/** The part of DataWeave that is offered, by recursive descent. */
class Reader {
  readonly #tokens: readonly Token[]
  readonly #ofResponse: boolean
  #at = 0
  /** How many operators have been read that `default` could be meant to stand inside or outside of. */
  #operators = 0
  #depth = 0

  constructor(tokens: readonly Token[], ofResponse: boolean) {
    this.#tokens = tokens
    this.#ofResponse = ofResponse
  }

  whole(): Formula {
    const formula = this.#expression()
    const left = this.#tokens[this.#at]
    if (left !== undefined) throw new Error(`${left.text} is one too many`)
    return formula
  }

  /** The path that the whole formula is; undefined where it is more than that. */
  path(): Place | undefined {
    const next = this.#tokens[this.#at]
    const root = next?.kind === 'name' ? rootOf(next.text, this.#ofResponse) : undefined
    if (root === undefined) return undefined
    this.#at++
    const place = this.#below(root)
    return this.#at === this.#tokens.length ? place : undefined
  }

  #taken(...texts: string[]): string | undefined {
    const next = this.#tokens[this.#at]
    if ((next?.kind !== 'sign' && next?.kind !== 'name') || !texts.includes(next.text)) return undefined
    this.#at++
    return next.text
  }

  #require(text: string): void {
    if (this.#taken(text) === undefined)
      throw new Error(`${text} is missing before ${this.#tokens[this.#at]?.text ?? 'the end'}`)
  }

  /** One expression inside another: in parentheses, a list, a call or a choice. */
  #inner(): Formula {
    if (++this.#depth > depthMax) throw new Error(`is nested deeper than ${depthMax}`)
    const before = this.#operators
    const formula = this.#expression()
    this.#operators = before
    this.#depth--
    return formula
  }

  #expression(): Formula {
    if (this.#taken('if') !== undefined) return this.#choice()
    const before = this.#operators
    const formula = this.#or()
    if (this.#taken('default') === undefined) return formula
    const instead = this.#or()
    // Whether it would bind more or less than an operator beside it is better said than known.
    if (this.#operators > before) throw new Error('put parentheses around what default is for')
    return (exchange, method) => formula(exchange, method) ?? instead(exchange, method)
  }

  #choice(): Formula {
    this.#require('(')
    const condition = this.#inner()
    this.#require(')')
    const first = this.#inner()
    this.#require('else')
    const second = this.#inner()
    return (exchange, method) => (isTrue(condition(exchange, method)) ? first : second)(exchange, method)
  }

  #or(): Formula {
    let formula = this.#and()
    while (this.#operator('or') !== undefined) {
      const [left, right] = [formula, this.#and()]
      formula = (exchange, method) => isTrue(left(exchange, method)) || isTrue(right(exchange, method))
    }
    return formula
  }

  #and(): Formula {
    let formula = this.#not()
    while (this.#operator('and') !== undefined) {
      const [left, right] = [formula, this.#not()]
      formula = (exchange, method) => isTrue(left(exchange, method)) && isTrue(right(exchange, method))
    }
    return formula
  }

  #not(): Formula {
    let isNegated = false
    while (this.#operator('not', '!') !== undefined) isNegated = !isNegated
    const inner = this.#comparison()
    return isNegated ? (exchange, method) => !isTrue(inner(exchange, method)) : inner
  }

  #operator(...texts: string[]): string | undefined {
    const found = this.#taken(...texts)
    if (found !== undefined) this.#operators++
    return found
  }

  #comparison(): Formula {
    const left = this.#joined()
    const sign = this.#operator(...Object.keys(comparisons))
    const compare = sign === undefined ? undefined : comparisons[sign]
    if (compare === undefined) return left
    const right = this.#joined()
    return (exchange, method) => compare(left(exchange, method), right(exchange, method))
  }

  #joined(): Formula {
    let formula = this.#selection()
    for (;;) {
      const sign = this.#operator('++', '--')
      if (sign === undefined) return formula
      const combine = sign === '++' ? joined : without
      const [left, right] = [formula, this.#selection()]
      formula = (exchange, method) => combine(left(exchange, method), right(exchange, method))
    }
  }

  #selection(): Formula {
    let formula = this.#primary()
    for (;;) {
      const key = this.#selector()
      if (key === undefined) return formula
      const inner = formula
      formula = (exchange, method) => selected(inner(exchange, method), key)
    }
  }

  /** `.name`, `.'name'`, `['name']`, `[0]`. */
  #selector(): string | number | undefined {
    const [sign, next, close] = this.#tokens.slice(this.#at, this.#at + 3)
    if (sign?.kind !== 'sign' || next === undefined || next.kind === 'sign') return undefined
    if (sign.text === '.' && next.kind !== 'number') {
      this.#at += 2
      return next.text
    }
    if (sign.text !== '[' || next.kind === 'name' || close?.text !== ']') return undefined
    this.#at += 3
    return next.kind === 'number' ? Number(next.text) : next.text
  }

  #primary(): Formula {
    if (this.#taken('(') !== undefined) {
      const inner = this.#inner()
      this.#require(')')
      return inner
    }
    if (this.#taken('[') !== undefined) return this.#list(']')
    const next = this.#tokens[this.#at++]
    if (next === undefined) throw new Error('something is missing at the end')
    if (next.kind === 'text') return () => next.text
    if (next.kind === 'number') return () => Number(next.text)
    if (next.kind === 'sign') throw new Error(`${next.text} is not expected there`)
    return this.#named(next.text)
  }

  #named(name: string): Formula {
    if (constants.has(name)) return () => constants.get(name)
    const root = rootOf(name, this.#ofResponse)
    if (root !== undefined) return this.#below(root).read
    const called = functionOf(name)
    if (called === undefined)
      throw new Error(`${name} is not ${words.has(name) ? 'expected there' : 'known here'}`)
    this.#require('(')
    const given = this.#given(')')
    if (given.length !== called.parameters)
      throw new Error(`${name} takes ${called.parameters} values, not ${given.length}`)
    return (exchange, method) => called.apply(...given.map((one) => one(exchange, method)))
  }

  /** As far down as names lead; what is selected from a value comes behind it. */
  #below(root: Place): Place {
    let place = root
    while (place.member !== undefined) {
      const at = this.#at
      const key = this.#selector()
      if (typeof key === 'number') this.#at = at
      if (typeof key !== 'string') break
      place = place.member(key)
    }
    return place
  }

  #list(close: string): Formula {
    const parts = this.#given(close)
    return (exchange, method) => parts.map((part) => part(exchange, method))
  }

  #given(close: string): Formula[] {
    const parts: Formula[] = []
    if (this.#taken(close) !== undefined) return parts
    do parts.push(this.#inner())
    while (this.#taken(',') !== undefined)
    this.#require(close)
    return parts
  }
}

function readerOf(text: string, ofResponse: boolean): Reader {
  if (text.length > lengthMax) throw new Error(`is longer than ${lengthMax} characters`)
  if (!isFormula(text) || !text.endsWith(']')) throw new Error(`${text} is not of the form #[…]`)
  return new Reader(tokensOf(text.slice(2, -1)), ofResponse)
}

/** Whether a text is meant as a formula rather than as itself. */
export function isFormula(text: string): boolean {
  return text.startsWith('#[')
}

/**
 * Compiles a formula over a request, and with `ofResponse` over the status of its answer too.
 * @throws Error with the reason for everything that is not offered; nothing is guessed.
 */
export function compileFormula(text: string, ofResponse = false): Formula {
  return readerOf(text, ofResponse).whole()
}

/**
 * Compiles a formula that does nothing but name one thing, into all values that it has in a request.
 * @throws Error as compileFormula does, and where it is more than a name.
 */
export function compilePlace(text: string): Place {
  const place = readerOf(text, false).path()
  if (place === undefined || place.isMany === true)
    throw new Error(`${text} must name one value, such as #[attributes.headers['name']]`)
  return place
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
