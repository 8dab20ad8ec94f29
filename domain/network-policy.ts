import { z } from 'zod'
import { addressIn } from './address.ts'

/**
 * Kubernetes' NetworkPolicy (networking.k8s.io/v1) as its rules see it: who may talk to whom. A pod that no policy
 * selects talks freely; one that some policy selects may do in that direction what one of them allows, and no more.
 */

const requirement = z
  .strictObject({
    key: z.string().min(1),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(z.string()).optional(),
  })
  .check(({ value, issues }) => {
    const wantsValues = value.operator === 'In' || value.operator === 'NotIn'
    const hasValues = (value.values?.length ?? 0) > 0
    if (wantsValues === hasValues) return
    const message = wantsValues ? `${value.operator} needs values` : `${value.operator} takes no values`
    issues.push({ code: 'custom', path: ['values'], message, input: value.values })
  })

const labels = z.record(z.string(), z.string())

/** An empty selector is everything. */
const selector = z.strictObject({
  matchLabels: labels.optional(),
  matchExpressions: z.array(requirement).optional(),
})

const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: () => 'must be a range such as 10.0.0.0/8' })

const peer = z
  .strictObject({
    podSelector: selector.optional(),
    namespaceSelector: selector.optional(),
    ipBlock: z.strictObject({ cidr, except: z.array(cidr).optional() }).optional(),
  })
  .check(({ value, issues }) => {
    const { ipBlock, ...selectors } = value
    const hasSelector = Object.values(selectors).some((one) => one !== undefined)
    if ((ipBlock === undefined) !== hasSelector)
      issues.push({
        code: 'custom',
        path: [],
        message: 'must be an ipBlock, or a podSelector and namespaceSelector',
        input: value,
      })
  })

const protocols = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof protocols)[number]

const port = z
  .strictObject({
    protocol: z.enum(protocols).default('TCP'),
    port: z
      .union([z.int().min(1).max(65_535), z.string().regex(/^(?=.*[a-z])[a-z0-9-]{1,15}$/)], {
        error: () => "must be a number from 1 to 65535 or a port's name",
      })
      .optional(),
    endPort: z.int().min(1).max(65_535).optional(),
  })
  .refine((one) => one.endPort === undefined || (typeof one.port === 'number' && one.port <= one.endPort), {
    path: ['endPort'],
    message: 'needs a port that is a number and not above it',
  })

const ports = z.array(port).optional()

export const networkPolicySpec = z.strictObject({
  podSelector: selector.default({}),
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])).optional(),
  ingress: z.array(z.strictObject({ from: z.array(peer).optional(), ports })).optional(),
  egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports })).optional(),
})

type Spec = z.infer<typeof networkPolicySpec>
type Selector = z.infer<typeof selector>
type Peer = z.infer<typeof peer>
type PortRule = z.infer<typeof port>
type Labels = Readonly<Record<string, string>>

export interface NetworkPolicyRules {
  readonly namespace: string
  readonly name: string
  readonly spec: Spec
}

// ── places ──────────────────────────────────────────────────────────────────

export interface Pod {
  readonly kind: 'pod'
  readonly namespace: string
  readonly namespaceLabels: Labels
  readonly labels: Labels
  /** What its ports are called, as far as that is known. */
  readonly portNames: Readonly<Record<string, { readonly protocol: Protocol; readonly port: number }>>
}

export type Place =
  | Pod
  /** Outside the cluster; null is somewhere on the internet. */
  | { readonly kind: 'address'; readonly address: string | null }
  /** Somebody, wherever: what lets anybody at all through lets this through. */
  | { readonly kind: 'anybody' }

/** The name server of a cluster, as it is set up nearly everywhere. */
export const clusterDns: Pod = {
  kind: 'pod',
  namespace: 'kube-system',
  namespaceLabels: {},
  labels: { 'k8s-app': 'kube-dns' },
  portNames: { dns: { protocol: 'UDP', port: 53 }, 'dns-tcp': { protocol: 'TCP', port: 53 } },
}

// ── evaluation ──────────────────────────────────────────────────────────────

export interface Connection {
  readonly from: Place
  readonly to: Place
  readonly protocol: Protocol
  readonly port: number
}

export type Passage =
  | { readonly passes: true }
  /** The direction that stops it, and the policies that select the pod there and do not allow it. */
  | { readonly passes: false; readonly direction: 'egress' | 'ingress'; readonly policies: readonly string[] }

/** Whether a connection is let out where it begins and let in where it ends. */
export function passage(connection: Connection, policies: readonly NetworkPolicyRules[]): Passage {
  const { from, to } = connection
  const out = from.kind === 'pod' ? allowed('egress', from, to, connection, policies) : null
  if (out) return { passes: false, direction: 'egress', policies: out }
  const inside = to.kind === 'pod' ? allowed('ingress', to, from, connection, policies) : null
  return inside ? { passes: false, direction: 'ingress', policies: inside } : { passes: true }
}

