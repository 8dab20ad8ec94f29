import { type Address, addressOf } from '#dialects/flex/address.ts'
import { type Attachment, Bindings, inlineAttachments } from '#dialects/flex/attachments.ts'
import type { FlexFault, Path, YamlDocument } from '#dialects/flex/document.ts'
import { endpointsOf } from '#dialects/flex/endpoints.ts'
import { type Placed, Register } from '#dialects/flex/register.ts'
import {
  type ApiInstance,
  type Reach,
  routeConfig,
  type ServiceTls,
  weightedConfig,
} from '#dialects/flex/resources.ts'
import { Secrets } from '#dialects/flex/secrets.ts'
import type { NetworkPolicy } from '#dialects/network-policy/resources.ts'
import { usualWatch } from '#domain/certificate.ts'
import type { PlacedInCluster } from '#domain/declared-connections.ts'
import type { EnvironmentKind } from '#domain/gateway.ts'
import { dnsErrands, type Errand, type NetworkPolicySet } from '#domain/network-policy.ts'
import { mainUpstream } from '#domain/routing.ts'
import type { ApiView, GatewayView, PartyView, Stored } from '#domain/stored.ts'
import type { InboundSide, OutboundSide } from '#domain/trust.ts'
import { inboundSideOf } from '#lib/networks/sides.ts'
import { Cluster, type Destination } from './cluster.ts'
import type { Documents } from './documents.ts'
import { errandsOf, promisedErrands, withoutRepeats } from './errands.ts'
import { Sides, type WrittenSide } from './sides.ts'

/** A place in a document. */
export interface Where {
  readonly document: YamlDocument
  readonly path: Path
}

/** What an API of the topology was read from. */
export interface ApiPlaces {
  readonly instance: Where
  readonly inbound: Where | null
  /** By the names of its upstreams. */
  readonly upstreams: ReadonlyMap<string, Where>
}

export interface Drawn {
  readonly stored: Stored
  readonly apis: ReadonlyMap<string, ApiPlaces>
  /** Where everything runs, whichever NetworkPolicies there are. */
  readonly placed: PlacedInCluster
  readonly policies: readonly Placed<NetworkPolicy>[]
  /** What is missing or cannot be judged, and prevents nothing. */
  readonly notes: readonly FlexFault[]
  readonly unreadable: readonly FlexFault[]
}

export interface Assumed {
  readonly environment: EnvironmentKind
}

/**
 * The topology that documents describe. A namespace is a network of the organisation with one gateway, and somebody
 * there calls every API: documents do not say more of consumers.
 */
export function drawTopology(documents: Documents, { environment }: Assumed): Drawn {
  const register = new Register(documents.resources)
  const policies = register.of('NetworkPolicy')
  const cluster = new Cluster({ ...documents, policies: policies.map(rulesOf) })
  const reader = new ApiReader(register, cluster)
  const read = register.of('ApiInstance').flatMap((instance) => reader.read(instance) ?? [])
  const views = read.map(({ view }) => view)
  const namespaces = [...new Set(read.map(({ view }) => view.gatewayId))]
  const parties = [...namespaces.map(clientsOf), ...providersOf(read)]
  const sets = namespaces.map((one) => setOf(one, read, policies, cluster))
  const stored: Stored = {
    networks: [...new Set(parties.map(({ networkId }) => networkId))].map(networkOf),
    parties,
    gateways: namespaces.map((namespace) => gatewayOf(namespace, read, environment)),
    apis: views,
    flows: views.map(({ id, gatewayId }) => ({
      id: `clients to ${id}`,
      consumerId: clientsOf(gatewayId).id,
      apiId: id,
    })),
    contexts: [],
    authorities: [],
    certificates: [],
    watch: usualWatch,
    networkPolicies: policies.length === 0 ? [] : sets,
    observed: null,
    acceptances: [],
    arrangement: {},
  }
  return {
    stored,
    apis: new Map(read.map(({ view, places }) => [view.id, places])),
    placed: together(sets),
    policies,
    notes: [...register.faults, ...register.notes],
    unreadable: reader.unreadable,
  }
}

// ── what documents do not say ───────────────────────────────────────────────

function networkOf(namespace: string): Stored['networks'][number] {
  return {
    id: namespace,
    name: namespace,
    class: 'org-internal',
    location: 'cluster',
    parentId: null,
    firewall: null,
    firewallContextId: null,
    version: 1,
  }
}

function clientsOf(namespace: string): PartyView {
  const name = `anybody in ${namespace}`
  const id = `clients:${namespace}`
  return {
    id,
    name,
    kind: 'consumer',
    owner: 'organisation',
    team: null,
    networkId: namespace,
    identities: [],
    version: 1,
  }
}

