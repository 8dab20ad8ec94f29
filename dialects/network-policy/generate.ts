import { stringify } from 'yaml'
import {
  type Declaring,
  type DeclaredConnection,
  declaredConnections,
  type PlacedInCluster,
} from '#domain/declared-connections.ts'
import { ascending } from '#domain/listing.ts'
import {
  type Connection,
  type NetworkPolicyRules,
  type Place,
  type Pod,
  passage,
} from '#domain/network-policy.ts'
import type { NetworkPolicy } from './resources.ts'

/**
 * NetworkPolicies that let through what a topology declares and nothing else: in the namespaces of its gateways
 * everything is denied, and then exactly that is allowed. The same topology gives the same documents.
 */
export function networkPoliciesFor(set: PlacedInCluster, declaring: Declaring): NetworkPolicy[] {
  const namespaces = [...new Set(set.gateways.map(({ pod }) => pod.namespace))].toSorted(ascending)
  const grants = declaredConnections(set, declaring).flatMap((one) => grantsFor(one, new Set(namespaces)))
  const needed = withoutCovered(grants)
  return namespaces.flatMap((namespace) => [
    denyAll(namespace),
    ...allowing(needed.filter(({ pod }) => pod.namespace === namespace)),
  ])
}

/** As one file. */
export function writeNetworkPolicies(policies: readonly NetworkPolicy[]): string {
  return policies.map((policy) => stringify(policy, { aliasDuplicateObjects: false })).join('---\n')
}

// ── what is to be granted ───────────────────────────────────────────────────

type Direction = 'egress' | 'ingress'

/** One pod may have one kind of connection with a place. */
interface Grant {
  readonly direction: Direction
  readonly pod: Pod
  /** Names are looked up by all pods of a namespace, since none could reach another without. */
  readonly isForAll: boolean
  readonly far: Place
  readonly connection: Connection
}

const dnsPort = 53

function grantsFor(connection: DeclaredConnection, denied: ReadonlySet<string>): Grant[] {
  const { from, to, port, of } = connection
  const isDenied = (place: Place): place is Pod => place.kind === 'pod' && denied.has(place.namespace)
  const isForAll = of.kind === 'errand' && port === dnsPort
  return [
    ...(isDenied(from) ? [{ direction: 'egress' as const, pod: from, isForAll, far: to, connection }] : []),
    ...(isDenied(to)
      ? [{ direction: 'ingress' as const, pod: to, isForAll: false, far: from, connection }]
      : []),
  ]
}

/** The broadest first, each that none before it covers: so none could be left out. */
function withoutCovered(grants: readonly Grant[]): Grant[] {
  const alike = ({ direction, pod, connection: { protocol, port } }: Grant) =>
    `${direction} ${pod.namespace} ${protocol} ${port}`
  return [...Map.groupBy(grants, alike).values()].flatMap((group) => {
    const distinct = new Map(group.map((grant) => [`${grant.isForAll} ${keyOf(grant)}`, grant]))
    const kept: { grant: Grant; rules: NetworkPolicyRules[] }[] = []
    const inOrder = [...distinct].toSorted(
      ([a, one], [b, other]) => narrowness(one) - narrowness(other) || ascending(a, b),
    )
    for (const [, grant] of inOrder)
      if (!kept.some(({ rules }) => passage(grant.connection, rules).passes))
        kept.push({ grant, rules: onlyBy(grant) })
    return kept.map(({ grant }) => grant)
  })
}

/** Its own direction denied but for the grant; the other one says nothing here. */
function onlyBy(grant: Grant): NetworkPolicyRules[] {
  const { namespace } = grant.pod
  const deny = { podSelector: {}, policyTypes: [typeOf[grant.direction]] }
  const own = allowing([grant]).map(({ metadata: { name }, spec }) => ({ namespace, name, spec }))
  return [{ namespace, name: 'deny', spec: deny }, ...own]
}

function narrowness({ far, pod, isForAll }: Grant): number {
  const ofFar = { anybody: 0, address: 1, pod: 2 }[far.kind] * 1_000_000
  const isOne = far.kind === 'address' && far.address !== null ? 500_000 : 0
  const labels = far.kind === 'pod' ? Object.keys(far.labels).length : 0
  return ofFar + isOne + labels * 1_000 + (isForAll ? 0 : 1 + Object.keys(pod.labels).length)
}

function keyOf({ pod, far }: Grant): string {
  return `${podKey(pod)} ${JSON.stringify(peersFor(far, pod.namespace) ?? '')}`
}

