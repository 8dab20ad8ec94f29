import type { Value } from './formula-places.ts'

/** The functions of DataWeave that formulas may call, by the names that they have there. */

type Apply = (...given: Value[]) => Value

interface Callable {
  readonly parameters: number
  readonly apply: Apply
}

/** Of nothing comes nothing, as DataWeave has it. */
function ofText(change: (text: string, other: string) => Value): Apply {
  return (text, other) => (text === undefined ? undefined : change(textOf(text), textOf(other)))
}

/** A value as text: nothing is empty, and what is no single value is JSON. */
export function textOf(value: Value): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
}

function sizeOf(value: Value): Value {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' ? Object.keys(value).length : 0
}

/** Whether a list has a value, or a text another text. */
export function contains(whole: Value, part: Value): boolean {
  if (Array.isArray(whole)) return whole.includes(part)
  return typeof whole === 'string' && typeof part === 'string' && whole.includes(part)
}

export function splitBy(text: Value, separator: Value): Value {
  return text === undefined ? undefined : textOf(text).split(textOf(separator))
}

function before(text: string, at: number): string {
  return at < 0 ? '' : text.slice(0, at)
}

function fromBase64(text: string): Value {
  try {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0))
    return new TextDecoder().decode(bytes)
  } catch {
    return undefined
  }
}

function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

const core: Readonly<Record<string, Callable>> = {
  contains: { parameters: 2, apply: contains },
  lower: { parameters: 1, apply: ofText((text) => text.toLowerCase()) },
  sizeOf: { parameters: 1, apply: sizeOf },
  splitBy: { parameters: 2, apply: splitBy },
  trim: { parameters: 1, apply: ofText((text) => text.trim()) },
  upper: { parameters: 1, apply: ofText((text) => text.toUpperCase()) },
  uuid: { parameters: 0, apply: () => crypto.randomUUID() },
}

const modules: Readonly<Record<string, Readonly<Record<string, Callable>>>> = {
  'dw::core::Strings': {
    substringAfter: {
      parameters: 2,
      apply: ofText((text, mark) => {
        const at = text.indexOf(mark)
        return at < 0 ? '' : text.slice(at + mark.length)
      }),
    },
    substringAfterLast: {
      parameters: 2,
      apply: ofText((text, mark) => {
        const at = text.lastIndexOf(mark)
        return at < 0 ? '' : text.slice(at + mark.length)
      }),
    },
    substringBefore: { parameters: 2, apply: ofText((text, mark) => before(text, text.indexOf(mark))) },
    substringBeforeLast: {
      parameters: 2,
      apply: ofText((text, mark) => before(text, text.lastIndexOf(mark))),
    },
  },
  'dw::core::Binaries': {
    fromBase64: { parameters: 1, apply: ofText(fromBase64) },
    toBase64: { parameters: 1, apply: ofText(toBase64) },
  },
}

/** The function of a name, with or without its module. */
export function functionOf(name: string): Callable | undefined {
  const at = name.lastIndexOf('::')
  const members = at < 0 ? core : modules[name.slice(0, at)]
  const own = at < 0 ? name : name.slice(at + 2)
  return members !== undefined && Object.hasOwn(members, own) ? members[own] : undefined
}
