import { hash } from 'node:crypto'
import { z } from 'zod'
import {
  type ApiItem,
  type AttachedPolicy,
  type ContractsItem,
  contractsItem,
  type Item,
  item,
  type TlsContextItem,
} from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { changedWithJson } from '#contract/manifest-delta.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { mainUpstream, type Routing, routing, type UpstreamOptions } from '#domain/routing.ts'
import { policyOf } from '#policies/index.ts'
import { contextRefIn } from '#policies/tls-fields.ts'

/** What publishing reads of an API instance: the row with its neighbours. */
export interface InstanceRow {
  id: string
  host: string
  basePath: string
  upstreamUrl: string
  listenerIds: readonly string[]
  upstream: unknown
  destinations: unknown
  tiers: unknown
  stripBasePath: boolean
  enabled: boolean
  apiVersion: { id: string; label: string; api: { name: string }; operations: unknown }
  /** The imported document, read where a policy judges by it. */
  document?: unknown
  policies: readonly PolicyRow[]
  flows: readonly {
    tier: string | null
    consumer: { id: string; name: string; credentials: readonly CredentialRow[] }
  }[]
}
export interface PolicyRow {
  id: string
  kind: string
  policyVersion: string
  label: string
  order: number
  enabled: boolean
  dryRun: boolean
  rules: unknown
  /** `main`, and names of destinations. */
  upstreams: readonly string[]
  config: unknown
}
export interface CredentialRow {
  hash: string
  revokedAt: Date | null
}
export interface GatewayRows {
  listeners: unknown
  instances: readonly InstanceRow[]
  /** Those that policies of the instances name. */
  contexts: readonly TlsContextItem[]
}

/** Items by their id. */
export type Items = ReadonlyMap<string, Item>

/** Rows as items, and what of the rows cannot be an item. The order of the rows makes no difference. */
export function compile(rows: GatewayRows): { items: Items; faults: Fault[] } {
  const candidates = [
    ...listenersOf(rows.listeners),
    ...rows.instances.filter((instance) => instance.enabled).flatMap(itemsOfInstance),
    ...rows.contexts,
  ]
  const items = new Map<string, Item>()
  const faults: Fault[] = []
  for (const candidate of candidates) {
    const parsed = item.safeParse(candidate)
    if (parsed.success) {
      items.set(parsed.data.id, parsed.data)
      continue
    }
    for (const issue of parsed.error.issues) {
      faults.push({ pointer: pointerOf(['items', candidate.id, ...issue.path]), detail: issue.message })
    }
  }
  return { items, faults }
}

export function apiItemId(instanceId: string): string {
  return `api:${instanceId}`
}

export function listenerItemId(listenerId: string): string {
  return `listener:${listenerId}`
}

/** The member that says on which listeners an API is served, where it is not all of them. */
export function namedListeners(listenerIds: readonly string[]): { listeners?: string[] } {
  return listenerIds.length === 0 ? {} : { listeners: listenerIds.map(listenerItemId) }
}

function listenersOf(listeners: unknown): { id: string }[] {
  if (!Array.isArray(listeners)) return [{ id: listenerItemId('unreadable') }]
  return listeners.map((listener: unknown, index) => {
    const fields = typeof listener === 'object' && listener !== null ? listener : {}
    const id = 'id' in fields ? String(fields.id) : String(index)
    return { ...fields, kind: 'listener', id: listenerItemId(id) }
  })
}

function itemsOfInstance(instance: InstanceRow): ({ id: string } & Record<string, unknown>)[] {
  const { id, host, basePath, stripBasePath, apiVersion } = instance
  const { upstream, destinations } = routing.parse({
    upstream: instance.upstream,
    destinations: instance.destinations,
  })
  const names = destinations.map(({ name }) => name)
  const own = upstream.endpoints.length > 0 ? upstream.endpoints : [{ url: instance.upstreamUrl, weight: 1 }]
  const upstreams = [
    upstreamOf(`upstream:${id}`, { ...upstream, endpoints: own }),
    ...destinations.map(({ name, ...options }) => upstreamOf(destinationId(id, name), options)),
  ]
  const api = {
    kind: 'api',
    id: apiItemId(id),
    name: apiVersion.api.name,
    version: apiVersion.label,
    host,
    basePath,
    stripBasePath,
    ...namedListeners(instance.listenerIds),
    upstream: `upstream:${id}`,
    ...(names.length > 0
      ? { destinations: Object.fromEntries(names.map((name) => [name, destinationId(id, name)])) }
      : {}),
    ...operationsOf(apiVersion.operations),
    ...(judgesByDocument(instance) ? { document: documentId(instance) } : {}),
    policies: chainOf(instance),
    // Named even when nobody may call, so that letting somebody call later leaves the API as it is.
    contracts: `contracts:${id}`,
  }
  const document = judgesByDocument(instance)
    ? [{ kind: 'document', id: documentId(instance), openapi: instance.document }]
    : []
  return [api, ...upstreams, ...document, contractsOf(id, instance)]
}

