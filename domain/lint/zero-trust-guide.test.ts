import { describe, expect, it } from 'vitest'
import { dnsErrands, type NetworkPolicyRules, type Pod } from '../network-policy.ts'
import type { Stored } from '../stored.ts'
import { outbound } from '../testing/certificates.ts'
import { ordersApi, sound } from '../testing/sound.ts'
import { https } from '../testing/stored.ts'
import { judged } from './testing/findings.ts'
import { denyAll, edgePod } from './testing/network-policies.ts'

describe('the zero-trust guide, taken literally', () => {
  const flex: Pod = { ...edgePod, labels: { app: 'flex-gateway' } }
  const backend: Pod = { ...edgePod, labels: { app: 'backend-service' } }
  const rules = (name: string, spec: NetworkPolicyRules['spec']) => ({ namespace: 'production', name, spec })
  const onBackend = [{ port: 8443, protocol: 'TCP' as const }]
  const policies = [
    denyAll,
    rules('allow-flex-to-backend', {
      podSelector: { matchLabels: { app: 'backend-service' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'flex-gateway' } } }], ports: onBackend }],
    }),
    rules('allow-flex-egress', {
      podSelector: { matchLabels: { app: 'flex-gateway' } },
      policyTypes: ['Egress'],
      egress: [
        { to: [{ podSelector: { matchLabels: { app: 'backend-service' } } }], ports: onBackend },
        { to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] },
      ],
    }),
  ]
  const suites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']
  const port8443 = { ...https, port: 8443 }
  const guide: Stored = {
    ...sound,
    flows: [],
    gateways: sound.gateways.map((each) => ({ ...each, name: 'flex', listeners: [port8443] })),
    apis: [
      ordersApi({ id: 'orders-api', name: 'orders-api', basePath: '/' }),
      ordersApi({
        id: 'orders-api-outbound',
        name: 'orders-api-outbound',
        basePath: '/',
        inbound: null,
        outbound: outbound({ contextId: 'White', ciphers: suites }),
      }),
    ],
    networkPolicies: [
      {
        id: 'production',
        name: 'the policies of production',
        policies,
        gateways: [
          {
            gatewayId: 'edge',
            pod: flex,
            errands: [
              ...dnsErrands(),
              {
                name: 'JWKS',
                place: { kind: 'address', address: null },
                protocol: 'TCP',
                port: 443,
                apiIds: null,
              },
            ],
          },
        ],
        upstreams: [{ apiId: 'orders-api-outbound', place: backend, port: 8443 }],
        consumers: [],
      },
    ],
  }

  it('has its five faults, by name', () => {
    expect(judged(guide).map(({ why }) => why)).toEqual([
      'orders-api 1.0 and orders-api-outbound 1.0 share port 8443 of flex and answer at the same base path /.',
      expect.stringContaining('keeps flex from DNS over TCP on TCP port 53'),
      expect.stringContaining('keeps flex from JWKS on TCP port 443'),
      expect.stringContaining('lets anybody reach flex on TCP port 8443'),
      expect.stringContaining('names suites of TLS 1.3 alone, so the lower minimum has no effect'),
    ])
  })
})
