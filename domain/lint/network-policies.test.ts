import { describe, expect, it } from 'vitest'
import { clusterDns, type NetworkPolicyRules, type Pod } from '../network-policy.ts'
import { judged } from './testing/findings.ts'
import { admitAll, among, denyAll, edgeEgress, edgePod, ordersLetsIn } from './testing/network-policies.ts'

describe('NetworkPolicies', () => {
  it('are judged by where consumers stand, as far as that is known', () => {
    const shopPod: Pod = { ...edgePod, namespace: 'shops', labels: { app: 'shop' } }
    const outside = { kind: 'address', address: '203.0.113.9' } as const
    const admitShops: NetworkPolicyRules = {
      ...admitAll,
      spec: {
        ...admitAll.spec,
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shops' } } }] },
        ],
      },
    }
    const stored = among(denyAll, admitShops, ordersLetsIn, edgeEgress({}))
    const [set] = stored.networkPolicies
    if (!set) throw new Error('no set')
    const consumers = [
      { partyId: 'Shop', place: shopPod },
      { partyId: 'Partner', place: outside },
    ]
    expect(judged({ ...stored, networkPolicies: [{ ...set, consumers }] })).toMatchObject([
      {
        code: 'netpol.no-ingress-to-gateway',
        flowIds: ['Partner to Orders'],
        why: expect.stringContaining('lets Partner reach edge'),
      },
    ])
  })

  it('that are not applied to the gateway stop nothing', () => {
    expect(judged(among())).toEqual([])
    expect(judged(among({ ...denyAll, namespace: 'elsewhere' }))).toEqual([])
    expect(clusterDns.namespace).toBe('kube-system')
  })
})
