import type { Fault } from '#domain/problem.ts'
import { type Chain, resolveChain } from '#policies/chain.ts'
import { policyOf } from '#policies/index.ts'
import { type Contexts, type InboundTls, type OutboundTls, someContext } from '#policies/settings.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import {
  type ApiItem,
  type AttachedPolicy,
  contextsAmong,
  type Item,
  itemPointer,
  upstreamNames,
} from './items.ts'
import { type Claim, type PlacingFault, tlsText } from './placing.ts'
import { outboundTlsFault, upstreamFaults } from './upstreams.ts'

/**
 * What a node would refuse in a configuration, as far as it can be told without making anything of it. Whoever
 * publishes and whoever serves both go by this.
 */

export type ResolvedChain = Extract<Chain<AttachedPolicy>, { ok: true }>

export interface ResolvedApi {
  readonly item: ApiItem
  readonly chain: ResolvedChain
  /** The ids of the mTLS contexts that its policies asked for. */
  readonly tlsContexts: ReadonlySet<string>
}

/** An API that all is well with so far, or what is wrong with it that was not told of before. */
export type Judged = { readonly faults: readonly Fault[] } | { readonly api: ResolvedApi }

/** Judges the items of one configuration, as they are asked for. Where APIs are placed comes afterwards. */
export class Judge {
  readonly #find: (id: string) => Item | undefined
  readonly #allow: { loopback: boolean }
  /** What is wrong with the upstreams that were looked at. */
  readonly #upstreams = new Map<string, readonly Fault[]>()

  constructor(find: (id: string) => Item | undefined, allow: { loopback: boolean }) {
    this.#find = find
    this.#allow = allow
  }

