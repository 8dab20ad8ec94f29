import { type DeclaredConnection, declaredConnections, type Declaring } from './declared-connections.ts'
import { ascending, listed } from './listing.ts'
import {
  type NetworkPolicyRules,
  type NetworkPolicySet,
  passage,
  selectingPolicies,
} from './network-policy.ts'

/** A set that is applied, beside the one that lets through what is declared and nothing else. */

export const policyStandings = ['same', 'differs', 'only-applied', 'only-generated'] as const

export interface ComparedPolicy {
  readonly namespace: string
  readonly name: string
  readonly standing: (typeof policyStandings)[number]
}

/** Policy by policy, by their names. */
export function comparePolicies(
  applied: readonly NetworkPolicyRules[],
  generated: readonly NetworkPolicyRules[],
): ComparedPolicy[] {
  const keyOf = ({ namespace, name }: NetworkPolicyRules) => `${namespace}/${name}`
  const has = new Map(applied.map((one) => [keyOf(one), one]))
  const wants = new Map(generated.map((one) => [keyOf(one), one]))
  return [...new Set([...has.keys(), ...wants.keys()])]
    .toSorted(ascending)
    .flatMap((key): ComparedPolicy[] => {
      const [mine, wanted] = [has.get(key), wants.get(key)]
      const one = mine ?? wanted
      if (!one) return []
      const { namespace, name } = one
      if (!wanted) return [{ namespace, name, standing: 'only-applied' }]
      if (!mine) return [{ namespace, name, standing: 'only-generated' }]
      return [
        { namespace, name, standing: canonical(mine.spec) === canonical(wanted.spec) ? 'same' : 'differs' },
      ]
    })
}

// Members in any order say the same; the order of rules is the author's, and a difference to the eye.
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => ascending(a, b)))
      : one,
  )
}

type Direction = 'egress' | 'ingress'

export interface Excess {
  /** Null where no policy selects the pods. */
  readonly policy: string | null
  readonly direction: Direction
  readonly text: string
}

/** What a set lets a gateway do, or others with it, that nothing declared needs. */
export function excessOf(set: NetworkPolicySet, declaring: Declaring): Excess[] {
  const declared = declaredConnections(set, declaring)
  return set.gateways.flatMap(({ gatewayId, pod }) =>
    (['ingress', 'egress'] as const).flatMap((direction): Excess[] => {
      const selecting = selectingPolicies(direction, pod, set.policies)
      if (selecting.length === 0) return [{ policy: null, direction, text: unguarded[direction] }]
      const own = declared.filter((one) => one.gatewayId === gatewayId && isOf(one, direction))
      return selecting.flatMap((policy) => excessIn(policy, direction, own))
    }),
  )
}

const unguarded: Record<Direction, string> = {
  ingress: 'No policy selects the pods of the gateway for ingress, so anybody may connect to every port.',
  egress: 'No policy selects the pods of the gateway for egress, so they may connect to anywhere.',
}

function isOf({ of }: DeclaredConnection, direction: Direction): boolean {
  return (of.kind === 'client') === (direction === 'ingress')
}

type Rule = NonNullable<NetworkPolicyRules['spec']['egress' | 'ingress']>[number]

function excessIn(
  policy: NetworkPolicyRules,
  direction: Direction,
  declared: readonly DeclaredConnection[],
): Excess[] {
  const rules: readonly Rule[] = policy.spec[direction] ?? []
  return rules.flatMap((rule): Excess[] => {
    const what = `${policy.name} ${direction === 'egress' ? 'lets the gateway out to' : 'lets in'} ${ruleText(rule)}`
    if (peersIn(rule).length === 0 && (rule.ports ?? []).length === 0)
      return [{ policy: policy.name, direction, text: `${what}: everything.` }]
    const alone = { ...policy, spec: specOf(rule, direction) }
    const isNeeded = declared.some((one) => passage(one, [alone]).passes)
    return isNeeded
      ? []
      : [{ policy: policy.name, direction, text: `${what}, which nothing that is declared needs.` }]
  })
}

function specOf(rule: Rule, direction: Direction): NetworkPolicyRules['spec'] {
  return direction === 'egress'
    ? { podSelector: {}, policyTypes: ['Egress'], egress: [rule] }
    : { podSelector: {}, policyTypes: ['Ingress'], ingress: [rule] }
}

type Peer = NonNullable<NonNullable<NetworkPolicyRules['spec']['egress']>[number]['to']>[number]

function peersIn(rule: Rule): readonly Peer[] {
  return ('to' in rule ? rule.to : 'from' in rule ? rule.from : undefined) ?? []
}

function ruleText(rule: Rule): string {
  const peers = peersIn(rule).map(peerText)
  const ports = (rule.ports ?? []).map(({ protocol, port, endPort }) =>
    [protocol, port, endPort === undefined ? undefined : `to ${endPort}`]
      .filter((part) => part !== undefined)
      .join(' '),
  )
  const who = peers.length === 0 ? 'anybody' : listed(peers)
  return ports.length === 0 ? `${who} on all ports` : `${who} on ${listed(ports)}`
}

function peerText({ ipBlock, podSelector, namespaceSelector }: Peer): string {
  if (ipBlock) return `${ipBlock.cidr}${(ipBlock.except?.length ?? 0) > 0 ? ' with exceptions' : ''}`
  const pods = podSelector ? selectorText('pods', podSelector) : 'all pods'
  return namespaceSelector ? `${pods} in ${selectorText('namespaces', namespaceSelector)}` : pods
}

type Selector = NonNullable<Peer['podSelector']>

function selectorText(what: string, { matchLabels = {}, matchExpressions = [] }: Selector): string {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => [key, operator, ...values].join(' ')),
  ]
  return parts.length === 0 ? `all ${what}` : `${what} with ${parts.join(', ')}`
}
