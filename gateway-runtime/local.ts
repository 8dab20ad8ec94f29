import { type FSWatcher, watch } from 'node:fs'
import type { Logger } from 'pino'
import { canonicalJson } from '#contract/manifest.ts'
import type { NodeSettings } from '#dialects/flex/configuration.ts'
import type { FlexFault } from '#dialects/flex/document.ts'
import { type Locate, readFlex } from '#dialects/flex/read.ts'
import type { FlexNote } from '#dialects/flex/register.ts'
import { Secret } from '#domain/secret.ts'
import { apiCertificates } from '#tls/api-certificates.ts'
import { lapsedAmong } from '#tls/lapsed.ts'
import { foldersIn, type Sources, sourcesIn } from './folder.ts'
import type { Options } from './options.ts'
import { type Contents, Planner } from './plan.ts'
import { emptyWorld, sha256, type World } from './ports.ts'
import { certificateMaker } from '#tls/self-signed.ts'
import type { LiveRoute } from './serve/plan.ts'
import type { Serves } from './serving.ts'

/** Notes are lines for people; warnings are those that somebody should act on. */
interface Notes {
  readonly recognised: readonly string[]
  readonly warnings: readonly string[]
}

export type Read =
  | ({ ok: true; contents: Contents; settings: NodeSettings; locate: Locate } & Notes)
  | { ok: false; faults: readonly string[] }

/** A fault as compilers print them, so that an editor finds the place. */
function lineOf({ file, line, column, pointer, detail }: FlexFault): string {
  return `${file}:${line}:${column}: ${detail}${pointer === '' ? '' : ` (${pointer})`}`
}

/** One for the process: a folder that is read again must not look changed. */
const ownCertificate = certificateMaker()

/** Reads the YAML files of folders as what is to be served. */
export async function readFolder(folder: string, options: { allowLoopback: boolean }): Promise<Read> {
  return contentsOf(await sourcesIn(folder), folder, options)
}

function contentsOf(found: Sources, folder: string, { allowLoopback }: { allowLoopback: boolean }): Read {
  if (!found.ok) return found
  const environment = (name: string) => process.env[name]
  const read = readFlex([...found.sources], { sha256, ownCertificate, environment, allowLoopback })
  if (!read.ok) return { ok: false, faults: read.faults.map(lineOf) }
  if (!read.items.some((item) => item.kind === 'api'))
    return { ok: false, faults: [`${folder} holds no ApiInstance in a .yaml or .yml file`] }
  const lines = (level: FlexNote['level']) => read.notes.filter((note) => note.level === level).map(lineOf)
  return {
    ok: true,
    contents: new Map(read.items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }])),
    settings: read.settings,
    locate: read.locate,
    recognised: lines('info'),
    warnings: lines('warning'),
  }
}

/** A reason for a refusal as a line with its place, where the folder has one for it. */
function lineOfReason({ pointer, reason }: { pointer: string; reason: string }, locate: Locate): string {
  const fault = locate(pointer.replace(/^\/items/, ''), reason)
  return fault === undefined ? `${reason} (${pointer})` : lineOf(fault)
}

/** A world in which policies can be made although nobody will use them; what they say is kept. */
function worldForNobody(hasStore: boolean, hasCollector: boolean, said: string[]): World {
  const never = () => new Promise<never>(() => undefined)
  return {
    ...emptyWorld,
    request: never,
    sharedStore: hasStore ? { evaluate: never, get: never, set: never, delete: never } : undefined,
    spans: hasCollector ? () => undefined : undefined,
    log(level, code, { policy, api, ...fields } = {}) {
      if (level === 'debug' || level === 'info') return
      said.push(`${String(api)}, ${String(policy)}: ${code} ${JSON.stringify(fields)}`)
    },
  }
}

/** Says whether folders are right without serving them: all that a node would make of them is made and discarded. */
export async function checkFolder(folder: string, options: Options): Promise<Read> {
  const allowLoopback = options.allowLoopbackUpstreams
  const read = await readFolder(folder, { allowLoopback })
  if (!read.ok) return read
  const said: string[] = []
  const hasStore = (options.sharedStore ?? read.settings.sharedStore) !== undefined
  const built = await new Planner({
    allowLoopback,
    world: worldForNobody(hasStore, options.otlpEndpoint !== undefined, said),
  }).build(read.contents)
  if (!built.ok)
    return { ok: false, faults: built.reasons.map((reason) => lineOfReason(reason, read.locate)) }
  const lapsed = built.draft.plan.routes.flatMap(lapsedOf)
  built.draft.discard()
  return { ...read, warnings: [...read.warnings, ...said, ...lapsed] }
}

