import { setImmediate } from 'node:timers/promises'
import type { Reason } from '#contract/events.ts'
import {
  type ApiItem,
  type AttachedPolicy,
  type ContractsItem,
  type DocumentItem,
  type Item,
  contextsAmong,
  type ListenerItem,
  type UpstreamItem,
  upstreamNames,
} from '#contract/items.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { type Chain, resolveChain } from '#policies/chain.ts'
import { compileRules } from '#policies/rules.ts'
import type { Contexts, UpstreamSettings } from '#policies/settings.ts'
import type { ApiCertificate, Prepared } from '#policies/definition.ts'
import { apiCertificates } from './api-certificates.ts'
import { type ClientFinder, clientFinder, StateKeeper, type World } from './ports.ts'
import { buildPlan, type LiveDestination, type LivePolicy, type LiveRoute, type Plan } from './serve/plan.ts'
import { Operations } from './serve/operations.ts'
import { RouteFault } from './serve/router.ts'
import { TlsContexts } from './serve/tls/context.ts'
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

/** A route, and what it was made from: while all of that is the same, it can be served again as it is. */
interface Part {
  /** The hashes of the items, by their ids. */
  readonly sources: ReadonlyMap<string, string>
  readonly pools: readonly Pool[]
  readonly route: LiveRoute
  readonly stateNames: ReadonlySet<string>
}

type GoodChain = Extract<Chain<AttachedPolicy>, { ok: true }>

/** The other items of an API, resolved. */
interface Needs {
  readonly upstream: Pool
  readonly destinations: ReadonlyMap<string, LiveDestination>
  readonly contracts: { hash: string; item: ContractsItem } | undefined
  readonly document: { hash: string; item: DocumentItem } | undefined
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
  readonly #state: StateKeeper
  readonly #tls = new TlsContexts()
  #parts: ReadonlyMap<string, Part> = new Map()
  #pools: ReadonlyMap<string, Pool> = new Map()

  constructor(options: { allowLoopback: boolean; world?: World }) {
    this.#allowLoopback = options.allowLoopback
    this.#state = new StateKeeper(options.world)
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
    for (const { item } of contents.values()) {
      if (item.kind === 'api') this.#addApi(item, work)
      if (work.reasons.length >= reasonsMax) break
      if (performance.now() < sliceEnd) continue
      await setImmediate()
      sliceEnd = performance.now() + sliceMs
    }
    await setImmediate()
    const listeners = [...contents.values()].flatMap(({ item }) => (item.kind === 'listener' ? [item] : []))
    const plan = work.reasons.length === 0 ? planOf(work, listeners, this.#tls) : undefined
    await setImmediate()
    if (plan !== undefined) return { ok: true, draft: this.#draft(plan, listeners, work) }
    this.#discard(work)
    return { ok: false, reasons: work.reasons.slice(0, reasonsMax) }
  }

  #draft(plan: Plan, listeners: readonly ListenerItem[], work: Work): Draft {
    return {
      plan,
      listeners,
      commit: () => {
        this.#parts = work.parts
        this.#pools = work.pools
        this.#forget()
      },
      discard: () => this.#discard(work),
    }
  }

  #discard(work: Work): void {
    for (const prepared of work.newPrepared) prepared.dispose?.()
    for (const pool of work.newPools) pool.dispose()
    this.#forget()
  }

  /** What no part of the running plan needs. */
  #forget(): void {
    const parts = [...this.#parts.values()]
    this.#state.keepOnly(new Set(parts.flatMap((part) => [...part.stateNames])))
    this.#tls.keepOnly(parts.flatMap(({ route }) => route.inboundTls ?? []))
  }

