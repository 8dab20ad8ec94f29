import { createServer as createProbe } from 'node:net'
import type { Reason } from '#contract/events.ts'
import { itemPointer } from '#contract/items.ts'
import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import {
  type Counted,
  type DataPlane,
  type DataPlaneOptions,
  type Hearing,
  nothingCounted,
  type PlaneFigures,
  type ProcessFigures,
  sessionsMax,
} from '../data-plane.ts'
import type { Contents } from '../plan.ts'
import { type Bound, listenFault, openPlaces, type Place, placesOf, type Served } from '../serving.ts'
import { Child, type Post, type Reading, WorkerGone } from './child.ts'
import { Crashes, crashesAMinuteMax } from './crashes.ts'
import { onlyServed, remaining, summed } from './figures.ts'
import { beatMs, type PreparedThere } from './messages.ts'
import { NodeLimits } from './node-limits.ts'
import { Spare, type SpareOptions } from './spare.ts'
import { Tallies } from './tallies.ts'

/** The serving processes cannot be started. */
export class WorkersFailed extends Error {}

/** One of the workers, through all the processes that it has been. */
interface Slot {
  readonly number: number
  readonly crashes: Crashes
  child: Child | undefined
  revival: NodeJS.Timeout | undefined
}

/** How patient a fleet is, and what it has room for. */
export interface FleetMeans extends Pick<SpareOptions, 'afterMs' | 'roomBytes'> {
  /** A worker that says nothing for so many beats hangs. */
  readonly silentBeatsMax?: number
}

const silentBeatsDefault = 15
/** A start takes longer on a machine that is busy. */
const startBeatsMax = 60
/** What a drain may take beyond its deadline before workers are cut off. */
const beyondDrainMs = 3_000
/** Figures that take longer are those of the last beat. */
const readingMsMax = 500

/**
 * The workers of a node. They take a configuration together or not at all, and one that ends is started again with
 * what the others serve.
 */
export class Fleet implements DataPlane {
  readonly #options: DataPlaneOptions
  readonly #hearing: Hearing
  readonly #drainMs: number
  readonly #silentBeatsMax: number
  readonly #slots: readonly Slot[]
  readonly #limits = new NodeLimits()
  readonly #tallies = new Tallies<Child>()
  readonly #spare: Spare
  readonly #beat: NodeJS.Timeout
  #contents: Contents | undefined
  #bound: Bound = {}
  /** What processes that ended have counted. */
  #base: Counted = nothingCounted
  #draining = false
  #queue: Promise<unknown> = Promise.resolve()

