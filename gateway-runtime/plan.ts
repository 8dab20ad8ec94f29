import { setImmediate } from 'node:timers/promises'
import type { Reason } from '#contract/events.ts'
import type {
  ApiItem,
  AttachedPolicy,
  ContractsItem,
  Item,
  ListenerItem,
  UpstreamItem,
} from '#contract/items.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { type Link, resolveChain } from '#policies/chain.ts'
import type { Prepared } from '#policies/definition.ts'
import { type ClientFinder, clientFinder, StateKeeper } from './ports.ts'
import { buildPlan, type LivePolicy, type LiveRoute, type Plan } from './serve/plan.ts'
import { createPool, type Pool, type PoolOptions, poolIdentity } from './serve/upstream/pool.ts'

/** Items by their id, each with its hash: all that a plan is made of. */
export type Contents = ReadonlyMap<string, { readonly hash: string; readonly item: Item }>

/** A plan beside the running one. Exactly one of `commit` and `discard` must be called. */
export interface Draft {
  readonly plan: Plan
  readonly listeners: readonly ListenerItem[]
  /** The plan is served now: later plans reuse its parts. */
  commit(): void
  /** The plan will not be served: what was made for it alone is disposed of. */
  discard(): void
}
export type Build = { ok: true; draft: Draft } | { ok: false; reasons: Reason[] }

/** A route, and what it was made from: with the same `made` it can be served again as it is. */
interface Part {
  readonly made: string
  readonly route: LiveRoute
  readonly stateNames: ReadonlySet<string>
}

/** What one build has found and made so far. */
interface Work {
  readonly contents: Contents
  readonly reasons: Reason[]
  readonly parts: Map<string, Part>
  readonly pools: Map<string, Pool>
  readonly newPools: Pool[]
  readonly newPrepared: Prepared[]
  readonly finders: Map<string, ClientFinder>
}

/** More faults than this help nobody. */
const reasonsMax = 100
/** A build gives way to traffic after this long. */
const sliceMs = 8

export function itemPointer(id: string, ...path: PropertyKey[]): string {
  return pointerOf(['items', id, ...path])
}

/** Turns items into plans, and reuses every part of the running plan that has not changed. */
export class Planner {
  readonly #allowLoopback: boolean
  readonly #state = new StateKeeper()
  #parts: ReadonlyMap<string, Part> = new Map()
  #pools: ReadonlyMap<string, Pool> = new Map()

  constructor(options: { allowLoopback: boolean }) {
    this.#allowLoopback = options.allowLoopback
  }

  async build(contents: Contents): Promise<Build> {
    const work: Work = {
      contents,
      reasons: [],
      parts: new Map(),
      pools: new Map(),
      newPools: [],
      newPrepared: [],
      finders: new Map(),
    }
    let sliceEnd = performance.now() + sliceMs
    for (const { item, hash } of contents.values()) {
      if (item.kind === 'api') this.#addApi(item, hash, work)
      if (work.reasons.length >= reasonsMax) break
      if (performance.now() < sliceEnd) continue
      await setImmediate()
      sliceEnd = performance.now() + sliceMs
    }
    await setImmediate()
    const plan = work.reasons.length === 0 ? planOf(work) : undefined
    await setImmediate()
    if (plan !== undefined) return { ok: true, draft: this.#draft(plan, work) }
    this.#discard(work)
    return { ok: false, reasons: work.reasons.slice(0, reasonsMax) }
  }

  #draft(plan: Plan, work: Work): Draft {
    const listeners = [...work.contents.values()].flatMap(({ item }) =>
      item.kind === 'listener' ? [item] : [],
    )
    return {
      plan,
      listeners,
      commit: () => {
        this.#parts = work.parts
        this.#pools = work.pools
        this.#forgetState()
      },
      discard: () => this.#discard(work),
    }
  }

