import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from 'yaml'
import type { z } from 'zod'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'

/** One YAML file as text, under the name that faults give it. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** A fault with the file, line and column at which it stands. */
export interface FlexFault extends Fault {
  file: string
  line: number
  column: number
}

export type Path = readonly (string | number)[]

/** One YAML document, whose faults know their place. */
export interface YamlDocument {
  readonly file: string
  readonly value: unknown
  /** What people say of it, in comments above its first key. */
  readonly comment: string
  /** Makes a fault at a path, or at the nearest ancestor that is written down. */
  fault(path: Path, detail: string): FlexFault
  /** The same, at the key rather than its value, where the key itself is wrong. */
  keyFault(path: Path, detail: string): FlexFault
}

/** A file larger than this is no configuration. */
const fileCharactersMax = 1_048_576
const aliasesMax = 100
const depthMax = 64
/** Keys that mean something to JavaScript and nothing here. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype'])

function pairAt(node: Node, key: string | number): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined
}

/** The offset of what a path names: the value, or its key where the value is empty or `end` asks for it. */
function offsetOf(document: Document.Parsed, path: Path, end: 'value' | 'key'): number {
  let node: unknown = document.contents
  let offset = document.range[0]
  for (const [index, key] of [undefined, ...path].entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (key !== undefined) {
      const container = node as Node
      if (isSeq(container)) node = container.items[Number(key)]
      else {
        const pair = pairAt(container, key)
        if (pair === undefined) return offset
        if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
        if (end === 'key' && index === path.length) return offset
        node = pair.value
      }
    }
    if (node === undefined || node === null) return offset
    const range = (node as Node).range
    if (isScalar(node) && node.source === '') continue
    offset = range?.[0] ?? offset
  }
  return offset
}

type Positioned = (offset: number, pointer: string, detail: string) => FlexFault

/** Faults of form that the YAML library does not report: poisonous keys, and nesting without end. */
function faultsOfForm(document: Document.Parsed, at: Positioned): FlexFault[] {
  const faults: FlexFault[] = []
  visit(document, (key, node, path) => {
    if (path.length > depthMax * 2) {
      faults.push(at(document.range[0], '', `nested deeper than ${depthMax}`))
      return visit.BREAK
    }
    if (key === 'key' && isScalar(node) && poisonous.has(String(node.value)))
      faults.push(at(node.range?.[0] ?? 0, '', `the key ${String(node.value)} is not taken`))
    return undefined
  })
  return faults
}

function readDocument(document: Document.Parsed, file: string, at: Positioned) {
  const faults = [...document.errors, ...document.warnings].map((error) => {
    const detail = error.code === 'DUPLICATE_KEY' ? 'this key stands here twice' : error.message
    return at(error.pos[0], '', detail)
  })
  if (faults.length === 0) faults.push(...faultsOfForm(document, at))
  if (faults.length > 0) return { faults }
  const value: unknown = document.toJS({ maxAliasCount: aliasesMax })
  const read: YamlDocument = {
    file,
    value,
    comment: [document.commentBefore, document.contents?.commentBefore].filter(Boolean).join('\n'),
    fault: (path, detail) => at(offsetOf(document, path, 'value'), pointerOf(path), detail),
    keyFault: (path, detail) => at(offsetOf(document, path, 'key'), pointerOf(path), detail),
  }
  return { faults, document: read }
}

function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null))
}

/** Reads every document of a file. With a fault in one of them, none is to be used. */
export function readDocuments({ file, text }: Source): { documents: YamlDocument[]; faults: FlexFault[] } {
  const lineCounter = new LineCounter()
  const at: Positioned = (offset, pointer, detail) => {
    const { line, col } = lineCounter.linePos(offset)
    return { file, pointer, detail, line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (text.length > fileCharactersMax)
    return { documents: [], faults: [at(0, '', `larger than ${fileCharactersMax} characters`)] }
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      schema: 'core',
      stringKeys: true,
      uniqueKeys: true,
    })
    const documents = Array.isArray(parsed) ? parsed.filter((one) => !isEmpty(one)) : []
    const read = documents.map((document) => readDocument(document, file, at))
    return {
      documents: read.flatMap((one) => one.document ?? []),
      faults: read.flatMap((one) => one.faults),
    }
  } catch (error) {
    // The library throws on too many aliases, and on nesting that exhausts the stack.
    const detail =
      error instanceof RangeError ? `nested deeper than ${depthMax}` : `cannot be read: ${String(error)}`
    return { documents: [], faults: [at(0, '', detail)] }
  }
}

/** The faults of a value that does not have its shape, at a path of the document. */
export function faultsOf(error: z.ZodError, document: YamlDocument, base: Path = []): FlexFault[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
    if (issue.code !== 'unrecognized_keys') return [document.fault(path, issue.message)]
    return issue.keys.map((key) => document.keyFault([...path, key], `${key} is not supported here`))
  })
}