  private constructor(
    count: number,
    options: DataPlaneOptions,
    hearing: Hearing,
    drainMs: number,
    { silentBeatsMax, ...means }: FleetMeans,
  ) {
    this.#silentBeatsMax = silentBeatsMax ?? silentBeatsDefault
    this.#options = { ...options, override: { ...options.override, reusePort: count > 1 } }
    this.#hearing = hearing
    this.#drainMs = drainMs
    this.#slots = Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      crashes: new Crashes(),
      child: undefined,
      revival: undefined,
    }))
    this.#spare = new Spare({
      fork: (post) => this.#fork(post),
      event: (event, heldBack) => hearing.event(event, heldBack),
      ...means,
    })
    this.#beat = setInterval(() => this.#listen(), beatMs).unref()
  }

  /** Starts the workers. Throws WorkersFailed where they do not come up. */
  static async open(
    count: number,
    options: DataPlaneOptions,
    hearing: Hearing,
    drainMs: number,
    means: FleetMeans = {},
  ): Promise<Fleet> {
    const fleet = new Fleet(count, options, hearing, drainMs, means)
    try {
      await Promise.all(fleet.#slots.map((slot) => fleet.#fill(slot).started))
      return fleet
    } catch (error) {
      await fleet.drain(0)
      throw new WorkersFailed(`the serving processes do not start: ${reasonOf(error)}`)
    }
  }

  get isServing(): boolean {
    return this.#slots.some(({ child }) => child?.isServing === true)
  }

  get ports(): readonly number[] {
    return Object.values(this.#bound)
  }

  get listeners(): readonly Place[] {
    return this.#contents === undefined ? [] : openPlaces(this.#placesOf(this.#contents), this.#bound)
  }

  /** The processes that run, but for the spare. */
  get pids(): readonly number[] {
    return this.#children().flatMap(({ pid }) => pid ?? [])
  }

  /** The process that would take the place of one that ends; undefined while none is ready. */
  get sparePid(): number | undefined {
    const { child } = this.#spare
    return child?.isStarted === true ? child.pid : undefined
  }

  get problems(): readonly string[] {
    const now = performance.now()
    return this.#slots.flatMap(({ number, child, crashes }) => {
      const recent = crashes.recent(now)
      if (recent > crashesAMinuteMax) return [`worker ${number} ended ${recent} times within a minute`]
      const share = child?.reading?.refusedShare ?? 0
      if (share > 0)
        return [
          `worker ${number} has more to do than it can and refuses ${Math.ceil(100 * share)} % of the requests`,
        ]
      const isDown = this.#contents !== undefined && child?.isServing !== true
      return isDown && !this.#draining ? [`worker ${number} does not serve`] : []
    })
  }

  serve(contents: Contents): Promise<Served> {
    return this.#inTurn(async () => {
      const taken = await this.#placesTaken(contents)
      if (taken.length > 0) return { ok: false, reasons: taken }
      const first = await this.#offer(contents)
      // A worker that happened to end just then says nothing about the contents; twice is no chance.
      const served = first === 'worker gone' ? refusedByEnd(await this.#offer(contents)) : first
      if (served.ok) this.#spare.want()
      return served
    })
  }

  async figures(): Promise<PlaneFigures> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, readingMsMax).unref())
    const asked = [...this.#children(), ...this.#spare.all].filter(({ isStarted }) => isStarted)
    await Promise.race([late, Promise.allSettled(asked.map((child) => child.readAnew()))])
    const readings = this.#children().flatMap(({ reading }) => reading ?? [])
    const sessions = readings.flatMap((reading) => reading.sessions ?? [])
    return {
      ...readings.map(({ counted }) => counted).reduce(summed, this.#base),
      sessions: sessions.toSorted((a, b) => a.openedAtMs - b.openedAtMs).slice(0, sessionsMax),
      workers: this.#slots.map((slot) => figuresOf(slot, performance.now())),
      spareBytes: this.#spare.child?.reading?.rssBytes ?? 0,
      listeners: this.listeners,
    }
  }

  async evict(sessionId: string): Promise<boolean> {
    const asked = await Promise.allSettled(this.#children().map((child) => child.evict(sessionId)))
    // With a worker that ends meanwhile all its sessions end.
    return asked.some((one) => one.status === 'fulfilled' && one.value)
  }

  /** One of the workers asks for all: they serve the same. */
  async probe(target: ProbeTarget): Promise<ProbeReport | null> {
    const child = this.#children().find(({ isServing }) => isServing)
    return child === undefined ? null : child.probe(target)
  }

  async drain(deadlineMs: number, graceMs = 0): Promise<void> {
    this.#draining = true
    clearInterval(this.#beat)
    for (const { revival } of this.#slots) clearTimeout(revival)
    const children = this.#children()
    const spareEnded = this.#spare.stop()
    for (const child of children) child.drain(deadlineMs, graceMs)
    const cut = setTimeout(() => {
      for (const child of children) child.kill()
    }, deadlineMs + beyondDrainMs)
    await Promise.all([spareEnded, ...children.map((child) => child.ended)])
    clearTimeout(cut)
  }

  #children(): Child[] {
    return this.#slots.flatMap(({ child }) => child ?? [])
  }

  /** One thing at a time: a worker that comes back must find what the others serve. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run)
    this.#queue = result.catch(() => undefined)
    return result
  }

  /** All workers prepare; then all commit, or none. */
  async #offer(contents: Contents): Promise<Served | 'worker gone'> {
    try {
      await Promise.all(this.#slots.map((slot) => slot.child?.started ?? this.#fill(slot).started))
      const children = this.#children()
      const prepared = await this.#prepareAll(children, contents)
      const refusal = prepared.find((one) => !one.ok)
      if (refusal !== undefined) {
        await discardAll(children)
        return refusal
      }
      this.#contents = contents
      this.#bound = Object.assign({}, ...prepared.map((one) => (one.ok ? one.bound : {}))) as Bound
      // A worker that ends now comes back with these contents.
      await Promise.allSettled(children.map((child) => child.commit()))
      this.#keepOnly(contents)
      return { ok: true }
    } catch (error) {
      if (!(error instanceof WorkerGone)) throw error
      await discardAll(this.#children())
      return 'worker gone'
    }
  }

  async #prepareAll(children: readonly Child[], contents: Contents): Promise<PreparedThere[]> {
    await Promise.all(children.map((child) => child.give(contents)))
    const [first, ...others] = children
    if (first === undefined) throw new WorkerGone('there is no worker')
    if (!this.#hasOpenChoice(contents)) return settled(children.map((child) => child.prepare(this.#bound)))
    // The system chooses a port for the first worker, and the others open the same.
    const leading = await first.prepare(this.#bound)
    if (!leading.ok) return [leading]
    const bound = { ...this.#bound, ...leading.bound }
    return [leading, ...(await settled(others.map((child) => child.prepare(bound))))]
  }

  #hasOpenChoice(contents: Contents): boolean {
    return this.#placesOf(contents).some(({ port }) => port === 0)
  }

  #placesOf(contents: Contents): Place[] {
    const listeners = [...contents.values()].flatMap(({ item }) => (item.kind === 'listener' ? [item] : []))
    return placesOf(listeners, this.#options.override)
  }

  /** Where workers share a port nothing hides that another node has it: it may share it too, so it is tried alone. */
  async #placesTaken(contents: Contents): Promise<Reason[]> {
    if (this.#slots.length === 1) return []
    const fresh = this.#placesOf(contents).filter(
      ({ address, port }) => port !== 0 && this.#bound[`${address} ${port}`] === undefined,
    )
    const faults = await Promise.all(fresh.map(async (place) => ({ place, fault: await faultAt(place) })))
    return faults.flatMap(({ place, fault }) =>
      fault === undefined ? [] : [{ pointer: itemPointer(place.id, 'port'), reason: fault }],
    )
  }

  #keepOnly(contents: Contents): void {
    const isServed = (id: string) => contents.has(id)
    this.#base = onlyServed(this.#base, isServed)
    for (const child of this.#children()) child.keepOnly(isServed)
  }

  /** Has a worker in a slot again: the spare, or a new one. */
  #fill(slot: Slot): Child {
    clearTimeout(slot.revival)
    const post: Post = {
      name: `worker ${slot.number}`,
      onEnd: (child, how) => this.#ended(slot, child, how),
    }
    slot.child = this.#spare.take(post) ?? this.#fork(post)
    return slot.child
  }

  #fork(post: Post): Child {
    return new Child({
      post,
      plane: this.#options,
      drainMs: this.#drainMs,
      hearing: this.#hearing,
      limits: this.#limits,
      tallies: this.#tallies,
      onTell: (teller, name, text) => {
        for (const child of this.#children()) if (child !== teller) child.pass(name, text)
      },
    })
  }

  #ended(slot: Slot, child: Child, how: string): void {
    slot.child = undefined
    const { reading } = child
    if (reading !== undefined) this.#base = summed(this.#base, remaining(reading.counted))
    if (this.#draining) return
    const { delayMs, isLoop } = slot.crashes.add(performance.now())
    const next = isLoop
      ? `; it keeps ending, the next start is in ${delayMs / 1_000} s`
      : '; it is started again'
    const code = isLoop ? 'worker.crash-loop' : 'worker.crashed'
    this.#hearing.event({ level: 'error', code, detail: `worker ${slot.number} ended (${how})${next}` }, 0)
    slot.revival = setTimeout(() => void this.#inTurn(() => this.#revive(slot)), delayMs)
  }

  /** Starts a worker again, with what the others serve. */
  async #revive(slot: Slot): Promise<void> {
    if (this.#draining || slot.child !== undefined) return
    const child = this.#fill(slot)
    try {
      await child.started
      if (this.#contents === undefined) return
      this.#spare.want()
      await child.give(this.#contents)
      const prepared = await child.prepare(this.#bound)
      if (prepared.ok) return await child.commit()
      const [reason] = prepared.reasons
      this.#hearing.event(
        {
          level: 'error',
          code: 'worker.cannot-serve',
          detail: `worker ${slot.number}: ${reason?.reason ?? ''}`,
        },
        0,
      )
      // Its end has it tried again, after a while.
      child.kill()
    } catch (error) {
      if (!(error instanceof WorkerGone)) throw error
    }
  }

  /** A worker that hangs holds its share of the connections; it is better started again. */
  #listen(): void {
    this.#spare.beat()
    for (const child of [...this.#children(), ...this.#spare.all]) {
      const max = child.isStarted ? this.#silentBeatsMax : startBeatsMax
      if (child.beat() < max) continue
      const detail = `${child.name} has said nothing for ${max} s and is cut off`
      this.#hearing.event({ level: 'error', code: 'worker.hangs', detail }, 0)
      child.kill()
    }
  }
}

async function settled(all: Promise<PreparedThere>[]): Promise<PreparedThere[]> {
  // Every worker must have answered before one of them is told to discard.
  const results = await Promise.allSettled(all)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

async function discardAll(children: readonly Child[]): Promise<void> {
  await Promise.allSettled(children.map((child) => child.discard()))
}

function refusedByEnd(served: Served | 'worker gone'): Served {
  if (served !== 'worker gone') return served
  return { ok: false, reasons: [{ pointer: '', reason: 'a serving process ends whenever it prepares this' }] }
}

function figuresOf({ number, child, crashes }: Slot, nowMs: number): ProcessFigures {
  const reading: Reading | undefined = child?.reading
  return {
    worker: number,
    isServing: child?.isServing === true,
    crashes: crashes.total,
    isCrashLooping: crashes.recent(nowMs) > crashesAMinuteMax,
    requests: reading?.counted.traffic.requests ?? 0,
    connections: reading?.counted.traffic.connections ?? 0,
    refusedShare: reading?.refusedShare ?? 0,
    lateMs: reading?.lateMs ?? 0,
    rssBytes: reading?.rssBytes ?? 0,
    cpuSeconds: reading?.cpuSeconds ?? 0,
  }
}

function faultAt(place: { address: string; port: number }): Promise<string | undefined> {
  const probe = createProbe((socket) => socket.destroy())
  return new Promise((resolve) => {
    probe.once('error', (error) => resolve(listenFault(place, error)))
    probe.listen({ port: place.port, host: place.address }, () => probe.close(() => resolve(undefined)))
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
