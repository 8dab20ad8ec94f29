import type { Reason } from '#contract/events.ts'
import { itemPointer, type ListenerItem } from '#contract/items.ts'
import { type ListeningPlace, portClashes } from '#contract/listeners.ts'
import type { Contents, Draft, Planner } from './plan.ts'
import type { Plan } from './serve/plan.ts'
import type { Port, Server } from './serve/server.ts'

/** What a node says over the listener that its gateway is given, so that several nodes fit on one machine. */
export interface ListenerOverride {
  readonly port?: number
  /** Instead of the port of the listener that speaks https. */
  readonly httpsPort?: number
  readonly address?: string
  /** Other processes of this node listen at the same ports, and the kernel spreads connections over them. */
  readonly reusePort?: boolean
}

export type Served = { ok: true } | { ok: false; reasons: Reason[] }

/** Where a listener of the configuration listens on this node. */
export interface Place extends ListeningPlace {
  readonly protocol: 'http' | 'https'
}

interface Opened {
  /** By the name of the place. */
  readonly listening: ReadonlyMap<string, Port>
  /** Those among them that were not open before. */
  readonly opened: readonly Port[]
  /** The listener of each place. */
  readonly served: ReadonlyMap<string, string>
}

/** What serves the contents of configurations: this process, or processes that it started. */
export interface Serves {
  /** Whether a plan is served, on open ports. */
  readonly isServing: boolean
  /** The ports that are open. */
  readonly ports: readonly number[]
  /** The listeners of what is served, with the ports that are open for them. */
  readonly listeners: readonly Place[]
  /** Serves the whole of it in the place of what ran, or says why not; then what runs goes on. */
  serve(contents: Contents): Promise<Served>
}

/** Contents that are ready to be served. Exactly one of `commit` and `discard` must be called. */
export interface Ready {
  /** The ports, by the names of places: what another process needs to open the same where a place says 0. */
  readonly bound: Bound
  commit(): Promise<void>
  discard(): Promise<void>
}
export type Bound = Readonly<Record<string, number>>
export type Prepared = { ok: true; ready: Ready } | { ok: false; reasons: Reason[] }

/** The data plane of this process: which plan it serves and which ports are open for it. */
export class Serving implements Serves {
  readonly #server: Server
  readonly #planner: Planner
  readonly #override: ListenerOverride
  #open: ReadonlyMap<string, Port> = new Map()
  #places: readonly Place[] = []
  #isServing = false
  #plan: Plan | undefined

  constructor(server: Server, planner: Planner, override: ListenerOverride = {}) {
    this.#server = server
    this.#planner = planner
    this.#override = override
  }

  get isServing(): boolean {
    return this.#isServing
  }

  /** What is served. */
  get plan(): Plan | undefined {
    return this.#plan
  }

