// Its CommonJS build names its exports at run time only, so they are reached over the default import.
// oxlint-disable-next-line import/default
import jsonc from 'jsonc-parser'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { type Json } from './json.ts'
import { limits } from './limits.ts'
import { lineAndColumn, type PlaceVisitor, type PlaceWalk } from './places.ts'

// jsonc-parser's enums are const enums, which a file compiled on its own cannot read.
const token = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, comma: 5, colon: 6 } as const
const textToken = 10
const endToken = 17
const commentFree = { disallowComments: true }

/** Reads strict JSON, and refuses what JSON.parse would take in silence: a member twice, nesting without end. */
export function readJson(text: string): { value: Json; walk: PlaceWalk } | { faults: Fault[] } {
  const structural = structureFault(text)
  if (structural) return { faults: [structural] }
  try {
    return { value: JSON.parse(text) as Json, walk: (visitor) => walkJson(text, visitor) }
  } catch {
    return { faults: [syntaxFault(text)] }
  }
}

interface Frame {
  names: Set<string> | null
  key: string | number
}

function structureFault(text: string): Fault | null {
  const scanner = jsonc.createScanner(text, true)
  const frames: Frame[] = []
  let expectsName = false
  for (let found: number = scanner.scan(); found !== endToken; found = scanner.scan()) {
    const frame = frames.at(-1)
    if (found === token.openBrace || found === token.openBracket) {
      frames.push({ names: found === token.openBrace ? new Set() : null, key: 0 })
      expectsName = found === token.openBrace
      if (frames.length > limits.depthMax) return tooDeep(text, scanner.getTokenOffset(), frames)
    } else if (found === token.closeBrace || found === token.closeBracket) {
      frames.pop()
      expectsName = false
    } else if (found === token.comma) {
      expectsName = frame?.names != null
      if (frame && typeof frame.key === 'number') frame.key += 1
    } else if (found === textToken && expectsName && frame?.names) {
      const name = scanner.getTokenValue()
      frame.key = name
      expectsName = false
      if (frame.names.has(name)) return twice(text, scanner.getTokenOffset(), frames, name)
      frame.names.add(name)
    }
  }
  return null
}

function pathOf(frames: readonly Frame[]): string {
  return pointerOf(frames.map(({ key }) => key))
}

function tooDeep(text: string, offset: number, frames: readonly Frame[]): Fault {
  const pointer = pathOf(frames.slice(0, 20))
  const detail = `It nests more than ${limits.depthMax} levels deep.`
  return { pointer, detail, ...lineAndColumn(text, offset) }
}

function twice(text: string, offset: number, frames: readonly Frame[], name: string): Fault {
  const detail = `“${name}” stands here twice.`
  return { pointer: pathOf(frames), detail, ...lineAndColumn(text, offset) }
}

// Only called once the depth is known to be bounded, since this visitor recurses.
function syntaxFault(text: string): Fault {
  let offset: number | null = null
  let what = 'a JSON syntax error'
  let path: (string | number)[] = []
  const noteValue = (getPath: () => (string | number)[]) => {
    if (offset === null) path = getPath()
  }
  jsonc.visit(
    text,
    {
      onError(code, at) {
        if (offset !== null) return
        offset = at
        what = words(jsonc.printParseErrorCode(code))
      },
      onObjectProperty: (name, _at, _length, _line, _column, parent) => noteValue(() => [...parent(), name]),
    },
    { ...commentFree, allowTrailingComma: false, allowEmptyContent: false },
  )
  return { pointer: pointerOf(path), detail: `Not valid JSON: ${what}.`, ...lineAndColumn(text, offset ?? 0) }
}

function words(code: string): string {
  return code.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

function walkJson(text: string, visitor: PlaceVisitor): void {
  const scanner = jsonc.createScanner(text, true)
  const frames: { isObject: boolean; index: number; entered: boolean }[] = []
  let expectsName = false
  // Array elements are entered at their first token, members at their name.
  const element = () => {
    const frame = frames.at(-1)
    if (!frame || frame.isObject || frame.entered) return
    visitor.enter(frame.index, scanner.getTokenOffset())
    frame.entered = true
  }
  const finish = () => {
    const frame = frames.at(-1)
    if (frame?.entered) visitor.leave()
    if (frame) frame.entered = false
  }
  for (let found: number = scanner.scan(); found !== endToken; found = scanner.scan()) {
    if (found === token.openBrace || found === token.openBracket) {
      element()
      frames.push({ isObject: found === token.openBrace, index: 0, entered: false })
      expectsName = found === token.openBrace
    } else if (found === token.closeBrace || found === token.closeBracket) {
      finish()
      frames.pop()
      expectsName = false
    } else if (found === token.comma) {
      finish()
      const frame = frames.at(-1)
      if (frame) frame.index += 1
      expectsName = frame?.isObject ?? false
    } else if (found === textToken && expectsName) {
      const frame = frames.at(-1)
      visitor.enter(scanner.getTokenValue(), scanner.getTokenOffset())
      if (frame) frame.entered = true
      expectsName = false
    } else if (found !== token.colon) {
      element()
    }
  }
}
