import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { canonicalJson } from '#contract/manifest.ts'
import type { FlexFault, Source } from '#dialects/flex/document.ts'
import { readFlex } from '#dialects/flex/read.ts'
import type { Contents } from './plan.ts'
import { sha256 } from './ports.ts'
import type { Serves } from './serving.ts'

export type Read = { ok: true; contents: Contents } | { ok: false; faults: readonly string[] }

/** A fault as compilers print them, so that an editor finds the place. */
function lineOf({ file, line, column, pointer, detail }: FlexFault): string {
  return `${file}:${line}:${column}: ${detail}${pointer === '' ? '' : ` (${pointer})`}`
}

type Sources = { ok: true; sources: readonly Source[] } | { ok: false; faults: readonly string[] }

async function sourcesIn(folder: string): Promise<Sources> {
  try {
    return { ok: true, sources: await readSources(folder) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, faults: [`${folder} cannot be read: ${reason}`] }
  }
}

async function readSources(folder: string): Promise<Source[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
    .map((entry) => entry.name)
    .toSorted()
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(folder, file), 'utf8') })))
}

/** Reads the YAML files of a folder as what is to be served. */
export async function readFolder(folder: string, options: { allowLoopback: boolean }): Promise<Read> {
  return contentsOf(await sourcesIn(folder), folder, options)
}

function contentsOf(found: Sources, folder: string, options: { allowLoopback: boolean }): Read {
  if (!found.ok) return found
  const read = readFlex([...found.sources], { sha256, allowLoopback: options.allowLoopback })
  if (!read.ok) return { ok: false, faults: read.faults.map(lineOf) }
  if (!read.items.some((item) => item.kind === 'api'))
    return { ok: false, faults: [`${folder} holds no ApiInstance in a .yaml or .yml file`] }
  return {
    ok: true,
    contents: new Map(read.items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }])),
  }
}

/** Editors write a file in several steps; what comes within this time is one change. */
const settleMs = 100
/** Not every file system tells of every change. */
const pollMs = 2_000

/** Serves a folder, and again whenever it changes. A change that is wrong leaves what runs as it is. */
export class LocalMode {
  readonly #folder: string
  readonly #serving: Serves
  readonly #allowLoopback: boolean
  readonly #log: Logger
  #contents: Contents = new Map()
  #faults: readonly string[] = []
  /** What was found in the folder at the last look. */
  #text = ''
  #state = ''
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined
  #queue: Promise<void> = Promise.resolve()

  constructor(folder: string, serving: Serves, options: { allowLoopback: boolean; log: Logger }) {
    this.#folder = folder
    this.#serving = serving
    this.#allowLoopback = options.allowLoopback
    this.#log = options.log
  }

  /** What is served. */
  get contents(): Contents {
    return this.#contents
  }

  /** What is wrong with the folder as it is now, while an earlier state of it is served. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** Serves the folder as it is and begins to follow it. The faults say why it cannot; none when it does. */
  async start(): Promise<readonly string[]> {
    await this.reload()
    if (!this.#serving.isServing) return this.#faults
    this.#watcher = watch(this.#folder, () => this.#settle())
    this.#watcher.on('error', (error) =>
      this.#log.warn({ err: error }, 'changes are found by looking every 2 s'),
    )
    this.#poll = setInterval(() => this.#settle(), pollMs).unref()
    return []
  }

  stop(): Promise<void> {
    this.#watcher?.close()
    clearTimeout(this.#timer)
    clearInterval(this.#poll)
    return this.#queue
  }

  /** Looks at the folder now, after reloads that are under way. */
  reload(): Promise<void> {
    this.#queue = this.#queue
      .then(() => this.#reload())
      .catch((error: unknown) =>
        this.#refuse([`failed: ${error instanceof Error ? error.message : String(error)}`]),
      )
    return this.#queue
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.reload(), settleMs)
  }

  async #reload(): Promise<void> {
    const found = await sourcesIn(this.#folder)
    // Every look would otherwise parse all documents beside the traffic.
    const text = JSON.stringify(found)
    if (text === this.#text) return
    this.#text = text
    const read = contentsOf(found, this.#folder, { allowLoopback: this.#allowLoopback })
    const state = read.ok
      ? [...read.contents.values()].map(({ hash }) => hash).join()
      : read.faults.join('\n')
    if (state === this.#state) return
    this.#state = state
    if (!read.ok) return this.#refuse(read.faults)
    const served = await this.#serving.serve(read.contents)
    if (!served.ok) return this.#refuse(served.reasons.map(({ pointer, reason }) => `${reason} (${pointer})`))
    this.#contents = read.contents
    this.#faults = []
    const apis = [...read.contents.values()].filter(({ item }) => item.kind === 'api').length
    this.#log.info(
      { code: 'local.applied', apis, ports: this.#serving.ports },
      `serving ${apis} APIs from ${this.#folder}`,
    )
  }

  #refuse(faults: readonly string[]): void {
    this.#faults = faults
    const goesOn = this.#serving.isServing ? '; what ran before goes on' : ''
    this.#log.error(
      { code: 'local.refused', faults },
      `${this.#folder} is refused${goesOn}: ${faults[0] ?? ''}`,
    )
  }
}
