import type { Item } from '#contract/items.ts'
import { type Assembled, assemble, type Counted, type Hearing, sessionsMax } from '../data-plane.ts'
import { certificatesOf, upstreamsOf } from '../plan-figures.ts'
import { probe } from '../probe.ts'
import { residentBytes } from '../resident.ts'
import type { Plan } from '../serve/plan.ts'
import type { Ready } from '../serving.ts'
import { Told } from './figures.ts'
import { Together } from './together.ts'
import { beatMs, type FromWorker, type ToWorker, type WorkerReading } from './messages.ts'

type Tell = (message: FromWorker) => void

/** Running requests of a worker whose control process is gone have this long. */
const orphanDrainMs = 1_000

/** Serves what the control process gives it. */
export class Worker {
  readonly #tell: Tell
  readonly #contents = new Map<string, { hash: string; item: Item }>()
  /** Undefined in a worker that is alone. */
  #together: Together | undefined
  #parts: Assembled | undefined
  #ready: Ready | undefined
  readonly #told = new Told()
  readonly #certificates = new WeakMap<Plan, Counted['certificates']>()
  #drainMs = 0
  #reading: Promise<void> = Promise.resolve()
  #ending = false

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** Takes a message. What fails in an unforeseen way ends the process: the control process starts another one. */
  take(message: unknown): void {
    // From the control process, which is of the same build.
    void this.#take(message as ToWorker)
  }

  /** Ports close at once, so that a control process that is started again can open them. */
  orphaned(): void {
    this.#together?.close()
    void this.#end(Math.min(orphanDrainMs, this.#drainMs))
  }

  async #take(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        this.#drainMs = message.drainMs
        if (message.options.override.reusePort === true) this.#together = new Together(this.#tell)
        this.#parts = await assemble(message.options, this.#hearing(), this.#together?.ports)
        // Nothing else runs in this process, so that when it is late it has too much to do.
        this.#parts.server.overload.start()
        setInterval(() => void this.#tellFigures(null), beatMs)
        return this.#tell({ kind: 'started' })
      case 'items':
        for (const id of message.remove) this.#contents.delete(id)
        for (const [id, hash, item] of message.set) this.#contents.set(id, { hash, item })
        return
      case 'prepare': {
        const prepared = await this.#assembled.serving.prepare(new Map(this.#contents), message.bound)
        this.#ready = prepared.ok ? prepared.ready : undefined
        const result = prepared.ok ? { ok: true as const, bound: prepared.ready.bound } : prepared
        return this.#tell({ kind: 'prepared', ask: message.ask, result })
      }
      case 'commit':
        await this.#ready?.commit()
        this.#ready = undefined
        this.#told.keepOnly((id) => this.#contents.has(id))
        return this.#tell({ kind: 'done', ask: message.ask })
      case 'discard':
        await this.#ready?.discard()
        this.#ready = undefined
        return this.#tell({ kind: 'done', ask: message.ask })
      case 'figures':
        // One after another, so that the answer that goes out last holds what was counted last.
        this.#reading = this.#reading.then(() => this.#tellFigures(message.ask))
        return this.#reading
      case 'evict': {
        const isFound = this.#assembled.server.evict(message.sessionId)
        return this.#tell({ kind: 'evicted', ask: message.ask, isFound })
      }
      case 'probe': {
        const report = await probe(this.#assembled.serving, message.target)
        return this.#tell({ kind: 'probed', ask: message.ask, report })
      }
      case 'taken':
      case 'entered':
      case 'told':
        return this.#together?.take(message)
      case 'drain':
        return this.#end(message.deadlineMs, message.graceMs)
    }
  }

  get #assembled(): Assembled {
    if (this.#parts === undefined) throw new Error('a worker was asked before it was started')
    return this.#parts
  }

  #hearing(): Hearing {
    return {
      event: (event, heldBack) => this.#tell({ kind: 'event', event, heldBack }),
      log: (...entry) => this.#tell({ kind: 'log', entry }),
    }
  }

  /** Every second what traffic there was; when it is asked, the upstreams and certificates as well. */
  async #tellFigures(ask: number | null): Promise<void> {
    const { server, serving, counts } = this.#assembled
    const { plan } = serving
    const isWhole = ask !== null && plan !== undefined
    const { user, system } = process.cpuUsage()
    const upstreams = isWhole ? await this.#told.upstreamNews(await upstreamsOf(plan)) : new Map()
    // From here on at once: of two readings the later one must hold the newer counts.
    const reading: WorkerReading = {
      counted: this.#told.news({
        traffic: server.figures(this.#told.isNews()),
        policies: counts.all,
        upstreams,
        certificates: isWhole ? this.#certificatesOf(plan) : new Map(),
      }),
      ...(ask === null ? {} : { sessions: server.openSessions(sessionsMax) }),
      refusedShare: server.overload.share,
      lateMs: server.overload.lateMs,
      rssBytes: residentBytes(),
      cpuSeconds: (user + system) / 1e6,
    }
    this.#tell({ kind: 'figures', ask, reading })
  }

  #certificatesOf(plan: Plan): Counted['certificates'] {
    const known = this.#certificates.get(plan) ?? certificatesOf(plan)
    this.#certificates.set(plan, known)
    return known
  }

  async #end(deadlineMs: number, graceMs = 0): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    await this.#parts?.server.drain(deadlineMs, graceMs)
    await this.#parts?.close()
    process.exit(0)
  }
}