  #discard(work: Work): void {
    for (const prepared of work.newPrepared) prepared.dispose?.()
    for (const pool of work.newPools) pool.dispose()
    this.#forgetState()
  }

  #forgetState(): void {
    this.#state.keepOnly(new Set([...this.#parts.values()].flatMap((part) => [...part.stateNames])))
  }

  #addApi(api: ApiItem, apiHash: string, work: Work): void {
    const upstream = referred(api, 'upstream', work)
    const contracts = api.contracts === undefined ? undefined : referred(api, 'contracts', work)
    if (upstream === undefined || (api.contracts !== undefined && contracts === undefined)) return
    const pool = this.#pool(upstream.item, work)
    if (pool === undefined) return
    const made = `${apiHash} ${contracts?.hash ?? ''} ${pool.identity}`
    const known = this.#parts.get(api.id)
    const part =
      known?.made === made && known.route.upstream === pool
        ? known
        : this.#makePart(api, made, pool, contracts, work)
    if (part !== undefined) work.parts.set(api.id, part)
  }

  #makePart(
    api: ApiItem,
    made: string,
    upstream: Pool,
    contracts: { hash: string; item: ContractsItem } | undefined,
    work: Work,
  ): Part | undefined {
    const chain = resolveChain(api.policies)
    if (!chain.ok) {
      for (const { pointer, detail } of chain.faults)
        work.reasons.push({ pointer: `${itemPointer(api.id, 'policies')}${pointer}`, reason: detail })
      return undefined
    }
    const findClient = finderOf(contracts, work)
    const stateNames = new Set<string>()
    const policies = chain.links.flatMap(
      (link) => this.#prepare(api, link, findClient, stateNames, work) ?? [],
    )
    if (policies.length < chain.links.length) return undefined
    const { id, name, host, basePath, stripBasePath } = api
    return {
      made,
      stateNames,
      route: { id, apiName: name, host, basePath, stripBasePath, upstream, policies },
    }
  }

  #prepare(
    api: ApiItem,
    link: Link<AttachedPolicy>,
    findClient: ClientFinder,
    stateNames: Set<string>,
    work: Work,
  ): LivePolicy | undefined {
    const { id, kind } = link.attached
    try {
      const ports = this.#state.portsFor(`${api.id} ${id}`, findClient, stateNames)
      const prepared = link.policy.prepare(link.config, ports)
      work.newPrepared.push(prepared)
      return { id, kind, prepared }
    } catch (error) {
      const pointer = itemPointer(api.id, 'policies', api.policies.indexOf(link.attached), 'config')
      work.reasons.push({ pointer, reason: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  #pool(upstream: UpstreamItem, work: Work): Pool | undefined {
    let refused = false
    for (const [index, { url }] of upstream.endpoints.entries()) {
      const reason = upstreamRefusal(url, { loopback: this.#allowLoopback })
      if (reason === null) continue
      work.reasons.push({ pointer: itemPointer(upstream.id, 'endpoints', index, 'url'), reason })
      refused = true
    }
    if (refused) return undefined
    const options = poolOptionsOf(upstream, this.#allowLoopback)
    const identity = poolIdentity(options)
    const known = work.pools.get(identity) ?? this.#pools.get(identity)
    const pool = known ?? createPool(options)
    if (known === undefined) work.newPools.push(pool)
    work.pools.set(identity, pool)
    return pool
  }
}

function referred<K extends 'upstream' | 'contracts'>(api: ApiItem, kind: K, work: Work) {
  const id = api[kind] ?? ''
  const found = work.contents.get(id)
  if (found?.item.kind === kind) {
    // The kind was just compared, which the compiler does not carry over to the union.
    return found as { hash: string; item: Extract<Item, { kind: K }> }
  }
  work.reasons.push({ pointer: itemPointer(api.id, kind), reason: `there is no item ${id} of kind ${kind}` })
  return undefined
}

function finderOf(contracts: { hash: string; item: ContractsItem } | undefined, work: Work): ClientFinder {
  const key = contracts?.hash ?? ''
  const finder = work.finders.get(key) ?? clientFinder(contracts?.item)
  work.finders.set(key, finder)
  return finder
}

function planOf(work: Work): Plan | undefined {
  try {
    return buildPlan([...work.parts.values()].map((part) => part.route))
  } catch (error) {
    work.reasons.push({ pointer: '/items', reason: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

function poolOptionsOf(upstream: UpstreamItem, allowLoopback: boolean): PoolOptions {
  return {
    endpoints: upstream.endpoints,
    timeouts: {
      connectMs: upstream.connectTimeoutMs,
      responseMs: upstream.responseTimeoutMs,
      idleMs: upstream.idleTimeoutMs,
    },
    maxConnections: upstream.maxConnections,
    maxPending: upstream.maxPending,
    allowLoopback,
  }
}
