import { type ChildProcess, fork } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Item } from '#contract/items.ts'
import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import type { Count, CountedLimits } from '#policies/definition.ts'
import type { Counted, DataPlaneOptions, Hearing } from '../data-plane.ts'
import type { Contents } from '../plan.ts'
import type { Bound } from '../serving.ts'
import { onlyServed, read } from './figures.ts'
import type { Tallies } from './tallies.ts'
import type { NodeLimits } from './node-limits.ts'
import type { FromWorker, PreparedThere, ToWorker, WorkerReading } from './messages.ts'

// A request passes through many short functions, of the codec and of Node's streams. V8 stops putting them into one
// another at a size that is right for most programs; with more room a request takes 3 to 5 % less CPU.
// Young objects get half the room that V8 would give them: what a request needs dies with it, and no request takes
// longer by it, while a worker with thousands of routes is some 40 MB smaller.
const servingFlags = [
  '--max-inlined-bytecode-size-cumulative=4000',
  '--max-inlined-bytecode-size=1000',
  '--max-semi-space-size=8',
]

/** The worker ended before it answered. */
export class WorkerGone extends Error {}

/** What a worker has counted so far. */
export interface Reading extends Omit<WorkerReading, 'counted'> {
  readonly counted: Counted
}

/** Where a worker stands: among those that serve, or as the spare. */
export interface Post {
  /** What people are told of. */
  readonly name: string
  /** Called once, with how the worker ended in words. */
  readonly onEnd: (child: Child, how: string) => void
}

export interface ChildOptions {
  readonly post: Post
  readonly plane: DataPlaneOptions
  readonly drainMs: number
  readonly hearing: Hearing
  /** What all workers count together. */
  readonly limits: NodeLimits
  readonly tallies: Tallies<Child>
  /** It has something for the listeners in the other workers. */
  readonly onTell: (child: Child, name: string, text: string) => void
}

const entry = new URL('main.ts', import.meta.url)
/**
 * Compiled code is kept from one start to the next: a worker is back in half the time, and does without what strips
 * the types. Beside the packages, since whoever can write there can change the code anyway.
 */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/gateway-runtime', import.meta.url))
/** Items go over in slices, so that a worker never stops for long to read them. */
const sliceItems = 50
/** What a worker need not know. */
const secretVariables = ['HEXGATE_GATEWAY_KEY', 'HEXGATE_SHARED_STORE']

/** A worker as the control process holds it. */
export class Child {
  readonly started: Promise<void>
  readonly ended: Promise<void>
  readonly #options: ChildOptions
  readonly #process: ChildProcess
  readonly #asked = new Map<
    number,
    { resolve: (answer: FromWorker) => void; reject: (error: Error) => void }
  >()
  /** What the worker was given, by id: the hashes. */
  readonly #held = new Map<string, string>()
  readonly #limits = new Map<number, CountedLimits>()
  #post: Post
  #reading: Reading | undefined
  #lastAsk = 0
  #silentBeats = 0
  #isGone = false
  #isServing = false
  #onStarted: () => void = () => undefined
  #onEnded: () => void = () => undefined

