import { dnsErrands, type NetworkPolicyRules, type Pod } from '../../network-policy.ts'
import type { Stored } from '../../stored.ts'
import { sound } from '../../testing/sound.ts'

export const edgePod: Pod = {
  kind: 'pod',
  namespace: 'production',
  namespaceLabels: {},
  labels: { app: 'edge' },
  portNames: {},
}
export const denyAll: NetworkPolicyRules = {
  namespace: 'production',
  name: 'default-deny-all',
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
}
export const edgeEgress = (
  ...egress: NonNullable<NetworkPolicyRules['spec']['egress']>
): NetworkPolicyRules => ({
  namespace: 'production',
  name: 'edge-egress',
  spec: { podSelector: { matchLabels: { app: 'edge' } }, policyTypes: ['Egress'], egress },
})
export const admitAll: NetworkPolicyRules = {
  namespace: 'production',
  name: 'admit',
  spec: { podSelector: { matchLabels: { app: 'edge' } }, ingress: [{}] },
}
const upstreamPod: Pod = { ...edgePod, labels: { app: 'orders' } }
export function among(...policies: NetworkPolicyRules[]): Stored {
  const jwks = {
    name: 'JWKS of idp.example',
    place: { kind: 'address', address: null },
    protocol: 'TCP',
    port: 443,
    apiIds: ['Orders'],
  } as const
  const set = {
    id: 'production',
    name: 'the policies of production',
    policies,
    gateways: [{ gatewayId: 'edge', pod: edgePod, errands: [...dnsErrands(), jwks] }],
    upstreams: [{ apiId: 'Orders', place: upstreamPod, port: 8443 }],
    consumers: [],
  }
  return { ...sound, networkPolicies: [set] }
}
export const toUpstream = {
  to: [{ podSelector: { matchLabels: { app: 'orders' } } }],
  ports: [{ protocol: 'TCP', port: 8443 } as const],
}
export const toNames = (...protocols: ('TCP' | 'UDP')[]) => ({
  to: [{ namespaceSelector: {} }],
  ports: protocols.map((protocol) => ({ protocol, port: 53 })),
})
export const toKeys = {
  to: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
  ports: [{ protocol: 'TCP', port: 443 } as const],
}
export const ordersLetsIn: NetworkPolicyRules = {
  namespace: 'production',
  name: 'orders-lets-in',
  spec: { podSelector: { matchLabels: { app: 'orders' } }, ingress: [{}] },
}