/** Certificates that are not valid now are served all the same; clients and upstreams will not take them. */
function lapsedOf({ apiName, inboundTls, upstream, destinations = [] }: LiveRoute): string[] {
  const pools = [upstream, ...destinations.map(({ pool }) => pool)]
  const outbound = pools.flatMap(({ outboundTls: tls }) => (tls === undefined ? [] : [{ tls }]))
  const lapsed = lapsedAmong(apiCertificates(inboundTls, outbound), new Date())
  return lapsed.map(({ detail }) => `${apiName}: ${detail}`)
}

/** The options with what the folder's Configurations say where the command says nothing. */
export async function withFolderSettings(options: Options): Promise<Options> {
  if (options.mode.kind !== 'local') return options
  const read = await readFolder(options.mode.folder, { allowLoopback: options.allowLoopbackUpstreams })
  // What is wrong with the folder is said when it is to be served.
  if (!read.ok) return options
  const { sharedStore, accessLog } = read.settings
  return {
    ...options,
    accessLog: options.accessLog && accessLog !== false,
    sharedStore: options.sharedStore ?? (sharedStore === undefined ? undefined : new Secret(sharedStore)),
  }
}

/** What a running node cannot change. */
function fixedSettings({ sharedStore, accessLog }: NodeSettings): string {
  return JSON.stringify([sharedStore ?? null, accessLog ?? null])
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
  #warnings: readonly string[] = []
  #fixed: string | undefined
  readonly #levelAtStart: string
  /** What was found in the folder at the last look. */
  #text = ''
  #state = ''
  #watchers: readonly FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined
  #queue: Promise<void> = Promise.resolve()

  constructor(folder: string, serving: Serves, options: { allowLoopback: boolean; log: Logger }) {
    this.#folder = folder
    this.#serving = serving
    this.#allowLoopback = options.allowLoopback
    this.#log = options.log
    this.#levelAtStart = options.log.level
  }

  /** What is served. */
  get contents(): Contents {
    return this.#contents
  }

  /** What is wrong with the folder as it is now, while an earlier state of it is served. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** What is served although somebody should look at it. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Serves the folder as it is and begins to follow it. The faults say why it cannot; none when it does. */
  async start(): Promise<readonly string[]> {
    await this.reload()
    if (!this.#serving.isServing) return this.#faults
    this.#watchers = foldersIn(this.#folder).map((one) => this.#watch(one))
    this.#poll = setInterval(() => this.#settle(), pollMs).unref()
    return []
  }

  stop(): Promise<void> {
    for (const watcher of this.#watchers) watcher.close()
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

  /** Folders inside this one are found by looking. */
  #watch(folder: string): FSWatcher {
    const watcher = watch(folder, () => this.#settle())
    watcher.on('error', (error) =>
      this.#log.warn({ err: error }, `changes of ${folder} are found by looking every 2 s`),
    )
    return watcher
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.reload(), settleMs)
  }

  async #reload(): Promise<void> {
    const found = await sourcesIn(this.#folder)
    // Every look would otherwise parse all documents beside the traffic.
    const text = sha256(JSON.stringify(found))
    if (text === this.#text) return
    this.#text = text
    const read = contentsOf(found, this.#folder, { allowLoopback: this.#allowLoopback })
    const state = stateOf(read)
    if (state === this.#state) return
    this.#state = state
    if (!read.ok) return this.#refuse(read.faults)
    const served = await this.#serving.serve(read.contents)
    if (!served.ok) return this.#refuse(served.reasons.map((reason) => lineOfReason(reason, read.locate)))
    this.#contents = read.contents
    this.#faults = []
    this.#settings(read.settings)
    this.#tell(read)
    const apis = [...read.contents.values()].filter(({ item }) => item.kind === 'api').length
    this.#log.info(
      { code: 'local.applied', apis, ports: this.#serving.ports },
      `serving ${apis} APIs from ${this.#folder}`,
    )
  }

  #settings(settings: NodeSettings): void {
    this.#log.level = settings.logLevel ?? this.#levelAtStart
    const fixed = fixedSettings(settings)
    if (this.#fixed !== undefined && this.#fixed !== fixed)
      this.#log.warn(
        { code: 'local.restart-needed' },
        'the shared storage and the access log of a Configuration take effect after a restart',
      )
    this.#fixed ??= fixed
  }

  #tell({ recognised, warnings }: Notes): void {
    for (const line of recognised) this.#log.info({ code: 'local.recognised' }, line)
    for (const line of warnings) this.#log.warn({ code: 'local.warning' }, line)
    this.#warnings = warnings
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

/** Two readings with the same state mean the same, so that a comment or a line break reloads nothing. */
function stateOf(read: Read): string {
  if (!read.ok) return read.faults.join('\n')
  const hashes = [...read.contents.values()].map(({ hash }) => hash)
  return JSON.stringify([hashes, fixedSettings(read.settings), read.settings.logLevel])
}
