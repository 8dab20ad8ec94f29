import { setImmediate } from 'node:timers/promises'
import type { Reason } from '#contract/events.ts'
import {
  type ApiItem,
  type ContractsItem,
  type DocumentItem,
  type Item,
  itemPointer,
  type ListenerItem,
  type UpstreamItem,
} from '#contract/items.ts'
import {
  Judge,
  placingPointer,
  type ResolvedApi,
  type ResolvedChain,
  tlsFault,
  tlsFaults,
  toldOf,
} from '#contract/judgement.ts'
import { listenerFaults } from '#contract/listeners.ts'
import type { Fault } from '#domain/problem.ts'
import type { ApiCertificate, Prepared } from '#policies/definition.ts'
import { compileRules } from '#policies/rules.ts'
import type { UpstreamSettings } from '#policies/settings.ts'
import { apiCertificates } from '#tls/api-certificates.ts'
import { type ClientFinder, clientFinder, StateKeeper, type World } from './ports.ts'
import { Operations } from './serve/operations.ts'
import {
  buildPlan,
  type LiveDestination,
  type LivePolicy,
  type LiveRoute,
  PlacingRefused,
  type Plan,
} from './serve/plan.ts'
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
    const items = [...contents.values()].map(({ item }) => item)
    const listeners = items.filter((item) => item.kind === 'listener')
    work.reasons.push(...listenerFaults(listeners).map(reasonOf))
    const judge = new Judge((id) => contents.get(id)?.item, { loopback: this.#allowLoopback })
    let sliceEnd = performance.now() + sliceMs
    for (const item of items) {
      if (item.kind === 'api') this.#addApi(item, judge, work)
      if (work.reasons.length >= reasonsMax) break
      if (performance.now() < sliceEnd) continue
      await setImmediate()
      sliceEnd = performance.now() + sliceMs
    }
    await setImmediate()
    const plan = planOf(work, listeners, this.#tls)
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

  #addApi(item: ApiItem, judge: Judge, work: Work): void {
    const known = this.#parts.get(item.id)
    const part =
      known !== undefined && isMadeFrom(known, work.contents) ? known : this.#judgedPart(item, judge, work)
    if (part === undefined) return
    work.parts.set(item.id, part)
    for (const pool of part.pools) work.pools.set(pool.identity, pool)
  }

  #judgedPart(item: ApiItem, judge: Judge, work: Work): Part | undefined {
    const judged = judge.judge(item)
    if ('api' in judged) return this.#makePart(judged.api, work)
    work.reasons.push(...judged.faults.map(reasonOf))
    return undefined
  }

  #makePart(api: ResolvedApi, work: Work): Part | undefined {
    const needs = this.#needsOf(api, work)
    // Made here, where the build gives way to traffic now and then.
    const faults = tlsFaults(api, { inbound: (settings) => this.#tls.of(settings) })
    work.reasons.push(...faults.map(reasonOf))
    if (needs === undefined || faults.length > 0) return undefined
    const stateNames = new Set<string>()
    const route = this.#makeRoute(api, needs, stateNames, work)
    if (route === undefined) return undefined
    return {
      sources: sourcesOf(api, work.contents),
      pools: [needs.upstream, ...[...needs.destinations.values()].map(({ pool }) => pool)],
      stateNames,
      route,
    }
  }

  /** The other items that an API is made of; undefined where no connections can be had, which is then said. */
  #needsOf(api: ResolvedApi, work: Work): Needs | undefined {
    const { item } = api
    const upstream = this.#pool(api, item.upstream, work)
    const destinations = new Map<string, LiveDestination>()
    for (const [name, id] of Object.entries(item.destinations ?? {})) {
      const pool = this.#pool(api, id, work)
      if (pool === undefined) return undefined
      destinations.set(name, { name, pool })
    }
    if (upstream === undefined) return undefined
    return {
      upstream,
      destinations,
      contracts: contentOf(item.contracts, 'contracts', work),
      document: contentOf(item.document, 'document', work),
    }
  }

  #makeRoute(
    { item, chain }: ResolvedApi,
    needs: Needs,
    stateNames: Set<string>,
    work: Work,
  ): LiveRoute | undefined {
    const clients = finderOf(needs.contracts, work)
    const certificates = apiCertificates(chain.inboundTls, [...chain.upstreams.values()])
    const policies = chain.links.flatMap(
      (link) => this.#prepare(item, link, { ...needs, clients, certificates }, stateNames, work) ?? [],
    )
    if (policies.length < chain.links.length) return undefined
    const { id, name, version, host, basePath, stripBasePath, listeners, operations } = item
    return {
      id,
      apiName: name,
      apiVersion: version,
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

  #prepare(
    api: ApiItem,
    link: ResolvedChain['links'][number],
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

  #pool(api: ResolvedApi, id: string, work: Work): Pool | undefined {
    const upstream = contentOf(id, 'upstream', work)
    if (upstream === undefined) return undefined
    const settings = api.chain.upstreams.get(id) ?? {}
    const options = poolOptionsOf(upstream.item, settings, this.#allowLoopback)
    const identity = poolIdentity(options)
    const known = work.pools.get(identity) ?? this.#pools.get(identity)
    try {
      const pool = known ?? createPool(options)
      if (known === undefined) work.newPools.push(pool)
      work.pools.set(identity, pool)
      return pool
    } catch (error) {
      // All else was judged before: it is the TLS that connections cannot be had with.
      work.reasons.push(reasonOf(tlsFault(api, { upstream: id }, error)))
      return undefined
    }
  }
}

function reasonOf({ pointer, detail }: Fault): Reason {
  return { pointer, reason: detail }
}

/** The items that an API is made of, itself among them. */
function sourcesOf({ item, tlsContexts }: ResolvedApi, contents: Contents): Map<string, string> {
  const others = [item.upstream, item.contracts, item.document, ...Object.values(item.destinations ?? {})]
  const ids = [item.id, ...tlsContexts, ...others.flatMap((id) => id ?? [])]
  return new Map(ids.map((id) => [id, contents.get(id)?.hash ?? '']))
}

function isMadeFrom({ sources }: Part, contents: Contents): boolean {
  for (const [id, hash] of sources) if (contents.get(id)?.hash !== hash) return false
  return true
}

/** An item that was found to be there before. */
function contentOf<K extends Item['kind']>(
  id: string | undefined,
  kind: K,
  work: Work,
): { hash: string; item: Extract<Item, { kind: K }> } | undefined {
  const found = id === undefined ? undefined : work.contents.get(id)
  // The kind is compared, which the compiler does not carry over to the union.
  return found?.item.kind === kind ? (found as { hash: string; item: Extract<Item, { kind: K }> }) : undefined
}

function finderOf(contracts: { hash: string; item: ContractsItem } | undefined, work: Work): ClientFinder {
  const key = contracts?.hash ?? ''
  const finder = work.finders.get(key) ?? clientFinder(contracts?.item)
  work.finders.set(key, finder)
  return finder
}

function planOf(work: Work, listeners: readonly ListenerItem[], tls: TlsContexts): Plan | undefined {
  const at = listeners.map(({ id, protocol, proxyProtocol = false }) => ({ id, protocol, proxyProtocol }))
  const routes = [...work.parts.values()].map((part) => part.route)
  const hasOthers = work.reasons.length > 0
  try {
    const plan = buildPlan(routes, at, tls)
    return hasOthers ? undefined : plan
  } catch (error) {
    if (!(error instanceof PlacingRefused)) throw error
    for (const fault of toldOf(error.faults, hasOthers)) {
      const api = work.contents.get(fault.apiId)?.item
      if (api?.kind === 'api')
        work.reasons.push({ pointer: placingPointer(api, fault), reason: fault.detail })
    }
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
