import type { Reason } from '#contract/events.ts'
import type { ListenerItem } from '#contract/items.ts'
import { type Contents, type Draft, itemPointer, type Planner } from './plan.ts'
import type { Listening } from './serve/listener.ts'
import type { Server } from './serve/server.ts'

/** What a node says over the listener that its gateway is given, so that several nodes fit on one machine. */
export interface ListenerOverride {
  readonly port?: number
  readonly address?: string
}

export type Served = { ok: true } | { ok: false; reasons: Reason[] }

interface Place {
  readonly item: string
  readonly address: string
  readonly port: number
}

/** The data plane of this process: which plan it serves and which ports are open for it. */
export class Serving {
  readonly #server: Server
  readonly #planner: Planner
  readonly #override: ListenerOverride
  #open: ReadonlyMap<string, Listening> = new Map()
  #isServing = false

  constructor(server: Server, planner: Planner, override: ListenerOverride = {}) {
    this.#server = server
    this.#planner = planner
    this.#override = override
  }

  /** Whether a plan is served, on open ports. */
  get isServing(): boolean {
    return this.#isServing
  }

  /** The ports that are open, by address. */
  get ports(): readonly number[] {
    return [...this.#open.values()].map((listening) => listening.port)
  }

  /**
   * Builds everything beside what runs, opens the ports that are new, swaps, and closes the ports that are no
   * longer wanted. When any of it cannot be done, what runs goes on.
   */
  async serve(contents: Contents): Promise<Served> {
    const built = await this.#planner.build(contents)
    if (!built.ok) return built
    const { draft } = built
    const places = this.#placesOf(draft.listeners)
    if (!Array.isArray(places)) {
      draft.discard()
      return { ok: false, reasons: [places] }
    }
    return this.#isServing ? this.#replace(draft, places) : this.#begin(draft, places)
  }

  /** The first plan goes in before a port opens, so that nobody is answered without one. */
  async #begin(draft: Draft, places: readonly Place[]): Promise<Served> {
    this.#server.swap(draft.plan)
    draft.commit()
    const opened = await this.#openPlaces(places)
    if (opened.reasons.length > 0) return { ok: false, reasons: opened.reasons }
    this.#open = opened.listening
    this.#isServing = true
    return { ok: true }
  }

  async #replace(draft: Draft, places: readonly Place[]): Promise<Served> {
    const opened = await this.#openPlaces(places)
    if (opened.reasons.length > 0) {
      draft.discard()
      return { ok: false, reasons: opened.reasons }
    }
    this.#server.swap(draft.plan)
    draft.commit()
    const unwanted = [...this.#open].filter(([key]) => !opened.listening.has(key))
    this.#open = opened.listening
    await Promise.all(unwanted.map(([, listening]) => listening.close()))
    return { ok: true }
  }

  #placesOf(listeners: readonly ListenerItem[]): Place[] | Reason {
    const { port, address } = this.#override
    const [first, second] = listeners
    if (first === undefined) return { pointer: '/items', reason: 'there is no listener among the items' }
    if (port !== undefined && second !== undefined) {
      const reason = `this node was told to listen on port ${port} alone, which cannot stand for two listeners`
      return { pointer: itemPointer(second.id, 'port'), reason }
    }
    return listeners.map((item) => ({
      item: item.id,
      address: address ?? item.address,
      port: port ?? item.port,
    }))
  }

  /** Opens what is not open yet. If one port cannot be opened, those opened for it are closed again. */
  async #openPlaces(places: readonly Place[]) {
    const listening = new Map<string, Listening>()
    const opened: Listening[] = []
    const reasons: Reason[] = []
    for (const place of places) {
      const key = `${place.address} ${place.port}`
      const known = this.#open.get(key) ?? listening.get(key)
      if (known !== undefined) {
        listening.set(key, known)
        continue
      }
      try {
        const fresh = await this.#server.listen({ address: place.address, port: place.port })
        opened.push(fresh)
        listening.set(key, fresh)
      } catch (error) {
        reasons.push({ pointer: itemPointer(place.item, 'port'), reason: listenFault(place, error) })
      }
    }
    if (reasons.length > 0) await Promise.all(opened.map((one) => one.close()))
    return { listening, reasons }
  }
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