const countedOperations = z.array(z.object({ method: z.string(), path: z.string() }))

/** What nodes count by. An imported document has its operations in its own order, which says nothing. */
function operationsOf(stored: unknown): Pick<ApiItem, 'operations'> {
  const operations = countedOperations.parse(stored)
  if (operations.length === 0) return {}
  return { operations: operations.toSorted((a, b) => compare(a.path, b.path) || compare(a.method, b.method)) }
}

/** The mTLS contexts that what is to be deployed of instances takes its certificates from. */
export function contextRefsOf(instances: readonly Pick<InstanceRow, 'enabled' | 'policies'>[]): Set<string> {
  const policies = instances.flatMap((instance) => (instance.enabled ? instance.policies : []))
  return new Set(policies.flatMap(({ enabled, config }) => (enabled ? (contextRefIn(config) ?? []) : [])))
}

/** Those that items take theirs from. */
export function contextRefsIn(items: Iterable<Item>): Set<string> {
  const apis = [...items].filter((each) => each.kind === 'api')
  return new Set(apis.flatMap(({ policies }) => policies.flatMap(({ config }) => contextRefIn(config) ?? [])))
}

function documentId({ id }: InstanceRow): string {
  return `document:${id}`
}

/** Whether a policy of the chain takes the API's own OpenAPI document, which nodes else do not get. */
export function judgesByDocument({ policies }: Pick<InstanceRow, 'policies'>): boolean {
  return policies.some(({ kind, enabled, config }) => {
    const parsed = enabled ? policyOf(kind)?.config.safeParse(config) : undefined
    return parsed?.success === true && policyOf(kind)?.needsDocument?.(parsed.data) === true
  })
}

function destinationId(instanceId: string, name: string): string {
  return `upstream:${instanceId}:${name}`
}

// What is usual is left out, so that an item from before it could be said is the same item.
function upstreamOf(id: string, { endpoints, protocol, balancing, hashOn }: UpstreamOptions) {
  return {
    kind: 'upstream' as const,
    id,
    endpoints: endpoints.map(({ url, weight }) => (weight === 1 ? { url } : { url, weight })),
    ...(protocol === 'http1' ? {} : { protocol }),
    ...(balancing === 'round-robin' ? {} : { balancing }),
    ...(hashOn === undefined ? {} : { hashOn }),
  }
}

function contractsOf(instanceId: string, row: InstanceRow | undefined): ContractsItem {
  return { kind: 'contracts', id: `contracts:${instanceId}`, clients: row ? clientsOf(row) : [] }
}

// What a row says before anybody has checked it.
type Candidate = Omit<AttachedPolicy, 'rules'> & { rules?: unknown }

// Positions are counted anew, so that gaps left by disabled or removed policies are no change of their own.
function chainOf(instance: InstanceRow): Candidate[] {
  const upstreamId = (name: string) =>
    name === mainUpstream ? `upstream:${instance.id}` : destinationId(instance.id, name)
  return instance.policies
    .filter((policy) => policy.enabled)
    .toSorted((a, b) => a.order - b.order || compare(a.id, b.id))
    .map(({ id, kind, policyVersion, label, dryRun, rules, upstreams, config }, order) => ({
      id,
      kind,
      policyVersion,
      label,
      order,
      config: wholeConfig(kind, config),
      // Left out where they say nothing, so that an item from before they were known is the same item.
      ...(dryRun ? { dryRun } : {}),
      ...(Array.isArray(rules) && rules.length > 0 ? { rules } : {}),
      ...(upstreams.length > 0 ? { upstreams: upstreams.map(upstreamId) } : {}),
    }))
}