  constructor(options: ChildOptions) {
    this.#post = options.post
    this.#options = options
    const environment: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: compiled, ...process.env }
    for (const name of secretVariables) delete environment[name]
    this.#process = fork(entry, [], {
      execArgv: [...process.execArgv, ...servingFlags],
      env: environment,
      serialization: 'json',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.started = new Promise((resolve, reject) => {
      this.#onStarted = resolve
      this.#asked.set(0, { resolve: () => resolve(), reject })
    })
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve
    })
    // Who waits for it hears of it; nobody has to.
    this.started.catch(() => undefined)
    this.#process.on('message', (message) => this.#heard(message as FromWorker))
    this.#process.once('error', (error) => this.#ended(error.message))
    this.#process.once('exit', (code, signal) => this.#ended(signal ?? `exit code ${code}`))
    this.#tell({ kind: 'start', options: options.plane, drainMs: options.drainMs })
  }

  get name(): string {
    return this.#post.name
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get isStarted(): boolean {
    return !this.#asked.has(0)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  get isServing(): boolean {
    return this.#isServing && !this.#isGone
  }

  /** From now on it stands here. */
  takePost(post: Post): void {
    this.#post = post
  }

  /** What it said last. */
  get reading(): Reading | undefined {
    return this.#reading
  }

  /** Forgets the figures of what is served no more. */
  keepOnly(isServed: (id: string) => boolean): void {
    const reading = this.#reading
    if (reading !== undefined) this.#reading = { ...reading, counted: onlyServed(reading.counted, isServed) }
  }

  /** Hands on what another worker told. */
  pass(name: string, text: string): void {
    this.#tell({ kind: 'told', name, text })
  }

  /** Beats since it was last heard. */
  beat(): number {
    return this.#silentBeats++
  }

  /** Hands over what has changed since the last time. */
  async give(contents: Contents): Promise<void> {
    const remove = [...this.#held.keys()].filter((id) => !contents.has(id))
    for (const id of remove) this.#held.delete(id)
    const set: [id: string, hash: string, item: Item][] = []
    // Of thousands that are looked at few have changed: nothing is made of the others.
    for (const [id, { hash, item }] of contents) {
      if (this.#held.get(id) === hash) continue
      this.#held.set(id, hash)
      set.push([id, hash, item])
    }
    this.#tell({ kind: 'items', remove, set: [] })
    for (let at = 0; at < set.length; at += sliceItems) {
      this.#tell({ kind: 'items', remove: [], set: set.slice(at, at + sliceItems) })
      await setImmediate()
    }
  }

  /** Rejects with WorkerGone when it ends meanwhile, as everything here that waits. */
  async prepare(bound: Bound): Promise<PreparedThere> {
    const answer = await this.#ask((ask) => ({ kind: 'prepare', ask, bound }))
    if (answer.kind !== 'prepared') throw new TypeError(`a worker answered ${answer.kind} to prepare`)
    return answer.result
  }

  async commit(): Promise<void> {
    await this.#ask((ask) => ({ kind: 'commit', ask }))
    this.#isServing = true
  }

  async discard(): Promise<void> {
    await this.#ask((ask) => ({ kind: 'discard', ask }))
  }

  /** Has it count anew; afterwards `reading` is of now. */
  async readAnew(): Promise<void> {
    await this.#ask((ask) => ({ kind: 'figures', ask }))
  }

  /** Ends an open WebSocket; false where it holds none of that id. */
  async evict(sessionId: string): Promise<boolean> {
    const answer = await this.#ask((ask) => ({ kind: 'evict', ask, sessionId }))
    return answer.kind === 'evicted' && answer.isFound
  }

  async probe(target: ProbeTarget): Promise<ProbeReport | null> {
    const answer = await this.#ask((ask) => ({ kind: 'probe', ask, target }))
    return answer.kind === 'probed' ? answer.report : null
  }

  drain(deadlineMs: number, graceMs: number): void {
    this.#tell({ kind: 'drain', deadlineMs, graceMs })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #ask(message: (ask: number) => ToWorker): Promise<FromWorker> {
    const ask = ++this.#lastAsk
    return new Promise((resolve, reject) => {
      if (this.#isGone) return reject(new WorkerGone(`${this.name} has ended`))
      this.#asked.set(ask, { resolve, reject })
      this.#tell(message(ask))
    })
  }

  // A message that cannot be sent goes to a worker that is ending, which `exit` will say.
  #tell(message: ToWorker): void {
    if (this.#process.connected) this.#process.send(message, () => undefined)
  }

  #heard(message: FromWorker): void {
    this.#silentBeats = 0
    switch (message.kind) {
      case 'started':
        this.#asked.delete(0)
        return this.#onStarted()
      case 'event':
        return this.#options.hearing.event(message.event, message.heldBack)
      case 'log':
        return this.#options.hearing.log(...message.entry)
      case 'limits':
        return void this.#limits.set(message.number, message.limits)
      case 'take':
        return this.#tell({ kind: 'taken', batch: message.batch, counts: this.#taken(message.takes) })
      case 'tell':
        return this.#options.onTell(this, message.name, message.text)
      case 'enter': {
        const { ask, key, max } = message
        const isIn = this.#options.tallies.enter(this, key, max)
        return this.#tell({ kind: 'entered', ask, key, isIn })
      }
      case 'leave':
        return this.#options.tallies.leave(this, message.key)
      case 'figures': {
        const { counted, ...rest } = message.reading
        const { sessions = this.#reading?.sessions ?? [] } = rest
        this.#reading = { ...rest, sessions, counted: read(counted, this.#reading?.counted) }
        return message.ask === null ? undefined : this.#answered(message.ask, message)
      }
      case 'prepared':
      case 'evicted':
      case 'probed':
      case 'done':
        return this.#answered(message.ask, message)
    }
  }

  #taken(takes: Extract<FromWorker, { kind: 'take' }>['takes']): Count[] {
    const now = performance.now()
    return takes.map(([number, key]) => {
      const limits = this.#limits.get(number)
      if (limits === undefined) throw new TypeError(`${this.name} counts by limits it did not name`)
      return this.#options.limits.take(limits, key, now)
    })
  }

  #answered(ask: number, answer: FromWorker): void {
    this.#asked.get(ask)?.resolve(answer)
    this.#asked.delete(ask)
  }

  #ended(how: string): void {
    if (this.#isGone) return
    this.#isGone = true
    for (const { reject } of this.#asked.values()) reject(new WorkerGone(`${this.name} ended (${how})`))
    this.#asked.clear()
    this.#options.tallies.gone(this)
    this.#post.onEnd(this, how)
    this.#onEnded()
  }
}
