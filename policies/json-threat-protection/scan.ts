/** Bounds of a JSON text; a negative one is no bound. */
export interface JsonBounds {
  readonly maxContainerDepth: number
  readonly maxObjectEntryCount: number
  readonly maxObjectEntryNameLength: number
  readonly maxArrayElementCount: number
  readonly maxStringValueLength: number
}

/** What was exceeded, or `syntax` where it is no JSON at all. */
export type JsonFault =
  | 'syntax'
  | 'depth'
  | 'object_entries'
  | 'entry_name_length'
  | 'array_elements'
  | 'string_length'

/** Deeper than this even a text without a bound on its depth is not followed: each level takes memory. */
const depthMax = 10_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d
const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_U = 0x75

const escapes = new Set(codesOf('"\\/bfnrt'))
const literals = ['true', 'false', 'null'].map(codesOf)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Where a scan has failed; thrown inside this file only. */
class Stopped extends Error {
  readonly fault: JsonFault
  constructor(fault: JsonFault) {
    super(fault)
    this.fault = fault
  }
}

/**
 * Reads a JSON text (RFC 8259) byte by byte, without recursion and without building anything of it, and says what
 * is wrong with it.
 */
export function jsonFault(bytes: Uint8Array, bounds: JsonBounds): JsonFault | undefined {
  try {
    utf8.decode(bytes)
  } catch {
    return 'syntax'
  }
  try {
    new Scan(bytes, bounds).whole()
    return undefined
  } catch (error) {
    if (error instanceof Stopped) return error.fault
    throw error
  }
}

class Scan {
  readonly #bytes: Uint8Array
  readonly #bounds: JsonBounds
  #at = 0
  /** Of each open container, from the outermost on: how many members it has, and whether it is an object. */
  readonly #counts: number[] = []
  readonly #objects: boolean[] = []

  constructor(bytes: Uint8Array, bounds: JsonBounds) {
    this.#bytes = bytes
    this.#bounds = bounds
  }

  whole(): void {
    this.#value()
    while (this.#counts.length > 0) this.#member()
    this.#blanks()
    if (this.#at < this.#bytes.length) throw new Stopped('syntax')
  }

  get #byte(): number {
    return this.#bytes[this.#at] ?? -1
  }

  #blanks(): void {
    for (;;) {
      const byte = this.#byte
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
    }
  }

  #require(byte: number): void {
    if (this.#byte !== byte) throw new Stopped('syntax')
    this.#at++
  }

  #bound(fault: JsonFault, size: number, max: number): void {
    if (max >= 0 && size > max) throw new Stopped(fault)
  }

  /** A value, of a container its beginning only: its members follow one by one. */
  #value(): void {
    this.#blanks()
    const byte = this.#byte
    if (byte === BRACE_OPEN || byte === BRACKET_OPEN) this.#open(byte === BRACE_OPEN)
    else if (byte === QUOTE) this.#bound('string_length', this.#string(), this.#bounds.maxStringValueLength)
    else if (byte === MINUS || isDigit(byte)) this.#number()
    else this.#literal()
  }

  #open(isObject: boolean): void {
    this.#at++
    this.#counts.push(0)
    this.#objects.push(isObject)
    this.#bound('depth', this.#counts.length, this.#bounds.maxContainerDepth)
    this.#bound('depth', this.#counts.length, depthMax)
  }

  /** The next member of the innermost container, or its end. */
  #member(): void {
    const level = this.#counts.length - 1
    const count = this.#counts[level] ?? 0
    const isObject = this.#objects[level] === true
    this.#blanks()
    if (this.#byte === (isObject ? BRACE_CLOSE : BRACKET_CLOSE)) {
      this.#at++
      this.#counts.pop()
      this.#objects.pop()
      return
    }
    if (count > 0) this.#require(COMMA)
    this.#counts[level] = count + 1
    if (isObject) this.#entryName(count + 1)
    else this.#bound('array_elements', count + 1, this.#bounds.maxArrayElementCount)
    this.#value()
  }

  #entryName(count: number): void {
    this.#bound('object_entries', count, this.#bounds.maxObjectEntryCount)
    this.#blanks()
    if (this.#byte !== QUOTE) throw new Stopped('syntax')
    this.#bound('entry_name_length', this.#string(), this.#bounds.maxObjectEntryNameLength)
    this.#blanks()
    this.#require(COLON)
  }

  /** Passes a string and answers with its length in characters, an escape counted as one. */
  #string(): number {
    let length = 0
    for (this.#at++; ; this.#at++) {
      const byte = this.#byte
      if (byte === QUOTE) {
        this.#at++
        return length
      }
      // A control character, or the end of the text.
      if (byte < 0x20) throw new Stopped('syntax')
      if (byte === BACKSLASH) this.#escape()
      if ((byte & 0xc0) !== 0x80) length++
    }
  }

  #escape(): void {
    const letter = this.#bytes[++this.#at] ?? -1
    if (letter !== LOWER_U) {
      if (!escapes.has(letter)) throw new Stopped('syntax')
      return
    }
    for (let i = 0; i < 4; i++) if (!isHex(this.#bytes[++this.#at] ?? -1)) throw new Stopped('syntax')
  }

  #number(): void {
    if (this.#byte === MINUS) this.#at++
    if (this.#byte === ZERO) this.#at++
    else this.#digits()
    if (this.#byte === DOT) {
      this.#at++
      this.#digits()
    }
    if ((this.#byte | 0x20) !== 0x65) return
    this.#at++
    if (this.#byte === PLUS || this.#byte === MINUS) this.#at++
    this.#digits()
  }

  #digits(): void {
    if (!isDigit(this.#byte)) throw new Stopped('syntax')
    while (isDigit(this.#byte)) this.#at++
  }

  #literal(): void {
    const word = literals.find((letters) =>
      letters.every((letter, i) => this.#bytes[this.#at + i] === letter),
    )
    if (word === undefined) throw new Stopped('syntax')
    this.#at += word.length
  }
}

function codesOf(word: string): number[] {
  return Array.from(word, (letter) => letter.charCodeAt(0))
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