  #addApi(api: ApiItem, work: Work): void {
    const known = this.#parts.get(api.id)
    const part = known !== undefined && isMadeFrom(known, work.contents) ? known : this.#makePart(api, work)
    if (part === undefined) return
    work.parts.set(api.id, part)
    for (const pool of part.pools) work.pools.set(pool.identity, pool)
  }

  /** The other items that an API is made of; undefined where one is missing or wrong, which is then said. */
  #needsOf(api: ApiItem, { upstreams }: GoodChain, work: Work): Needs | undefined {
    const reasonsBefore = work.reasons.length
    const upstream = this.#poolOf(api, 'upstream', api.upstream, upstreams, work)
    const destinations = new Map<string, LiveDestination>()
    for (const [name, id] of Object.entries(api.destinations ?? {})) {
      const pool = this.#poolOf(api, 'destinations', id, upstreams, work)
      if (pool !== undefined) destinations.set(name, { name, pool })
    }
    const contracts =
      api.contracts === undefined ? undefined : referred(api, 'contracts', api.contracts, 'contracts', work)
    const document =
      api.document === undefined ? undefined : referred(api, 'document', api.document, 'document', work)
    if (upstream === undefined || work.reasons.length > reasonsBefore) return undefined
    return { upstream, destinations, contracts, document }
  }

  #makePart(api: ApiItem, work: Work): Part | undefined {
    const { contexts, asked } = contextsIn(work.contents)
    const chain = resolveChain(api.policies, upstreamNames(api), contexts)
    if (!chain.ok) {
      for (const { pointer, detail } of chain.faults)
        work.reasons.push({ pointer: `${itemPointer(api.id, 'policies')}${pointer}`, reason: detail })
      return undefined
    }
    const needs = this.#needsOf(api, chain, work)
    if (needs === undefined || !this.#isTlsRight(api, chain, work)) return undefined
    const stateNames = new Set<string>()
    const route = this.#makeRoute(api, chain, needs, stateNames, work)
    if (route === undefined) return undefined
    return {
      sources: sourcesOf(api, asked, work.contents),
      pools: [needs.upstream, ...[...needs.destinations.values()].map(({ pool }) => pool)],
      stateNames,
      route,
    }
  }

  #makeRoute(
    api: ApiItem,
    chain: GoodChain,
    needs: Needs,
    stateNames: Set<string>,
    work: Work,
  ): LiveRoute | undefined {
    const clients = finderOf(needs.contracts, work)
    const certificates = apiCertificates(chain.inboundTls, [...chain.upstreams.values()])
    const policies = chain.links.flatMap(
      (link) => this.#prepare(api, link, { ...needs, clients, certificates }, stateNames, work) ?? [],
    )
    if (policies.length < chain.links.length) return undefined
    const { id, name, host, basePath, stripBasePath, listeners, operations } = api
    return {
      id,
      apiName: name,
      host,
      basePath,
      stripBasePath,
      ...(listeners === undefined ? {} : { listeners }),
      ...(chain.inboundTls === undefined ? {} : { inboundTls: chain.inboundTls }),
      ...(operations === undefined ? {} : { operations: new Operations(operations) }),
      upstream: needs.upstream,
      destinations: [...needs.destinations.values()],
      policies,
    }
  }

  /** Makes what handshakes need here, where the build gives way to traffic now and then. */
  #isTlsRight(api: ApiItem, { inboundTls, links }: GoodChain, work: Work): boolean {
    if (inboundTls === undefined) return true
    try {
      this.#tls.of(inboundTls)
      return true
    } catch (error) {
      const by = links.find(({ policy }) => policy.inboundTls !== undefined)
      const index = by === undefined ? -1 : api.policies.indexOf(by.attached)
      const pointer = itemPointer(api.id, 'policies', index, 'config')
      work.reasons.push({ pointer, reason: error instanceof Error ? error.message : String(error) })
      return false
    }
  }

  #prepare(
    api: ApiItem,
    link: GoodChain['links'][number],
    {
      clients,
      destinations,
      document,
      certificates,
    }: Needs & { clients: ClientFinder; certificates: readonly ApiCertificate[] },
    stateNames: Set<string>,
    work: Work,
  ): LivePolicy | undefined {
    const { id, kind, rules = [], dryRun = false } = link.attached
    const { name, version, basePath } = api
    try {
      const ports = this.#state.portsFor(
        {
          policyId: id,
          policyKind: kind,
          api: {
            id: api.id,
            name,
            version,
            basePath,
            document: document?.item.openapi,
            certificates,
          },
          rules,
          clients,
          destination: (wanted) => destinations.get(wanted),
        },
        stateNames,
      )
      const prepared = link.policy.prepare(link.config, ports)
      work.newPrepared.push(prepared)
      return { id, kind, prepared, applies: compileRules(rules), dryRun }
    } catch (error) {
      const pointer = itemPointer(api.id, 'policies', api.policies.indexOf(link.attached), 'config')
      work.reasons.push({ pointer, reason: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  #poolOf(
    api: ApiItem,
    member: keyof ApiItem,
    id: string,
    settings: GoodChain['upstreams'],
    work: Work,
  ): Pool | undefined {
    const upstream = referred(api, member, id, 'upstream', work)
    return upstream === undefined ? undefined : this.#pool(upstream.item, settings.get(id) ?? {}, work)
  }

  #pool(upstream: UpstreamItem, settings: UpstreamSettings, work: Work): Pool | undefined {
    let refused = false
    for (const [index, { url }] of upstream.endpoints.entries()) {
      const reason = upstreamRefusal(url, { loopback: this.#allowLoopback })
      if (reason === null) continue
      work.reasons.push({ pointer: itemPointer(upstream.id, 'endpoints', index, 'url'), reason })
      refused = true
    }
    if (refused) return undefined
    const options = poolOptionsOf(upstream, settings, this.#allowLoopback)
    const identity = poolIdentity(options)
    const known = work.pools.get(identity) ?? this.#pools.get(identity)
    try {
      const pool = known ?? createPool(options)
      if (known === undefined) work.newPools.push(pool)
      work.pools.set(identity, pool)
      return pool
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      work.reasons.push({ pointer: itemPointer(upstream.id), reason })
      return undefined
    }
  }
}

/** The items that an API is made of, itself among them. */
function sourcesOf(api: ApiItem, tlsContexts: Iterable<string>, contents: Contents): Map<string, string> {
  const others = [api.upstream, api.contracts, api.document, ...Object.values(api.destinations ?? {})]
  const ids = [api.id, ...tlsContexts, ...others.flatMap((id) => id ?? [])]
  return new Map(ids.map((id) => [id, contents.get(id)?.hash ?? '']))
}

function isMadeFrom({ sources }: Part, contents: Contents): boolean {
  for (const [id, hash] of sources) if (contents.get(id)?.hash !== hash) return false
  return true
}

/** The mTLS contexts that there are, and the ids of those that somebody has asked for. */
function contextsIn(contents: Contents): { contexts: Contexts; asked: ReadonlySet<string> } {
  const asked = new Set<string>()
  const contexts = contextsAmong((id) => {
    asked.add(id)
    return contents.get(id)?.item
  })
  return { contexts, asked }
}

function referred<K extends Item['kind']>(
  api: ApiItem,
  member: keyof ApiItem,
  id: string,
  kind: K,
  work: Work,
): { hash: string; item: Extract<Item, { kind: K }> } | undefined {
  const found = work.contents.get(id)
  if (found?.item.kind === kind) {
    // The kind was just compared, which the compiler does not carry over to the union.
    return found as { hash: string; item: Extract<Item, { kind: K }> }
  }
  work.reasons.push({
    pointer: itemPointer(api.id, member),
    reason: `there is no item ${id} of kind ${kind}`,
  })
  return undefined
}

function finderOf(contracts: { hash: string; item: ContractsItem } | undefined, work: Work): ClientFinder {
  const key = contracts?.hash ?? ''
  const finder = work.finders.get(key) ?? clientFinder(contracts?.item)
  work.finders.set(key, finder)
  return finder
}

function planOf(work: Work, listeners: readonly ListenerItem[], tls: TlsContexts): Plan | undefined {
  const at = listeners.map(({ id, protocol, proxyProtocol = false }) => ({ id, protocol, proxyProtocol }))
  try {
    return buildPlan(
      [...work.parts.values()].map((part) => part.route),
      at,
      tls,
    )
  } catch (error) {
    const pointer = error instanceof RouteFault ? itemPointer(error.routeId) : '/items'
    work.reasons.push({ pointer, reason: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

function poolOptionsOf(
  upstream: UpstreamItem,
  settings: UpstreamSettings,
  allowLoopback: boolean,
): PoolOptions {
  const { timeouts = {}, ...rest } = settings
  return {
    name: upstream.id,
    endpoints: upstream.endpoints,
    protocol: upstream.protocol ?? 'http1',
    balancing: upstream.balancing ?? 'round-robin',
    ...(upstream.hashOn === undefined ? {} : { hashOn: upstream.hashOn }),
    timeouts: {
      connectMs: timeouts.connectMs ?? upstream.connectTimeoutMs,
      responseMs: timeouts.responseMs ?? upstream.responseTimeoutMs,
      idleMs: timeouts.streamIdleMs ?? upstream.idleTimeoutMs,
      ...(timeouts.upstreamIdleMs === undefined ? {} : { keepMs: timeouts.upstreamIdleMs }),
    },
    settings: rest,
    maxConnections: upstream.maxConnections,
    maxPending: upstream.maxPending,
    allowLoopback,
  }
}