  get ports(): readonly number[] {
    return [...this.#open.values()].map((listening) => listening.port)
  }

  get listeners(): readonly Place[] {
    return openPlaces(this.#places, boundOf(this.#open))
  }

  async serve(contents: Contents): Promise<Served> {
    const prepared = await this.prepare(contents)
    if (!prepared.ok) return prepared
    await prepared.ready.commit()
    return { ok: true }
  }

  /**
   * Builds everything beside what runs and opens the ports that are new; a commit swaps, and closes the ports that
   * are no longer wanted. `bound` says which ports stand for 0.
   */
  async prepare(contents: Contents, bound: Bound = {}): Promise<Prepared> {
    const built = await this.#planner.build(contents)
    if (!built.ok) return built
    const { draft } = built
    const places = this.#placesOf(draft.listeners)
    if (!Array.isArray(places)) {
      draft.discard()
      return { ok: false, reasons: [places] }
    }
    return this.#isServing ? this.#replace(draft, places, bound) : this.#begin(draft, places, bound)
  }

  /** The first plan goes in before a port opens, so that nobody is answered without one. */
  async #begin(draft: Draft, places: readonly Place[], bound: Bound): Promise<Prepared> {
    this.#swap(draft)
    const opened = await this.#openPlaces(places, bound)
    if (opened.reasons.length > 0) return { ok: false, reasons: opened.reasons }
    return this.#ready(places, opened, () => {
      this.#isServing = true
    })
  }

  async #replace(draft: Draft, places: readonly Place[], bound: Bound): Promise<Prepared> {
    const opened = await this.#openPlaces(places, bound)
    if (opened.reasons.length > 0) {
      draft.discard()
      return { ok: false, reasons: opened.reasons }
    }
    return this.#ready(
      places,
      opened,
      () => this.#swap(draft),
      () => draft.discard(),
    )
  }

  #swap(draft: Draft): void {
    this.#server.swap(draft.plan)
    draft.commit()
    this.#plan = draft.plan
  }

  #ready(
    places: readonly Place[],
    { listening, served, opened }: Opened,
    swap: () => void,
    discard: () => void = () => undefined,
  ): Prepared {
    const ready: Ready = {
      bound: boundOf(listening),
      commit: async () => {
        swap()
        for (const [place, port] of listening) port.serve(served.get(place) ?? '')
        const unwanted = [...this.#open].filter(([place]) => !listening.has(place))
        this.#open = listening
        this.#places = places
        await Promise.all(unwanted.map(([, one]) => one.close()))
      },
      discard: async () => {
        discard()
        await Promise.all(opened.map((one) => one.close()))
      },
    }
    return { ok: true, ready }
  }

  #placesOf(listeners: readonly ListenerItem[]): Place[] | Reason {
    const { port, httpsPort } = this.#override
    const overrides = { http: port, https: httpsPort }
    for (const protocol of ['http', 'https'] as const) {
      const [, second] = listeners.filter((item) => item.protocol === protocol)
      if (overrides[protocol] === undefined || second === undefined) continue
      const reason = `this node was told to listen for ${protocol} on port ${overrides[protocol]} alone, which cannot stand for two listeners`
      return { pointer: itemPointer(second.id, 'port'), reason }
    }
    const places = placesOf(listeners, this.#override)
    const [clash] = portClashes(places)
    return clash === undefined ? places : { pointer: itemPointer(clash.id, 'port'), reason: clash.detail }
  }

  /** Opens what is not open yet. If one port cannot be opened, those opened for it are closed again. */
  async #openPlaces(places: readonly Place[], bound: Bound): Promise<Opened & { reasons: Reason[] }> {
    const listening = new Map<string, Port>()
    const served = new Map<string, string>()
    const opened: Port[] = []
    const reasons: Reason[] = []
    for (const place of places) {
      const key = keyOf(place)
      served.set(key, place.id)
      const known = this.#open.get(key)
      if (known !== undefined) {
        listening.set(key, known)
        continue
      }
      try {
        const fresh = await this.#server.listen({
          address: place.address,
          port: bound[key] ?? place.port,
          reusePort: this.#override.reusePort ?? false,
          listener: place.id,
        })
        opened.push(fresh)
        listening.set(key, fresh)
      } catch (error) {
        reasons.push({ pointer: itemPointer(place.id, 'port'), reason: listenFault(place, error) })
      }
    }
    if (reasons.length > 0) await Promise.all(opened.map((one) => one.close()))
    return { listening, served, opened, reasons }
  }
}

/** Where listeners listen by what the node says over them. */
export function placesOf(
  listeners: readonly ListenerItem[],
  { port, httpsPort, address }: ListenerOverride,
): Place[] {
  const overrides = { http: port, https: httpsPort }
  return listeners.map((item) => ({
    id: item.id,
    protocol: item.protocol,
    address: address ?? item.address,
    port: overrides[item.protocol] ?? item.port,
  }))
}

/** Places with the ports that stand for them. */
export function openPlaces(places: readonly Place[], bound: Bound): Place[] {
  return places.map((place) => ({ ...place, port: bound[keyOf(place)] ?? place.port }))
}

function boundOf(open: ReadonlyMap<string, Port>): Bound {
  return Object.fromEntries([...open].map(([place, { port }]) => [place, port]))
}

/** A port that is free to be any belongs to its listener alone. */
function keyOf({ id, address, port }: ListeningPlace): string {
  return port === 0 ? `${address} 0 ${id}` : `${address} ${port}`
}

/** Says in words why a port cannot be opened. */
export function listenFault({ address, port }: { address: string; port: number }, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const where = `port ${port} at ${address}`
  if (code === 'EADDRINUSE') return `${where} is in use by another process`
  if (code === 'EACCES') return `${where} may not be opened by this user`
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine`
  return `${where} cannot be opened: ${error instanceof Error ? error.message : String(error)}`
}
