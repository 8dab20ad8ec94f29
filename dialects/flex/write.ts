import { Document } from 'yaml'
import type {
  ApiItem,
  AttachedPolicy,
  ContractsItem,
  Item,
  ListenerItem,
  UpstreamItem,
} from '#contract/items.ts'
import { upstreamItem } from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { mapSecrets } from '#policies/secrets.ts'
import { clientKinds, withoutVariables } from './policies.ts'
import { apiKeysType } from './resources.ts'
import { isRoute } from './routes.ts'
import { inboundTlsResource, namedTlsPolicy, outboundTlsResources, type Written } from './write-tls.ts'

export type FlexText = { ok: true; text: string } | { ok: false; faults: Fault[] }

const apiVersion = 'gateway.mulesoft.com/v1alpha1'
/** The label by which an instance is selected where a policy was attached to it from outside. */
const instanceLabel = 'hexgate.io/instance'

interface Metadata {
  readonly name: string
  readonly namespace: string
}

/** How TLS is written, and whether secrets of policies are. */
export interface FlexWriting {
  /** As `tls` of instances and services where that can be said, or as policies. */
  readonly tls: 'members' | 'policies'
  /** Without them, Secrets are named and not written; certificates have no key beside them. */
  readonly secrets: 'written' | 'named'
}

const everything: FlexWriting = { tls: 'members', secrets: 'written' }

interface Work {
  readonly writing: FlexWriting
  readonly byId: ReadonlyMap<string, Item>
  readonly listeners: readonly ListenerItem[]
  readonly faults: Fault[]
}

/**
 * Writes items as Flex resources, which `readFlex` takes back. What the form cannot say is a fault, with a
 * pointer of the kind `/<item id>/<member>`; nothing is left out in silence. Secrets with keys carry a comment.
 */
export function writeFlex(items: readonly Item[], writing = everything): FlexText {
  const faults: Fault[] = []
  const listeners = items.filter((item) => item.kind === 'listener')
  if (listeners.length === 0) return { ok: false, faults: [{ pointer: '', detail: 'there is no listener' }] }
  const work: Work = { writing, byId: new Map(items.map((item) => [item.id, item])), listeners, faults }
  const resources = items.flatMap((item) => (item.kind === 'api' ? resourcesOf(item, work) : []))
  const all = [...configurationOf(items, work), ...resources]
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, text: all.map(textOf).join('---\n') }
}

function textOf({ resource, comment }: Written): string {
  const document = new Document(resource)
  // PEM texts and paths must not be folded.
  if (comment !== undefined) document.commentBefore = ` ${comment}`
  return document.toString({ lineWidth: 0 })
}

function faultAt(item: Item, member: string, detail: string): Fault {
  return { pointer: pointerOf([item.id]) + member, detail }
}

/** The name and namespace that an id such as `api:default/orders` holds, or names that are made from it. */
function metadataOf(id: string): Metadata {
  const [namespace, name] = id.replace(/^[a-z]+:/, '').split('/')
  return name === undefined
    ? { name: namespace ?? id, namespace: 'default' }
    : { name, namespace: namespace ?? 'default' }
}

