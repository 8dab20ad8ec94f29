import { RE2JS } from 're2js'

/** What a path is matched by: the literal parts and the names of the others. */
interface Template<T> {
  readonly value: T
  readonly literals: number
  readonly segments: readonly Segment[]
}
type Segment =
  | { readonly literal: string }
  | { readonly names: readonly string[]; readonly pattern: RE2JS | undefined }

export interface Matched<T> {
  readonly value: T
  /** Decoded values of the path's parameters. */
  readonly parameters: ReadonlyMap<string, string>
}

const named = /\{([^{}]*)\}/g

function segmentOf(text: string): Segment {
  const names = [...text.matchAll(named)].map((match) => match[1] ?? '')
  if (names.length === 0) return { literal: decoded(text) }
  if (names.length === 1 && text === `{${names[0]}}`) return { names, pattern: undefined }
  const parts = text.split(named).map((part, index) => (index % 2 === 1 ? '(.+?)' : RE2JS.quote(part)))
  return { names, pattern: RE2JS.compile(parts.join('')) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Finds the template of a path; where several fit, the one with more literal parts from the left goes first. */
export class Templates<T> {
  readonly #byLength = new Map<number, Template<T>[]>()

  add(template: string, value: T): void {
    const segments = template.slice(1).split('/').map(segmentOf)
    const literals = segments.reduce((sum, part, at) => ('literal' in part ? sum + 2 ** -at : sum), 0)
    const same = this.#byLength.get(segments.length) ?? []
    same.push({ value, literals, segments })
    same.sort((a, b) => b.literals - a.literals)
    this.#byLength.set(segments.length, same)
  }

  /** All that fit, the best first: two templates may differ in their methods alone. */
  find(path: string): Matched<T>[] {
    const parts = path.slice(1).split('/').map(decoded)
    return (this.#byLength.get(parts.length) ?? []).flatMap(({ value, segments }) => {
      const parameters = new Map<string, string>()
      const fits = segments.every((segment, index) => fill(segment, parts[index] ?? '', parameters))
      return fits ? [{ value, parameters }] : []
    })
  }
}

function fill(segment: Segment, text: string, parameters: Map<string, string>): boolean {
  if ('literal' in segment) return segment.literal === text
  const { names, pattern } = segment
  const [name = ''] = names
  if (pattern === undefined) {
    parameters.set(name, text)
    return text !== ''
  }
  const matcher = pattern.matcher(text)
  if (!matcher.matches()) return false
  for (const [index, one] of names.entries()) parameters.set(one, matcher.group(index + 1) ?? '')
  return true
}