function gatewayOf(
  namespace: string,
  read: readonly ReadApi[],
  environmentKind: EnvironmentKind,
): GatewayView {
  const listeners = new Map(
    read
      .filter(({ view }) => view.gatewayId === namespace)
      .map(({ address: { protocol, listener } }) => {
        const id = listenerName({ protocol, listener })
        return [id, { id, protocol, ...listener }]
      }),
  )
  return {
    id: namespace,
    name: `the gateway of ${namespace}`,
    networkId: namespace,
    environment: environmentKind,
    environmentKind,
    listeners: [...listeners.values()],
    revision: 0,
    nodes: { total: 0, online: 0, degraded: 0, current: 0, failedHandshakesPerSecond: null },
    version: 1,
  }
}

function listenerName({ protocol, listener }: Pick<Address, 'protocol' | 'listener'>): string {
  return `${protocol} ${listener.address}:${listener.port}`
}

/** Whoever runs in the cluster is the organisation's; who runs elsewhere is not written down. */
function providersOf(read: readonly ReadApi[]): PartyView[] {
  const byId = new Map<string, PartyView>()
  for (const { view, ends } of read) {
    const [first] = ends
    if (view.providerId === null || first?.destination.place.kind !== 'pod') continue
    const { namespace } = first.destination.place
    const party = { id: view.providerId, name: first.host, networkId: namespace, version: 1 }
    byId.set(party.id, { ...party, kind: 'provider', owner: 'organisation', team: null, identities: [] })
  }
  return [...byId.values()]
}

// ── APIs ────────────────────────────────────────────────────────────────────

/** One address of an upstream. */
interface End {
  readonly url: string
  readonly host: string
  readonly destination: Destination
}

interface ReadApi {
  readonly view: ApiView
  readonly places: ApiPlaces
  readonly address: Address
  readonly ends: readonly End[]
  readonly errands: readonly Errand[]
}

/** An upstream of an instance, wherever it is written. */
interface WrittenReach {
  readonly name: string
  readonly reach: Reach
  readonly document: YamlDocument
  readonly path: Path
  readonly namespace: string
}

class ApiReader {
  readonly #register: Register
  readonly #cluster: Cluster
  readonly #bindings: Bindings
  readonly #sides: Sides

  constructor(register: Register, cluster: Cluster) {
    this.#register = register
    this.#cluster = cluster
    this.#bindings = new Bindings(register)
    // Keys of clients are none of a check's business, so that nothing is hashed.
    this.#sides = new Sides(register, new Secrets(register, () => ''))
  }

  get unreadable(): readonly FlexFault[] {
    return this.#sides.unreadable
  }

  /** Undefined where its address is none, which is then said. */
  read(instance: Placed<ApiInstance>): ReadApi | undefined {
    const { metadata, spec } = instance.resource
    const address = addressOf(spec.address)
    if (typeof address === 'string') {
      this.#sides.unreadable.push(instance.document.fault(['spec', 'address'], address))
      return undefined
    }
    const attachments = [...inlineAttachments(instance, this.#register), ...this.#bindings.of(instance)]
    const inbound = this.#inbound(instance, address, attachments)
    const watching = attachments.find(({ kind }) => kind === 'tls-certificate-monitoring')
    const upstreams = this.#reachesOf(instance, attachments).map((reach, index) =>
      this.#upstream(reach, index === 0 ? mainUpstream : reach.name, attachments),
    )
    const ends = upstreams.flatMap((one) => one.ends)
    const isInside = ends.length > 0 && ends.every(({ destination }) => destination.place.kind === 'pod')
    const { namespace, name } = metadata
    const id = `${namespace}/${name}`
    const view: ApiView = {
      id,
      apiId: id,
      name,
      label: '',
      gatewayId: namespace,
      providerId: isInside ? `provider:${namespace}/${ends[0]?.host ?? ''}` : null,
      host: address.host,
      basePath: address.basePath,
      listenerIds: [listenerName(address)],
      upstreamUrl: ends[0]?.url ?? '',
      inbound: inbound?.side ?? null,
      upstreams: upstreams.map(({ name: called, ends: all, outbound }) => ({
        name: called,
        urls: all.map(({ url }) => url),
        outbound: outbound?.side ?? null,
      })),
      watch: watching ? this.#sides.watch(watching) : null,
      enabled: true,
      version: 1,
      deployment: 'not-deployed',
      traffic: null,
      failedHandshakes: null,
    }
    return {
      view,
      address,
      ends,
      errands: errandsOf(id, attachments, this.#cluster, namespace),
      places: {
        instance: { document: instance.document, path: ['spec', 'address'] },
        inbound,
        upstreams: new Map(upstreams.map((one) => [one.name, one.outbound ?? one.at])),
      },
    }
  }

  #upstream(reach: WrittenReach, name: string, attachments: readonly Attachment[]) {
    const { document, path } = reach
    const outbound = this.#outbound(reach, attachments)
    return { name, ends: this.#ends(reach), outbound, at: { document, path: [...path, 'address'] } }
  }

  #inbound(
    instance: Placed<ApiInstance>,
    { protocol }: Address,
    attachments: readonly Attachment[],
  ): WrittenSide<InboundSide> | null {
    if (protocol === 'http') return null
    const { namespace } = instance.resource.metadata
    const at = { document: instance.document, path: ['spec', 'tls'], namespace }
    const { tls } = instance.resource.spec
    if (tls) return this.#sides.ofInstance(tls, at)
    const policy = attachments.find(({ kind }) => kind === 'tls')
    if (policy) return this.#sides.ofPolicy({ ...policy, kind: 'tls' })
    // Whoever says nothing of TLS at an https address asks clients for nothing: it must agree with its neighbours.
    const config = { certificate: anyCertificate }
    const side = inboundSideOf([{ kind: 'tls', enabled: true, config, upstreams: [] }])
    return side && { side, document: instance.document, path: ['spec', 'address'] }
  }

  #outbound(reach: WrittenReach, attachments: readonly Attachment[]): WrittenSide<OutboundSide> | null {
    const { document, path, namespace, name } = reach
    const tls: ServiceTls | undefined = reach.reach.tls
    if (tls) return this.#sides.ofService(tls, { document, path: [...path, 'tls'], namespace })
    const policy = attachments.find(
      ({ kind, service }) => kind === 'tls-outbound' && (service === undefined || service === name),
    )
    return policy ? this.#sides.ofPolicy({ ...policy, kind: 'tls-outbound' }) : null
  }