/** What holds for all listeners and upstreams alike stands in a Configuration; what differs cannot be said. */
function configurationOf(items: readonly Item[], { listeners, faults }: Work): Written[] {
  const upstreams = items.filter((item) => item.kind === 'upstream')
  const usual = upstreamItem.parse({ kind: 'upstream', id: 'usual', endpoints: [{ url: 'http://usual' }] })
  const seconds = (member: 'responseTimeoutMs' | 'idleTimeoutMs') => {
    const [first, ...others] = upstreams
    for (const other of others)
      if (other[member] !== first?.[member])
        faults.push(faultAt(other, `/${member}`, 'Flex sets this for all upstreams alike, or by a policy'))
    return first === undefined || first[member] === usual[member] ? undefined : first[member] / 1_000
  }
  const [listener, ...rest] = listeners
  for (const other of rest)
    if ((other.proxyProtocol ?? false) !== (listener?.proxyProtocol ?? false))
      faults.push(faultAt(other, '/proxyProtocol', 'Flex sets this for all listeners alike'))
  const timeouts = withoutUndefined({
    upstreamResponseSeconds: seconds('responseTimeoutMs'),
    streamIdleSeconds: seconds('idleTimeoutMs'),
  })
  const spec = {
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
    ...(listener?.proxyProtocol === true ? { proxyProtocol: { enabled: true } } : {}),
  }
  if (Object.keys(spec).length === 0) return []
  return [{ resource: { apiVersion, kind: 'Configuration', metadata: { name: 'gateway' }, spec } }]
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function resourcesOf(api: ApiItem, work: Work): Written[] {
  const { faults } = work
  const metadata = metadataOf(api.id)
  if (!api.stripBasePath) faults.push(faultAt(api, '/stripBasePath', 'Flex always takes the base path off'))
  if (api.document !== undefined)
    faults.push(faultAt(api, '/document', 'Flex has no place for an OpenAPI document'))
  const listener = listenerOf(api, work)
  const { writing } = work
  const isMembers = writing.tls === 'members'
  const inbound = isMembers ? inboundTlsResource(api.policies, metadata) : undefined
  const services = servicesOf(api, work)
  const outbound = isMembers ? outboundTlsResources(api.policies, metadata) : []
  const asTls = new Set([inbound, ...outbound].map((resource) => resource?.policy))
  const named = isMembers ? [] : api.policies.filter(isTls).map((policy) => namedTlsPolicy(policy, metadata))
  const naming = new Map(named.map((one) => [one.policy.id, one.policy]))
  const inlined = api.policies
    .filter((policy) => !asTls.has(policy) && policy.automated !== true)
    .map((policy) => naming.get(policy.id) ?? policy)
  const automated = api.policies.filter((policy) => policy.automated === true)
  const keys = keysOf(api, metadata, work)
  const texts = new SecretTexts(metadata)
  const instance = {
    apiVersion,
    kind: 'ApiInstance',
    metadata: {
      ...metadata,
      ...(automated.length === 0 ? {} : { labels: { [instanceLabel]: metadata.name } }),
    },
    spec: {
      address: listener === undefined ? '' : addressOf(api, listener),
      ...(inbound === undefined ? {} : { tls: inbound.tls }),
      services: Object.fromEntries(
        services.map(([service, id]) => [service, serviceOf(api, id, outbound, work)]),
      ),
      policies: inlined
        .toSorted((a, b) => a.order - b.order)
        .flatMap((policy) => inlinePoliciesOf(policy, services, keys, texts)),
    },
  }
  return [
    { resource: instance },
    ...automated.map((policy, index) => {
      if (policy.upstreams !== undefined)
        faults.push(faultAt(api, '/policies', 'Flex attaches nothing to one upstream of many APIs at once'))
      return bindingOf(policy, index, metadata, keys, texts)
    }),
    ...(writing.secrets === 'written' ? texts.resources() : []),
    ...(keys === undefined ? [] : [keys.secret]),
    ...(inbound?.secrets ?? []),
    ...outbound.flatMap(({ secrets }) => secrets),
    ...named.flatMap(({ secrets }) => secrets),
  ]
}

function isTls({ kind, automated }: AttachedPolicy): boolean {
  return automated !== true && (kind === 'tls' || kind === 'tls-outbound')
}

function listenerOf(api: ApiItem, { listeners, byId, faults }: Work): ListenerItem | undefined {
  const ids = api.listeners ?? listeners.map(({ id }) => id)
  const [first, second] = ids.map((id) => byId.get(id))
  if (second !== undefined) faults.push(faultAt(api, '/listeners', 'an ApiInstance listens at one address'))
  if (first?.kind === 'listener') return first
  faults.push(faultAt(api, '/listeners', `there is no ${ids[0] ?? 'listener'}`))
  return undefined
}

/** The ids of the upstreams of an API by the names of their services. */
function servicesOf(api: ApiItem, { faults }: Work): (readonly [name: string, id: string])[] {
  const destinations = Object.entries(api.destinations ?? {})
  if (destinations.length === 0) return [['upstream', api.upstream]]
  if (!api.policies.some(({ kind }) => isRoute(kind)))
    faults.push(faultAt(api, '/destinations', 'no route policy of the API chooses among them'))
  if (!destinations.some(([, id]) => id === api.upstream))
    faults.push(faultAt(api, '/upstream', 'Flex has no upstream beside those that routes lead to'))
  return destinations
}

function serviceOf(
  api: ApiItem,
  id: string,
  outbound: ReturnType<typeof outboundTlsResources>,
  { byId, faults }: Work,
): Record<string, unknown> {
  const upstream = byId.get(id)
  if (upstream?.kind !== 'upstream') {
    faults.push(faultAt(api, '/upstream', `there is no ${id}`))
    return {}
  }
  const isSecure = upstream.endpoints[0]?.url.startsWith('https:') === true
  const tls = outbound.find(({ policy }) => policy.upstreams?.includes(id) ?? true)?.tls
  return { ...reachOf(upstream, faults), ...(isSecure && tls !== undefined ? { tls } : {}) }
}

/** Where an upstream is, as a service says it. */
function reachOf(upstream: UpstreamItem, faults: Fault[]): Record<string, unknown> {
  const { kind, id, endpoints, protocol, balancing, hashOn, responseTimeoutMs, idleTimeoutMs } = upstream
  const reach = withoutUndefined({ protocol, balancing, hashOn })
  const sayable = upstreamItem.parse({ kind, id, endpoints, responseTimeoutMs, idleTimeoutMs, ...reach })
  if (!sameMembers(sayable, upstreamItem.parse(upstream)))
    faults.push(faultAt(upstream, '', 'limits and connect timeouts cannot be said in Flex'))
  const written = endpoints.map(({ url, weight }) =>
    withoutUndefined({ address: addressAt(url, upstream, faults), weight }),
  )
  const [first, second] = written
  const where =
    second === undefined && first?.['weight'] === undefined ? { ...first } : { endpoints: written }
  return withoutUndefined({ ...where, balancing, hashOn })
}

function addressAt(url: string, upstream: UpstreamItem, faults: Fault[]): string {
  if (upstream.protocol !== 'http2') return url
  if (url.startsWith('http:')) return `h2:${url.slice(5)}`
  faults.push(faultAt(upstream, '/protocol', 'Flex speaks HTTP/2 to upstreams without TLS alone'))
  return url
}

function sameMembers(a: UpstreamItem, b: UpstreamItem): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

function addressOf(api: ApiItem, { protocol, address: at, port }: ListenerItem): string {
  const address = at.includes(':') ? `[${at}]` : at
  const host = api.host === '*' ? address : api.host
  return `${protocol}://${host}:${port}${api.basePath === '/' ? '' : api.basePath}`
}

/** The Secret with the keys of an API's clients, and how its policy names it. */
interface Keys {
  readonly kind: string
  readonly reference: Record<string, unknown>
  readonly secret: Written
}

/** Takes what is secret out of configurations and into a Secret of the API. */
class SecretTexts {
  readonly #metadata: Metadata
  readonly #entries: Record<string, string> = {}

  constructor({ name, namespace }: Metadata) {
    this.#metadata = { name: `${name}-policy-secrets`, namespace }
  }

  without({ kind, config }: AttachedPolicy): Record<string, unknown> {
    const taken = mapSecrets(kind, config, (value, path) => {
      if (typeof value !== 'string' || value === '') return value
      const key = [kind, Object.keys(this.#entries).length + 1, ...path]
        .join('.')
        .replaceAll(/[^-._a-zA-Z0-9]/g, '_')
      this.#entries[key] = value
      return { valueFrom: { secretKeyRef: { name: this.#metadata.name, key } } }
    })
    // The configuration of a policy is an object, and stays one.
    return withoutVariables(taken) as Record<string, unknown>
  }

  resources(): Written[] {
    if (Object.keys(this.#entries).length === 0) return []
    const comment = 'HOLDS SECRETS of policies: keep it out of version control, or seal it.'
    return [
      {
        comment,
        resource: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: this.#metadata,
          type: 'Opaque',
          stringData: this.#entries,
        },
      },
    ]
  }
}

function policyOf(
  policy: AttachedPolicy,
  keys: Keys | undefined,
  texts: SecretTexts,
): Record<string, unknown> {
  const { kind, order, rules, dryRun, label } = policy
  const config =
    keys?.kind === kind ? { ...texts.without(policy), apiKeys: keys.reference } : texts.without(policy)
  return {
    policyRef: { name: kind },
    ...(kind === 'tls' || kind === 'tls-outbound' ? {} : { order }),
    ...(label === '' ? {} : { label }),
    ...(rules === undefined ? {} : { rules }),
    ...(dryRun === true ? { dryRun } : {}),
    config,
  }
}

/** A targetRef names one upstream: a policy for several is written for each of them. */
function inlinePoliciesOf(
  policy: AttachedPolicy,
  services: readonly (readonly [name: string, id: string])[],
  keys: Keys | undefined,
  texts: SecretTexts,
): Record<string, unknown>[] {
  const { upstreams } = policy
  if (upstreams === undefined) return [policyOf(policy, keys, texts)]
  return services
    .filter(([, id]) => upstreams.includes(id))
    .map(([name], index) => {
      const { order, ...written } = policyOf(policy, keys, texts)
      const first = index === 0 && order !== undefined ? { order } : {}
      return { targetRef: { kind: 'Service', name }, ...written, ...first }
    })
}

function bindingOf(
  policy: AttachedPolicy,
  index: number,
  { name, namespace }: Metadata,
  keys: Keys | undefined,
  texts: SecretTexts,
): Written {
  const targetRef = { kind: 'Selector', selector: { labels: { [instanceLabel]: name } } }
  return {
    resource: {
      apiVersion,
      kind: 'PolicyBinding',
      metadata: { name: `${name}-automated-${index + 1}`, namespace },
      spec: { targetRef, ...policyOf(policy, keys, texts) },
    },
  }
}

function keysOf(api: ApiItem, metadata: Metadata, { byId, faults }: Work): Keys | undefined {
  const contracts = api.contracts === undefined ? undefined : byId.get(api.contracts)
  if (contracts?.kind !== 'contracts') return undefined
  const naming = api.policies.find(({ kind }) => clientKinds.has(kind))
  if (naming === undefined) {
    faults.push(faultAt(api, '/contracts', 'no policy of the API could name the Secret with the keys'))
    return undefined
  }
  const secretName = `${metadata.name}-api-keys`
  const tiers = tiersOf(contracts)
  return {
    kind: naming.kind,
    reference: { secretName, ...(tiers.length === 0 ? {} : { tiers }) },
    secret: secretOf(contracts, { ...metadata, name: secretName }, faults),
  }
}

function tiersOf({ clients }: ContractsItem): Record<string, unknown>[] {
  const byTier = new Map<string, { name: string; clients: string[]; limits: unknown }>()
  for (const { id, tier } of clients) {
    if (tier === undefined) continue
    const key = JSON.stringify(tier)
    const known = byTier.get(key)
    if (known === undefined) byTier.set(key, { name: tier.name, clients: [id], limits: tier.limits })
    else known.clients.push(id)
  }
  return [...byTier.values()]
}

function secretOf(contracts: ContractsItem, metadata: Metadata, faults: Fault[]): Written {
  const entries: [string, string][] = []
  for (const client of contracts.clients) {
    const [hash, second] = client.keyHashes
    if (hash === undefined) continue
    if (second !== undefined) faults.push(faultAt(contracts, '', `${client.name} has several keys`))
    entries.push([client.id, `sha256:${hash}`])
  }
  return {
    comment: 'Hashes of API keys: whoever has a key can be recognised, and no key can be made of them.',
    resource: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: apiKeysType,
      stringData: Object.fromEntries(entries),
    },
  }
}