// ── documents ───────────────────────────────────────────────────────────────

type Spec = NetworkPolicy['spec']
type Peers = NonNullable<NonNullable<Spec['egress']>[number]['to']>
type Ports = NonNullable<NonNullable<Spec['egress']>[number]['ports']>

const typeOf = { egress: 'Egress', ingress: 'Ingress' } as const

function denyAll(namespace: string): NetworkPolicy {
  return policy(namespace, 'default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
}

function policy(namespace: string, name: string, spec: Spec): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec }
}

/** A policy for each pod and direction. */
function allowing(grants: readonly Grant[]): NetworkPolicy[] {
  const byPod = Map.groupBy(grants, ({ direction, pod, isForAll }) =>
    isForAll ? `for all ${direction}` : `${podKey(pod)} ${direction}`,
  )
  const taken = new Map<string, number>()
  return [...byPod]
    .toSorted(([a], [b]) => ascending(a, b))
    .flatMap(([, all]): NetworkPolicy[] => {
      const [first] = all
      if (!first) return []
      const { direction, pod, isForAll } = first
      const wanted = isForAll ? 'allow-dns' : `allow-${nameOf(pod)}-${direction}`
      const before = taken.get(wanted) ?? 0
      taken.set(wanted, before + 1)
      const name = before === 0 ? wanted : `${wanted}-${before + 1}`
      const podSelector = isForAll ? {} : { matchLabels: sortedLabels(pod) }
      return [
        policy(pod.namespace, name, {
          podSelector,
          policyTypes: [typeOf[direction]],
          ...rules(direction, all),
        }),
      ]
    })
    .toSorted((a, b) => ascending(a.metadata.name, b.metadata.name))
}

/** A rule for each place, with all ports that are for it. */
function rules(direction: Direction, grants: readonly Grant[]): Pick<Spec, 'egress' | 'ingress'> {
  const byPlace = Map.groupBy(grants, ({ far, pod }) => JSON.stringify(peersFor(far, pod.namespace) ?? ''))
  const all = [...byPlace]
    .toSorted(([a], [b]) => ascending(a, b))
    .flatMap(([, here]) => {
      const [first] = here
      return first ? [{ peers: peersFor(first.far, first.pod.namespace), ports: portsOf(here) }] : []
    })
  return direction === 'egress'
    ? { egress: all.map(({ peers, ports }) => ({ ...(peers ? { to: peers } : {}), ports })) }
    : { ingress: all.map(({ peers, ports }) => ({ ...(peers ? { from: peers } : {}), ports })) }
}

function portsOf(grants: readonly Grant[]): Ports {
  const distinct = new Map(
    grants.map(({ connection: { protocol, port } }) => [`${protocol} ${port}`, { protocol, port }]),
  )
  return [...distinct.values()].toSorted((a, b) => a.port - b.port || ascending(a.protocol, b.protocol))
}

/** What is no part of the internet: networks of one's own, and addresses by which machines tell their secrets. */
const inside = {
  v4: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  v6: ['::1/128', 'fc00::/7', 'fe80::/10'],
}

/** Undefined for everybody. */
function peersFor(far: Place, from: string): Peers | undefined {
  if (far.kind === 'anybody') return undefined
  if (far.kind === 'pod') {
    const podSelector = { matchLabels: sortedLabels(far) }
    if (far.namespace === from) return [{ podSelector }]
    const matchLabels = { 'kubernetes.io/metadata.name': far.namespace }
    return [{ namespaceSelector: { matchLabels }, podSelector }]
  }
  if (far.address !== null)
    return [{ ipBlock: { cidr: `${far.address}/${far.address.includes(':') ? 128 : 32}` } }]
  return [
    { ipBlock: { cidr: '0.0.0.0/0', except: inside.v4 } },
    { ipBlock: { cidr: '::/0', except: inside.v6 } },
  ]
}

function sortedLabels({ labels }: Pod): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => ascending(a, b)))
}

function podKey(pod: Pod): string {
  return `${pod.namespace} ${JSON.stringify(sortedLabels(pod))}`
}

const nameLabels = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name']

function nameOf(pod: Pod): string {
  const label = nameLabels.find((one) => pod.labels[one] !== undefined)
  const text = label === undefined ? Object.values(sortedLabels(pod)).join('-') : (pod.labels[label] ?? '')
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return plain === '' ? 'pods' : plain.slice(0, 200)
}
