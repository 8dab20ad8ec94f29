import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'

/** Hears of every node of a text in order: its key or index and where it begins. The root has no key. */
export interface PlaceVisitor {
  enter(key: string | number, offset: number): void
  leave(): void
}

/** Walks the text of a document; JSON and YAML each have one. */
export type PlaceWalk = (visitor: PlaceVisitor) => void

interface Wanted {
  children: Map<string, Wanted>
  offset: number | null
}

/** Adds lines and columns to faults that know their pointer. A pointer into nothing gets its nearest ancestor's. */
export function placeFaults(text: string, walk: PlaceWalk, faults: readonly Fault[]): Fault[] {
  const root: Wanted = { children: new Map(), offset: 0 }
  for (const fault of faults) want(root, segmentsOf(fault.pointer))
  const open: (Wanted | undefined)[] = [root]
  walk({
    enter(key, offset) {
      const found = open.at(-1)?.children.get(String(key))
      if (found) found.offset ??= offset
      open.push(found)
    },
    leave() {
      open.pop()
    },
  })
  return faults.map((fault) => ({ ...fault, ...lineAndColumn(text, offsetOf(root, fault.pointer)) }))
}

function want(root: Wanted, segments: readonly string[]): void {
  let at = root
  for (const segment of segments) {
    const next = at.children.get(segment) ?? { children: new Map(), offset: null }
    at.children.set(segment, next)
    at = next
  }
}

function offsetOf(root: Wanted, pointer: string): number {
  let at: Wanted | undefined = root
  let offset = 0
  for (const segment of segmentsOf(pointer)) {
    at = at?.children.get(segment)
    if (at?.offset == null) break
    offset = at.offset
  }
  return offset
}

/** The pointer of the innermost node that begins at or before an offset. */
export function pointerAt(walk: PlaceWalk, offset: number): string {
  const path: (string | number)[] = []
  let best: readonly PropertyKey[] = []
  walk({
    enter(key, start) {
      path.push(key)
      if (start <= offset) best = [...path]
    },
    leave() {
      path.pop()
    },
  })
  return pointerOf(best)
}

/** Line and column, both from 1. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', start)) {
    line += 1
    start = next + 1
  }
  return { line, column: offset - start + 1 }
}
