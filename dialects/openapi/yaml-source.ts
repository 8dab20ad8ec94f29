import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  mergeTag,
  parseEvents,
  YAMLException,
} from 'js-yaml'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { type Json, type JsonObject } from './json.ts'
import { limits } from './limits.ts'
import { lineAndColumn, type PlaceVisitor, type PlaceWalk, placeFaults, pointerAt } from './places.ts'

// Merge keys are YAML 1.1, but documents in the wild use them. Dates stay texts.
const schema = CORE_SCHEMA.withTags(mergeTag)

// What a value costs beside its text, in the reckoning of what aliases expand to.
const nodeCost = 10

/** Reads one YAML 1.2 document with bounded nesting, aliases and merges. */
export function readYaml(text: string): { value: Json; walk: PlaceWalk } | { faults: Fault[] } {
  let walk: PlaceWalk = () => {}
  try {
    const events = parseEvents(text, { maxDepth: limits.depthMax })
    walk = (visitor) => walkYaml(text, events, visitor)
    const documents = constructFromEvents(events, {
      source: text,
      schema,
      maxAliases: limits.aliasesMax,
      maxTotalMergeKeys: limits.mergedKeysMax,
    })
    const [first] = documents
    if (documents.length !== 1) return { faults: [countFault(documents.length)] }
    const value = first as Json
    const bomb = expansionFault(value)
    if (bomb) return { faults: placeFaults(text, walk, [bomb]) }
    return { value, walk }
  } catch (error) {
    return { faults: [yamlFault(text, walk, error)] }
  }
}

function countFault(count: number): Fault {
  const detail =
    count === 0 ? 'There is nothing in it.' : `It holds ${count} YAML documents; one is taken at a time.`
  return { pointer: '', detail, line: 1, column: 1 }
}

function yamlFault(text: string, walk: PlaceWalk, error: unknown): Fault {
  if (!(error instanceof YAMLException)) {
    const detail = `It cannot be read: ${error instanceof Error ? error.message : String(error)}.`
    return { pointer: '', detail, line: 1, column: 1 }
  }
  const offset = error.mark?.position ?? 0
  return {
    pointer: pointerAt(walk, offset),
    detail: `Not valid YAML: ${reasonInWords(error.reason)}.`,
    ...lineAndColumn(text, offset),
  }
}

function reasonInWords(reason: string): string {
  if (reason === 'duplicated mapping key') return 'the same key stands here twice'
  if (reason.startsWith('nesting exceeded')) return `it nests more than ${limits.depthMax} levels deep`
  return reason
}

/** Refuses what grows without bound, or contains itself, once its aliases are written out. */
function expansionFault(root: Json): Fault | null {
  const sizes = new Map<object, number>()
  const path: string[] = []
  const open = new Set<object>()
  let detail: string | null = null

  const sizeOf = (value: Json): number => {
    if (typeof value === 'string') return value.length + nodeCost
    if (typeof value !== 'object' || value === null) return nodeCost
    const known = sizes.get(value)
    if (known !== undefined) return known
    if (open.has(value)) detail = 'An alias makes it contain itself.'
    else if (open.size >= limits.depthMax) detail = `It nests more than ${limits.depthMax} levels deep.`
    if (detail !== null) return 0
    open.add(value)
    let size: number = nodeCost
    for (const key of Object.keys(value)) {
      path.push(key)
      size += key.length + sizeOf((value as JsonObject)[key] ?? null)
      if (size > limits.expandedLengthMax) detail ??= 'Its aliases expand without bound.'
      if (detail !== null) return 0
      path.pop()
    }
    open.delete(value)
    sizes.set(value, size)
    return size
  }
  sizeOf(root)
  return detail === null ? null : { pointer: pointerOf(path.slice(0, 20)), detail }
}

interface Frame {
  isMapping: boolean
  /** In a mapping: whether the next node is a key. In a sequence: unused. */
  atKey: boolean
  index: number
  entered: boolean
}

function walkYaml(text: string, events: readonly Event[], visitor: PlaceVisitor): void {
  const frames: Frame[] = []
  const begin = (offset: number) => {
    const frame = frames.at(-1)
    if (!frame || frame.isMapping) return
    visitor.enter(frame.index, offset)
    frame.index += 1
    frame.entered = true
  }
  const end = () => {
    const frame = frames.at(-1)
    if (!frame) return
    if (frame.entered && (!frame.isMapping || !frame.atKey)) {
      visitor.leave()
      frame.entered = false
    }
    if (frame.isMapping) frame.atKey = true
  }
  for (const event of events) {
    const frame = frames.at(-1)
    const isKey = frame?.isMapping === true && frame.atKey
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        frames.push({ isMapping: false, atKey: false, index: 0, entered: true })
        break
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        if (frames.length > 1) begin(event.start)
        frames.push({ isMapping: event.type === EVENT_ID.MAPPING, atKey: true, index: 0, entered: false })
        break
      case EVENT_ID.SCALAR:
        if (isKey && frame) {
          visitor.enter(getScalarValue(text, event), event.valueStart)
          frame.entered = true
          frame.atKey = false
        } else if (frames.length > 1) {
          begin(event.valueStart)
          end()
        }
        break
      case EVENT_ID.ALIAS:
        if (isKey && frame) {
          visitor.enter('*', event.anchorStart)
          frame.entered = true
          frame.atKey = false
        } else if (frames.length > 1) {
          begin(event.anchorStart)
          end()
        }
        break
      case EVENT_ID.POP:
        frames.pop()
        if (frames.length > 1) end()
        break
    }
  }
}