// With its defaults written out, so that a later default does not change what an old revision means.
// What does not fit stays as it is: the check says what is wrong with it.
function wholeConfig(kind: string, config: unknown): Record<string, unknown> {
  const parsed = policyOf(kind)?.config.safeParse(config)
  const whole = parsed?.success ? parsed.data : config
  return JSON.parse(JSON.stringify(whole ?? {}))
}

function clientsOf(instance: InstanceRow) {
  const { tiers } = routing.parse({ tiers: instance.tiers })
  return instance.flows
    .map(({ consumer, tier }) => ({
      id: consumer.id,
      name: consumer.name,
      keyHashes: consumer.credentials
        .filter((credential) => credential.revokedAt === null)
        .map((credential) => credential.hash)
        .toSorted(compare),
      ...tierOf(tiers, tier),
    }))
    .toSorted((a, b) => compare(a.id, b.id))
}

// One that has been taken away is none: what holds clients to it then refuses them.
function tierOf(tiers: Routing['tiers'], name: string | null) {
  const tier = tiers.find((one) => one.name === name)
  return tier === undefined ? {} : { tier }
}

// By code units: the same on every machine, whatever its locale.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function sha256(text: string): string {
  return hash('sha256', text)
}

// An item is asked for its hash several times on its way into a revision, and never changes.
const known = new WeakMap<object, string>()

/** The SHA-256 of an item's canonical JSON, its address. */
export function hashOf(content: object): string {
  const before = known.get(content)
  if (before !== undefined) return before
  const made = sha256(canonicalJson(content))
  known.set(content, made)
  return made
}

/** Notes the hash under which an item was stored, so that it need not be made again. */
export function remember<T extends object>(content: T, hash: string): T {
  known.set(content, hash)
  return content
}

/** The `items` of a manifest: id to hash. */
export type Hashes = Readonly<Record<string, string>>

/** Whether an item belongs to the gateway itself, and to no instance. */
export function isOfGateway(itemId: string): boolean {
  return !/^(?:api|upstream|contracts|document):[^:]/.test(itemId)
}

export function hashesOf(items: Items): Record<string, string> {
  return Object.fromEntries([...items].map(([id, content]) => [id, hashOf(content)]))
}

/** The id of the instance that an item belongs to; null for items of the gateway itself. */
export function instanceOf(itemId: string): string | null {
  return /^(?:api|upstream|contracts|document):([^:]+)/.exec(itemId)?.[1] ?? null
}

/**
 * `items` with the contract sets of today's rows. Who may call is never a draft and never restored: a revoked key
 * stays revoked whatever is deployed. An instance that has no row any more admits nobody.
 */
export function withContracts(items: Items, rows: readonly InstanceRow[]): Items {
  const others = [...items].filter(([, { kind }]) => kind !== 'contracts')
  return new Map([...others, ...contractsOfAll(items.keys(), rows)])
}

/** `items` with the mTLS contexts of today: a certificate that was given up never comes back. */
export function withContexts(items: Items, contexts: readonly TlsContextItem[]): Items {
  const others = [...items].filter(([, { kind }]) => kind !== 'tls-context')
  return new Map([...others, ...contexts.map((context) => [context.id, context] as const)])
}

/** The contract sets by today's rows of the APIs among these items. */
export function contractsOfAll(itemIds: Iterable<string>, rows: readonly InstanceRow[]): Items {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const contracts = [...itemIds].flatMap((id) => {
    const instanceId = id.startsWith('api:') ? instanceOf(id) : null
    return instanceId === null ? [] : [contractsItem.parse(contractsOf(instanceId, byId.get(instanceId)))]
  })
  return new Map(contracts.map((each) => [each.id, each]))
}

/** `base` with one instance taken from `draft`, so that deploying it deploys nobody else's draft. */
export function withInstance(base: Hashes, draft: Items, instanceId: string): Hashes {
  const ids = Object.keys(base)
  // Of thousands of ids nearly all are another instance's, which is cheaper to see so.
  const own = ids.filter((id) => id.includes(instanceId) && instanceOf(id) === instanceId)
  const set: Record<string, string> = {}
  for (const [id, item] of draft) {
    const instance = instanceOf(id)
    // The first revision of a gateway needs its listeners from somewhere; contexts are those of today everywhere.
    const isShared = instance === null && (ids.length === 0 || item.kind === 'tls-context')
    if ((instance === instanceId || isShared) && base[id] !== hashOf(item)) set[id] = hashOf(item)
  }
  return changedWithJson(base, { set, removed: own.filter((id) => !draft.has(id)) })
}