/** Null when it is allowed, else the policies that stand in its way. */
function allowed(
  direction: 'egress' | 'ingress',
  pod: Pod,
  far: Place,
  connection: Connection,
  policies: readonly NetworkPolicyRules[],
): string[] | null {
  const selecting = selectingPolicies(direction, pod, policies)
  if (selecting.length === 0) return null
  const passes = selecting.some(({ namespace, spec }) => {
    const rules = (direction === 'egress' ? spec.egress : spec.ingress) ?? []
    return rules.some((rule) => {
      const peers = 'to' in rule ? rule.to : 'from' in rule ? rule.from : undefined
      return isAmong(far, peers, namespace) && isOnPorts(connection, rule.ports)
    })
  })
  return passes ? null : selecting.map(({ name }) => name)
}

/** The policies that a pod is under in a direction. */
export function selectingPolicies<T extends NetworkPolicyRules>(
  direction: 'egress' | 'ingress',
  pod: Pod,
  policies: readonly T[],
): T[] {
  return policies.filter(
    ({ namespace, spec }) =>
      namespace === pod.namespace &&
      directionsOf(spec).has(direction) &&
      selects(spec.podSelector, pod.labels),
  )
}

// Without policyTypes a policy is for ingress, and for egress too when it has such rules.
function directionsOf({ policyTypes, egress }: Spec): ReadonlySet<'egress' | 'ingress'> {
  if (!policyTypes) return new Set(egress ? ['ingress', 'egress'] : ['ingress'])
  return new Set(policyTypes.map((type) => (type === 'Ingress' ? 'ingress' : 'egress')))
}

// No peers at all are all of them.
function isAmong(place: Place, peers: readonly Peer[] | undefined, namespace: string): boolean {
  if (!peers || peers.length === 0 || place.kind === 'anybody') return true
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (place.kind === 'address') return ipBlock !== undefined && isInBlock(place.address, ipBlock)
    if (ipBlock || place.kind !== 'pod') return false
    const isThere = namespaceSelector
      ? selects(namespaceSelector, namespaceLabelsOf(place))
      : place.namespace === namespace
    return isThere && (!podSelector || selects(podSelector, place.labels))
  })
}

// Every namespace has its own name as a label.
function namespaceLabelsOf({ namespace, namespaceLabels }: Pod): Labels {
  return { ...namespaceLabels, 'kubernetes.io/metadata.name': namespace }
}

// Of somewhere on the internet only a range that leaves no public address out can be said to hold it.
function isInBlock(
  address: string | null,
  { cidr: range, except = [] }: NonNullable<Peer['ipBlock']>,
): boolean {
  if (address === null) return range.endsWith('/0')
  return addressIn(address, range) && !except.some((hole) => addressIn(address, hole))
}

// A name that nobody can resolve allows nothing.
function isOnPorts(
  { protocol, port: wanted, to }: Connection,
  rules: readonly PortRule[] | undefined,
): boolean {
  if (!rules || rules.length === 0) return true
  return rules.some((rule) => {
    if (rule.protocol !== protocol) return false
    if (rule.port === undefined) return true
    if (typeof rule.port === 'number') return wanted >= rule.port && wanted <= (rule.endPort ?? rule.port)
    const named = to.kind === 'pod' ? to.portNames[rule.port] : undefined
    return named?.protocol === protocol && named.port === wanted
  })
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, of: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(of, key) && of[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = Object.hasOwn(of, key) ? of[key] : undefined
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
      }
    })
  )
}

// ── a set of them, beside the topology ──────────────────────────────────────

/** What a gateway must reach besides its upstreams. */
export interface Errand {
  /** `JWKS of idp.example`, `DNS`. */
  readonly name: string
  readonly place: Place
  readonly protocol: Protocol
  readonly port: number
  /** The APIs that need it; null for all of the gateway. */
  readonly apiIds: readonly string[] | null
}

/** The policies that are applied together, and where the things of the topology run among them. */
export interface NetworkPolicySet {
  readonly id: string
  readonly name: string
  readonly policies: readonly NetworkPolicyRules[]
  readonly gateways: readonly {
    readonly gatewayId: string
    readonly pod: Pod
    readonly errands: readonly Errand[]
  }[]
  readonly upstreams: readonly { readonly apiId: string; readonly place: Place; readonly port: number }[]
  readonly consumers: readonly { readonly partyId: string; readonly place: Place }[]
}

/** Names are looked up over UDP, and over TCP where an answer is too long for that (RFC 7766). */
export function dnsErrands(place: Place = clusterDns): Errand[] {
  return (['UDP', 'TCP'] as const).map((protocol) => ({
    name: `DNS over ${protocol}`,
    place,
    protocol,
    port: 53,
    apiIds: null,
  }))
}