  /** Its own services, and the Services that its policies route to. */
  #reachesOf(
    { resource, document }: Placed<ApiInstance>,
    attachments: readonly Attachment[],
  ): WrittenReach[] {
    const { spec, metadata } = resource
    const own = Object.entries(spec.services ?? {}).map(([name, reach]) => ({
      name,
      reach,
      document,
      path: ['spec', 'services', name],
      namespace: metadata.namespace,
    }))
    const named = attachments.flatMap(({ config, namespace }) =>
      [
        ...(weightedConfig.safeParse(config).data?.routes.map((route) => route.destinationRef) ?? []),
        ...[routeConfig.safeParse(config).data?.destinationRef ?? []].flat(),
      ].map((ref) => ({ name: ref.name, namespace: ref.namespace ?? namespace })),
    )
    const services = named.flatMap(({ name, namespace }): WrittenReach[] => {
      const service = this.#register.find('Service', namespace, name)
      if (!service) return []
      return [{ name, reach: service.resource.spec, document: service.document, path: ['spec'], namespace }]
    })
    const byPlace = new Map([...own, ...services].map((one) => [`${one.namespace}/${one.name}`, one]))
    return [...byPlace.values()]
  }

  #ends({ reach, path, namespace }: WrittenReach): End[] {
    return endpointsOf(reach, path).flatMap(({ url }) => {
      const parsed = URL.parse(url)
      if (!parsed) return []
      return [{ url, host: parsed.hostname, destination: this.#cluster.reached(parsed, namespace) }]
    })
  }
}

const anyCertificate = { crt: '-----BEGIN CERTIFICATE-----', key: '-----BEGIN PRIVATE KEY-----' }

// ── NetworkPolicies ─────────────────────────────────────────────────────────

export function rulesOf({ resource: { metadata, spec } }: Placed<NetworkPolicy>) {
  return { namespace: metadata.namespace, name: metadata.name, spec }
}

export function appliedOf(placed: Placed<NetworkPolicy>) {
  return { ...rulesOf(placed), comment: placed.document.comment }
}

function setOf(
  namespace: string,
  read: readonly ReadApi[],
  policies: readonly Placed<NetworkPolicy>[],
  cluster: Cluster,
): NetworkPolicySet {
  const here = read.filter(({ view }) => view.gatewayId === namespace)
  const pod = cluster.gateway(namespace)
  const errands = [
    ...dnsErrands(),
    ...here.flatMap((one) => one.errands),
    ...promisedErrands(policies.map(appliedOf), pod),
  ]
  const upstreams = here.flatMap(({ view, ends }) =>
    ends.map(({ destination: { place, port } }) => ({ apiId: view.id, place, port })),
  )
  return {
    id: namespace,
    name: `the NetworkPolicy set of ${namespace}`,
    policies: policies.map(rulesOf),
    gateways: [{ gatewayId: namespace, pod, errands: withoutRepeats(errands) }],
    upstreams,
    consumers: [],
  }
}

function together(sets: readonly NetworkPolicySet[]): PlacedInCluster {
  return {
    id: 'all',
    name: 'the NetworkPolicies',
    gateways: sets.flatMap(({ gateways }) => gateways),
    upstreams: sets.flatMap(({ upstreams }) => upstreams),
    consumers: sets.flatMap(({ consumers }) => consumers),
  }
}