  judge(item: ApiItem): Judged {
    const tlsContexts = new Set<string>()
    const contexts = contextsAmong((id) => {
      tlsContexts.add(id)
      return this.#find(id)
    })
    const chain = resolveChain(item.policies, upstreamNames(item), contexts)
    const faults = [...this.#referenceFaults(item), ...this.#newUpstreamFaults(item)]
    if (!chain.ok) {
      const base = itemPointer(item.id, 'policies')
      const told = chain.faults.map((fault) => ({ ...fault, pointer: base + fault.pointer }))
      return { faults: [...faults, ...told] }
    }
    const api = { item, chain, tlsContexts }
    faults.push(...this.#outboundFaults(api))
    const isUsable = upstreamIds(item).every((id) => this.#upstreams.get(id)?.length === 0)
    return faults.length === 0 && isUsable ? { api } : { faults }
  }

  #referenceFaults(api: ApiItem): Fault[] {
    const wanted: (readonly [member: keyof ApiItem, kind: Item['kind'], id: string | undefined])[] = [
      ['upstream', 'upstream', api.upstream],
      ['contracts', 'contracts', api.contracts],
      ['document', 'document', api.document],
      ...Object.values(api.destinations ?? {}).map((id) => ['destinations', 'upstream', id] as const),
    ]
    return wanted.flatMap(([member, kind, id]) =>
      id === undefined || this.#find(id)?.kind === kind
        ? []
        : [{ pointer: itemPointer(api.id, member), detail: `there is no item ${id} of kind ${kind}` }],
    )
  }

  /** Upstreams may be shared; what is wrong with one is told once. */
  #newUpstreamFaults(api: ApiItem): Fault[] {
    return upstreamIds(api).flatMap((id) => {
      const upstream = this.#find(id)
      if (this.#upstreams.has(id) || upstream?.kind !== 'upstream') return []
      const faults = upstreamFaults(upstream, this.#allow)
      this.#upstreams.set(id, faults)
      return faults
    })
  }

  #outboundFaults(api: ResolvedApi): Fault[] {
    return [...api.chain.upstreams].flatMap(([id, { tls }]) => {
      const upstream = this.#find(id)
      const fault = tls && upstream?.kind === 'upstream' ? outboundTlsFault(tls, upstream) : null
      return fault === null
        ? []
        : [{ pointer: tlsPointer(api, { upstream: id }, fault.path), detail: fault.detail }]
    })
  }
}

function upstreamIds(api: ApiItem): string[] {
  return [...upstreamNames(api).keys()]
}

/** Whether handshakes can be made with settings: throws where they cannot, perhaps with a `path` into the policy's configuration. */
export interface TlsTrial {
  inbound(settings: InboundTls): unknown
  outbound(settings: OutboundTls): unknown
}

/** What only shows when the certificates, keys and lists of an API's TLS are used. */
export function tlsFaults(api: ResolvedApi, trial: Partial<TlsTrial>): Fault[] {
  const { inboundTls, upstreams } = api.chain
  // What is said for several upstreams is one and the same object for each.
  const outbound = new Map([...upstreams].flatMap(([id, { tls }]) => (tls ? [[tls, id] as const] : [])))
  return [
    ...tried(api, 'clients', () => inboundTls && trial.inbound?.(inboundTls)),
    ...[...outbound].flatMap(([settings, id]) =>
      tried(api, { upstream: id }, () => trial.outbound?.(settings)),
    ),
  ]
}

/** Whom an API has TLS with: its clients, or the upstream of an id. */
type Side = 'clients' | { readonly upstream: string }

function tried(api: ResolvedApi, side: Side, attempt: () => unknown): Fault[] {
  try {
    attempt()
    return []
  } catch (error) {
    return [tlsFault(api, side, error)]
  }
}

/** What a trial threw, at its place. */
export function tlsFault(api: ResolvedApi, side: Side, error: unknown): Fault {
  return { pointer: tlsPointer(api, side, pathOfFault(error)), detail: wordsOf(error) }
}

/** Where a trial says that its settings are wrong, inside the configuration of the policy. */
export function pathOfFault(error: unknown): readonly string[] {
  const path = error instanceof Error && 'path' in error ? error.path : undefined
  return Array.isArray(path) ? path.map(String) : []
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A place in the configuration of the policy that says the TLS of one side. */
function tlsPointer({ item, chain }: ResolvedApi, side: Side, path: readonly string[]): string {
  const link = chain.links.find(({ attached, policy, config }) =>
    side === 'clients'
      ? policy.inboundTls !== undefined
      : policy.upstream?.(config, someContext).tls !== undefined &&
        (attached.upstreams?.includes(side.upstream) ?? true),
  )
  const index = link === undefined ? 0 : item.policies.indexOf(link.attached)
  // What a context gives is not in the configuration that names it.
  const isFromContext =
    contextRefIn(link?.attached.config) !== undefined && ['certificate', 'trustedCA'].includes(path[0] ?? '')
  return itemPointer(item.id, 'policies', index, 'config', ...(isFromContext ? ['contextRef'] : path))
}

/** As much of an API as decides where it is served. */
export type ClaimingApi = Pick<ApiItem, 'id' | 'name' | 'version' | 'host' | 'basePath' | 'listeners'> & {
  readonly policies: readonly Pick<AttachedPolicy, 'kind' | 'config'>[]
}

/** What placing must know of an API; undefined while its `tls` policy does not fit. */
export function claimOf(api: ClaimingApi, contexts: Contexts): Claim | undefined {
  const { id, name, version, host, basePath, listeners, policies } = api
  const claim = { id, name, version, host, basePath, listeners }
  for (const { kind, config } of policies) {
    const policy = policyOf(kind)
    if (policy?.inboundTls === undefined) continue
    try {
      const settings = policy.inboundTls(policy.config.parse(config), contexts)
      return { ...claim, tls: { key: tlsText(settings), settings } }
    } catch {
      // What is wrong with it is said at the policy.
      return undefined
    }
  }
  return claim
}

/**
 * The faults of placing that can be told of. With other faults about, some APIs have no place because of them, and
 * what others miss may be theirs.
 */
export function toldOf(faults: readonly PlacingFault[], hasOthers: boolean): readonly PlacingFault[] {
  return hasOthers ? faults.filter(({ kind }) => kind !== 'unserved') : faults
}

/** A fault of placing at its place in the item; of a clash, for either of the two. */
export function placingPointer(
  { id, policies }: Pick<ClaimingApi, 'id' | 'policies'>,
  { member, index }: Pick<PlacingFault, 'member' | 'index'>,
): string {
  if (member !== 'tls') return itemPointer(id, member, ...(index === undefined ? [] : [index]))
  const at = policies.findIndex(({ kind }) => policyOf(kind)?.inboundTls !== undefined)
  return itemPointer(id, 'policies', at, 'config')
}
