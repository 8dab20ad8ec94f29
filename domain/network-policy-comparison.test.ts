import { describe, expect, it } from 'vitest'
import { declaringOf } from './declared-connections.ts'
import { comparePolicies, excessOf } from './network-policy-comparison.ts'
import { dnsErrands, networkPolicySpec, type NetworkPolicyRules, type Pod } from './network-policy.ts'
import { api, gateway, nothingStored } from './testing/stored.ts'

const pod: Pod = {
  kind: 'pod',
  namespace: 'shop',
  namespaceLabels: {},
  labels: { app: 'edge' },
  portNames: {},
}
const stock: Pod = { ...pod, labels: { app: 'stock' } }
const policy = (name: string, spec: object): NetworkPolicyRules => ({
  ...{ namespace: 'shop', name },
  spec: networkPolicySpec.parse({ podSelector: {}, ...spec }),
})
const tcp = (port: number) => ({ protocol: 'TCP', port })

function excess(policies: readonly NetworkPolicyRules[]): string[] {
  const stored = { ...nothingStored, gateways: [gateway('edge')], apis: [api('orders')] }
  const set = {
    ...{ id: 'edge', name: 'the set', policies, consumers: [] },
    gateways: [{ gatewayId: 'edge', pod, errands: dnsErrands() }],
    upstreams: [{ apiId: 'orders', place: stock, port: 8443 }],
  }
  return excessOf(set, declaringOf(stored)).map(({ policy: name, text }) => `${name}: ${text}`)
}

describe('what applied policies let through and nothing declared needs', () => {
  it('is everything, where no policy selects the pods of the gateway', () => {
    expect(excess([policy('others', { podSelector: { matchLabels: { app: 'stock' } } })])).toEqual([
      'null: No policy selects the pods of the gateway for ingress, so anybody may connect to every port.',
      'null: No policy selects the pods of the gateway for egress, so they may connect to anywhere.',
    ])
  })

  it('is nothing, where each rule lets through something that is declared', () => {
    const deny = policy('deny', { policyTypes: ['Ingress', 'Egress'] })
    const toStock = { to: [{ podSelector: { matchLabels: { app: 'stock' } } }], ports: [tcp(8443)] }
    const names = { to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }
    const allow = policy('allow', { ingress: [{ ports: [tcp(80)] }], egress: [toStock, names] })
    expect(excess([deny, allow])).toEqual([])
  })

  it('is told rule by rule, in words', () => {
    const block = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }
    const expressions = { matchExpressions: [{ key: 'tier', operator: 'In', values: ['db'] }] }
    const wide = policy('wide', {
      ingress: [{}],
      egress: [
        { to: [block, { podSelector: expressions }], ports: [tcp(5432), { port: 6000, endPort: 6010 }] },
        { to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'ftp' } } }] },
      ],
    })
    expect(excess([wide])).toEqual([
      'wide: wide lets in anybody on all ports: everything.',
      'wide: wide lets the gateway out to 10.0.0.0/8 with exceptions and pods with tier In db on TCP 5432 and TCP 6000 to 6010, which nothing that is declared needs.',
      'wide: wide lets the gateway out to pods with app=ftp in all namespaces on all ports, which nothing that is declared needs.',
    ])
  })
})

describe('applied policies beside generated ones', () => {
  it('are the same, differ, or are in one set alone', () => {
    const one = policy('deny', { policyTypes: ['Ingress'] })
    const sameOtherwise: NetworkPolicyRules = {
      ...one,
      spec: { policyTypes: ['Ingress'], podSelector: {} },
    }
    const compared = comparePolicies(
      [one, policy('a', { policyTypes: ['Ingress'] }), policy('mine', {})],
      [sameOtherwise, policy('a', { policyTypes: ['Egress'] }), policy('theirs', {})],
    )
    expect(compared.map(({ name, standing }) => `${name} ${standing}`)).toEqual([
      'a differs',
      'deny same',
      'mine only-applied',
      'theirs only-generated',
    ])
  })
})
