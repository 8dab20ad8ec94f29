import { describe, expect, it } from 'vitest'
import { type FindingCode, findingCodes, safeFixIn, type Severity } from '../finding.ts'
import { clusterDns, dnsErrands, type NetworkPolicyRules, type Pod } from '../network-policy.ts'
import type { ObservedPeer } from '../peer.ts'
import type { Stored } from '../stored.ts'
import {
  caFacts,
  certificate,
  context,
  facts,
  inbound,
  inDays,
  now,
  outbound,
} from '../testing/certificates.ts'
import { agreement, observing, peer, seen } from '../testing/peers.ts'
import { changed, ordersApi, sound } from '../testing/sound.ts'
import { api, http, https, network, party } from '../testing/stored.ts'
import { describeTopology, type FindingView } from '../topology.ts'

const judged = (stored: Stored) => describeTopology(stored, now).findings
const firewallLeg = 'inbound:firewall:Partners:gateway:edge'
const outerLeg = 'inbound:consumer:Partner:firewall:Partners'
const shopLeg = 'inbound:consumer:Shop:gateway:edge'
const upstreamLeg = 'outbound:gateway:edge:api:Orders'

const orders = (change: Parameters<typeof ordersApi>[0]): Stored => ({ ...sound, apis: [ordersApi(change)] })
const withInbound = (change: Parameters<typeof inbound>[0]) =>
  orders({ inbound: inbound({ contextId: 'White', ...change }) })
const edgeCert = (change: Parameters<typeof certificate>[2]) =>
  changed(sound, 'certificates', 'edge-cert', certificate('edge-cert', 'Internal CA', change))

/** Inside one development environment alone. */
const inDevelopment = (stored: Stored) =>
  changed(stored, 'gateways', 'edge', { environment: 'laptop', environmentKind: 'development' })

const selfSigned = edgeCert({ facts: { issuer: 'CN=edge-cert', selfSigned: true } })

const seeing = (...peers: ObservedPeer[]): Stored => ({ ...sound, observed: seen(...peers) })

const edgePod: Pod = {
  kind: 'pod',
  namespace: 'production',
  namespaceLabels: {},
  labels: { app: 'edge' },
  portNames: {},
}
const denyAll: NetworkPolicyRules = {
  namespace: 'production',
  name: 'default-deny-all',
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
}
const edgeEgress = (...egress: NonNullable<NetworkPolicyRules['spec']['egress']>): NetworkPolicyRules => ({
  namespace: 'production',
  name: 'edge-egress',
  spec: { podSelector: { matchLabels: { app: 'edge' } }, policyTypes: ['Egress'], egress },
})
const admitAll: NetworkPolicyRules = {
  namespace: 'production',
  name: 'admit',
  spec: { podSelector: { matchLabels: { app: 'edge' } }, ingress: [{}] },
}
const upstreamPod: Pod = { ...edgePod, labels: { app: 'orders' } }
function among(...policies: NetworkPolicyRules[]): Stored {
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
const toUpstream = {
  to: [{ podSelector: { matchLabels: { app: 'orders' } } }],
  ports: [{ protocol: 'TCP', port: 8443 } as const],
}
const toNames = (...protocols: ('TCP' | 'UDP')[]) => ({
  to: [{ namespaceSelector: {} }],
  ports: protocols.map((protocol) => ({ protocol, port: 53 })),
})
const toKeys = {
  to: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
  ports: [{ protocol: 'TCP', port: 443 } as const],
}
const ordersLetsIn: NetworkPolicyRules = {
  namespace: 'production',
  name: 'orders-lets-in',
  spec: { podSelector: { matchLabels: { app: 'orders' } }, ingress: [{}] },
}

interface Row {
  readonly code: FindingCode
  readonly severity: Severity
  readonly when: string
  readonly stored: Stored
  readonly about: string
  readonly why: string
  readonly fix: string
  readonly legs?: readonly string[]
  readonly flows?: readonly string[]
}

const bothFlows = ['Partner to Orders', 'Shop to Orders']

/** Every row of the lint table. */
const table: readonly Row[] = [
  {
    code: 'leg.plaintext-crossing',
    severity: 'error',
    when: 'a leg crosses a boundary without TLS',
    stored: changed(orders({ inbound: null }), 'gateways', 'edge', { listeners: [http] }),
    about: `leg:${firewallLeg}`,
    why: "WAF to edge crosses a network boundary without TLS: the gateway's listener on port 80 takes plain HTTP.",
    fix: 'edit-listener gateway:edge',
    legs: [firewallLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.mtls-absent',
    severity: 'warning',
    when: 'a leg inside has no TLS (1A and 1B: recommended)',
    stored: orders({ upstreamUrl: 'http://orders' }),
    about: `leg:${upstreamLeg}`,
    why: 'edge to Orders has no mTLS, which is recommended inside the organisation too: the upstream address http://orders is plain HTTP.',
    fix: 'edit-upstream api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'leg.one-way-tls',
    severity: 'error',
    when: 'TLS across a boundary asks for no client certificate',
    stored: withInbound({ mode: 'DISABLE' }),
    about: `leg:${firewallLeg}`,
    why: 'WAF to edge does not ask for a client certificate: mode DISABLE asks clients for no certificate (Orders).',
    fix: 'edit-tls api:Orders',
    legs: [firewallLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.one-way-tls',
    severity: 'warning',
    when: 'TLS inside asks for no client certificate',
    stored: withInbound({ mode: 'DISABLE' }),
    about: `leg:${shopLeg}`,
    why: 'Shop to edge does not ask for a client certificate',
    fix: 'edit-tls api:Orders',
    legs: [shopLeg],
    flows: ['Shop to Orders'],
  },
  {
    code: 'leg.one-way-tls',
    severity: 'warning',
    when: 'the gateway shows an upstream inside no certificate',
    stored: orders({ outbound: null }),
    about: `leg:${upstreamLeg}`,
    why: 'edge to Orders shows no client certificate: no tls-outbound policy gives the gateway a certificate to show.',
    fix: 'edit-tls api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'leg.permissive',
    severity: 'error',
    when: 'mode PERMISSIVE across a boundary',
    stored: withInbound({ mode: 'PERMISSIVE' }),
    about: `leg:${firewallLeg}`,
    why: 'WAF to edge takes a client certificate but does not need one: mode PERMISSIVE lets clients without a certificate in (Orders).',
    fix: 'edit-tls api:Orders',
    legs: [firewallLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.permissive',
    severity: 'warning',
    when: 'mode PERMISSIVE inside',
    stored: withInbound({ mode: 'PERMISSIVE' }),
    about: `leg:${shopLeg}`,
    why: 'Shop to edge takes a client certificate but does not need one',
    fix: 'edit-tls api:Orders',
    flows: ['Shop to Orders'],
  },
  {
    code: 'leg.wrong-context',
    severity: 'error',
    when: 'the context of a leg has another class than the pattern expects',
    stored: changed(sound, 'networks', 'Partners', { firewallContextId: 'Green' }),
    about: `leg:${outerLeg}`,
    why: 'Partner to WAF does not use a context that is non-organisation external, as the pattern expects: the context Green is organisation external.',
    fix: 'choose-context network:Partners',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.wrong-context',
    severity: 'error',
    when: 'the gateway ends external mTLS with the context of the outside',
    stored: withInbound({ contextId: 'Grey' }),
    about: `leg:${firewallLeg}`,
    why: 'WAF to edge does not use a context that is organisation internal, as the pattern expects: the context Grey is non-organisation external (Orders).',
    fix: 'choose-context api:Orders',
    flows: ['Partner to Orders'],
  },
  {
    code: 'flow.no-firewall',
    severity: 'warning',
    when: 'a boundary is crossed without a firewall that ends external TLS',
    stored: changed(withInbound({ contextId: 'Grey' }), 'networks', 'Partners', { firewall: null }),
    about: 'leg:inbound:consumer:Partner:gateway:edge',
    why: 'No firewall ends external TLS at the boundary of Partners, so no new context begins there.',
    fix: 'add-firewall network:Partners',
    flows: ['Partner to Orders'],
  },
  {
    code: 'context.keystore-not-issued',
    severity: 'error',
    when: 'the keystore’s leaf comes from another CA',
    stored: changed(sound, 'contexts', 'White', { keystoreId: 'cloud-cert' }),
    about: 'context:White',
    why: 'cloud-cert in the keystore of White was issued by CN=Partner-facing CA, not by Internal CA of the same context.',
    fix: 'issue-certificate context:White',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'context.keystore-not-issued',
    severity: 'error',
    when: 'there is nothing in the keystore to show to clients',
    stored: changed(sound, 'contexts', 'White', { keystoreId: null }),
    about: 'context:White',
    why: 'White has no certificate in its keystore, so there is none to show to the clients of Orders.',
    fix: 'issue-certificate context:White',
  },
  {
    code: 'context.grey-ca-is-ours',
    severity: 'error',
    when: 'the organisation runs the CA of a grey context',
    stored: changed(sound, 'authorities', 'Their CA', { runBy: 'organisation' }),
    about: 'context:Grey',
    why: 'Grey is non-organisation external, where the third party runs the CA, but the organisation runs Their CA.',
    fix: 'edit-context context:Grey',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'context.internal-used-outside',
    severity: 'error',
    when: 'a white context is used on an external leg',
    stored: changed(sound, 'networks', 'Partners', { firewallContextId: 'White' }),
    about: 'context:White',
    why: 'White is for the internal network alone and is used outside of it, on Partner to WAF.',
    fix: 'choose-context context:White',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'context.skip-validation',
    severity: 'error',
    when: 'the certificate of the far side is not validated',
    stored: orders({ outbound: outbound({ contextId: 'White', skipValidation: true }) }),
    about: 'api:Orders',
    why: 'Orders takes any certificate of its upstream (skipValidation), so whoever answers at https://orders.internal is believed.',
    fix: 'edit-tls api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'context.absent',
    severity: 'warning',
    when: 'certificates stand in the policy itself',
    stored: withInbound({ contextId: null }),
    about: 'api:Orders',
    why: 'The certificates of Orders towards its clients stand in its policies, so that nothing says whose CA proves them.',
    fix: 'make-context api:Orders',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.expired',
    severity: 'error',
    when: 'a leaf has expired',
    stored: edgeCert({ facts: { notAfter: inDays(-3) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) expired on 2026-05-29 by the clock of the nodes; it is used on 3 legs for Orders.',
    fix: 'rotate-certificate certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.expired',
    severity: 'error',
    when: 'a CA has expired',
    stored: changed(sound, 'authorities', 'Their CA', {
      certificate: caFacts('CN=Their CA', { notAfter: inDays(-1) }),
    }),
    about: 'authority:Their CA',
    why: 'Their CA (CN=Their CA) expired on 2026-05-31',
    fix: 'rotate-authority authority:Their CA',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'cert.not-yet-valid',
    severity: 'error',
    when: 'a leaf is not valid yet, by more than clocks may differ',
    stored: edgeCert({ facts: { notBefore: inDays(1) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) is valid from 2026-06-02T12:00:00.000Z on alone, by the clock of the nodes (clocks may differ by 60 s)',
    fix: 'rotate-certificate certificate:edge-cert',
  },
  {
    code: 'cert.expiring',
    severity: 'warning',
    when: 'a leaf is in its window',
    stored: edgeCert({ facts: { notAfter: inDays(19) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) expires in 19 days, on 2026-06-20, inside its window of 30 days; it is used on 3 legs for Orders.',
    fix: 'rotate-certificate certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.expiring',
    severity: 'error',
    when: 'a leaf is in the last quarter of its window',
    stored: edgeCert({ facts: { notAfter: inDays(7) } }),
    about: 'certificate:edge-cert',
    why: 'expires in 7 days',
    fix: 'rotate-certificate certificate:edge-cert',
  },
  {
    code: 'cert.chain-incomplete',
    severity: 'error',
    when: 'an intermediate is missing and nobody knows it',
    stored: edgeCert({ facts: { issuer: 'CN=Issuing CA 1' } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert in the keystore of White comes without CN=Issuing CA 1, which was looked for and is neither sent nor trusted there: unknown authority.',
    fix: 'complete-chain certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.self-signed-in-production',
    severity: 'error',
    when: 'a self-signed leaf is shown in production',
    stored: selfSigned,
    about: 'certificate:edge-cert',
    why: 'edge-cert is self-signed and shown at edge (production): no CA vouches for it, and nobody can revoke it.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.self-signed-in-development',
    severity: 'note',
    when: 'a self-signed leaf is shown in development',
    stored: inDevelopment(selfSigned),
    about: 'certificate:edge-cert',
    why: 'edge-cert is self-signed and shown at edge (laptop): that is allowed in a development environment and would be an error in production.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.weak-key',
    severity: 'error',
    when: 'an RSA key has fewer than 2048 bits',
    stored: edgeCert({ facts: { key: { algorithm: 'RSA', bits: 2047 } } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) has an RSA key of 2047 bits, which is too short to be trusted.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.wrong-usage',
    severity: 'error',
    when: 'a certificate is shown to clients without serverAuth',
    stored: withServingContext(orders({ inbound: inbound({ contextId: 'Serving' }) })),
    about: 'certificate:serving-cert',
    why: 'serving-cert is shown as a server certificate without the usage serverAuth; it has clientAuth.',
    fix: 'issue-certificate certificate:serving-cert',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.wrong-usage',
    severity: 'error',
    when: 'a certificate is shown to an upstream without clientAuth',
    stored: edgeCert({ facts: { extendedKeyUsages: ['serverAuth'] } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert is shown as a client certificate without the usage clientAuth; it has serverAuth.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'only suites of TLS 1.3 stand beside a minimum of 1.2',
    stored: withInbound({ ciphers: ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] }),
    about: 'api:Orders',
    why: 'Orders speaks TLS 1.2 to 1.3 with its clients, but names suites of TLS 1.3 alone, so the lower minimum has no effect.',
    fix: 'set-tls-versions api:Orders safe',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'no suite of TLS 1.3 stands beside a maximum of 1.3',
    stored: orders({
      outbound: outbound({ contextId: 'White', ciphers: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
    }),
    about: 'api:Orders',
    why: 'Orders speaks TLS 1.2 to 1.3 with its upstream, but names no suite of TLS 1.3, so the higher maximum has no effect.',
    fix: 'set-tls-versions api:Orders safe',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'versions and suites leave nothing to agree on',
    stored: withInbound({ minVersion: '1.3', ciphers: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
    about: 'api:Orders',
    why: 'so nothing can be agreed on',
    fix: 'edit-tls api:Orders',
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two APIs of one port and host ask for different TLS',
    stored: {
      ...sound,
      apis: [
        ...sound.apis,
        api('Billing', {
          providerId: 'Order team',
          upstreamUrl: 'https://billing',
          inbound: inbound({ contextId: 'White', minVersion: '1.3' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
    },
    about: 'listener:edge/https',
    why: 'Billing 1.0 and Orders 1.0 share port 443 of edge and ask for different TLS there.',
    fix: 'edit-tls api:Orders',
    flows: bothFlows,
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two APIs of one port answer at one base path',
    stored: {
      ...sound,
      apis: [
        ...sound.apis,
        api('Orders again', {
          providerId: 'Order team',
          basePath: '/Orders',
          upstreamUrl: 'https://orders',
          inbound: inbound({ contextId: 'White' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
    },
    about: 'listener:edge/https',
    why: 'Orders 1.0 and Orders again 1.0 share port 443 of edge and answer at the same base path /Orders.',
    fix: 'edit-tls api:Orders again',
    flows: bothFlows,
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two listeners want one port',
    stored: changed(sound, 'gateways', 'edge', {
      listeners: [https, { ...https, id: 'inner', address: '10.0.0.1' }],
    }),
    about: 'listener:edge/inner',
    why: 'The listeners https and inner of edge both want port 443.',
    fix: 'edit-listener gateway:edge',
  },
  {
    code: 'netpol.no-ingress-to-gateway',
    severity: 'error',
    when: 'nothing lets clients in after a default deny',
    stored: among(denyAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'Nothing in the policies of production lets anybody reach edge on TCP port 443: 1 policy (default-deny-all) selects the pod and none of its rules let it in.',
    fix: 'allow-traffic network-policies:production',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'the upstream of a declared flow cannot be reached',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from the upstream of Orders on TCP port 8443: 2 policies (default-deny-all and edge-egress) select the pod and none of its rules let it out.',
    fix: 'allow-traffic network-policies:production',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'the upstream does not let the gateway in',
    stored: among(denyAll, admitAll, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: '1 policy (default-deny-all) selects the pod and none of its rules let it in.',
    fix: 'allow-traffic network-policies:production',
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'DNS goes over UDP alone',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from DNS over TCP on TCP port 53',
    fix: 'allow-traffic network-policies:production',
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'key sets cannot be fetched',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'))),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from JWKS of idp.example on TCP port 443',
    fix: 'allow-traffic network-policies:production',
    flows: bothFlows,
  },
  {
    code: 'flow.undeclared-peer',
    severity: 'warning',
    when: 'somebody calls whose flow is not declared',
    stored: {
      ...seeing(peer({ clientIds: ['Batch'], subject: 'CN=batch' }), peer()),
      parties: [...sound.parties, party('Batch', 'consumer', 'VPC')],
    },
    about: 'api:Orders',
    why: 'CN=batch, from CN=Internal CA, calls Orders and was last seen on 2026-05-31T12:00:00.000Z: no flow from Batch to it is declared.',
    fix: 'add-flow api:Orders',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'flow.never-seen',
    severity: 'warning',
    when: 'a declared consumer never came',
    stored: seeing(peer({ clientIds: ['Shop'] })),
    about: 'flow:Partner to Orders',
    why: 'Partner to Orders is declared, but no node has seen Partner call since 2026-05-02.',
    fix: 'remove-flow flow:Partner to Orders',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.downgraded',
    severity: 'warning',
    when: 'an upstream does not ask for the certificate that is declared',
    stored: {
      ...sound,
      observed: observing({ agreements: [agreement({ side: 'outbound', isMutual: false })] }),
    },
    about: 'api:Orders',
    why: 'The upstream of Orders is reached by one-way TLS, where mutual TLS is declared',
    fix: 'edit-tls api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
]

function shown({ about, fix }: FindingView) {
  return {
    about: `${about.kind}:${about.id}`,
    fix: `${fix.kind} ${fix.target.kind}:${fix.target.id}${fix.isSafe ? ' safe' : ''}`,
  }
}

describe('the lint table', () => {
  it('says nothing against a topology in which all is as it should be', () => {
    expect(judged(sound)).toEqual([])
    const all = among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys))
    expect(judged(all)).toEqual([])
    expect(judged(seeing(peer()))).toEqual([])
  })

  for (const row of table) {
    it(`${row.code} is ${row.severity === 'error' ? 'an' : 'a'} ${row.severity} when ${row.when}`, () => {
      const findings = judged(row.stored).filter(({ code }) => code === row.code)
      const finding = findings.find((each) => shown(each).about === row.about)
      expect(finding, findings.map(({ id }) => id).join('\n')).toMatchObject({
        severity: row.severity,
        accepted: null,
        ...(row.legs ? { legIds: row.legs } : {}),
        ...(row.flows ? { flowIds: row.flows } : {}),
      })
      expect(finding?.why).toContain(row.why)
      expect(finding && shown(finding).fix).toBe(row.fix)
    })
  }

  it('calls nothing safe that one click cannot do', () => {
    const safe = table.flatMap(({ stored }) => judged(stored)).filter(({ fix }) => fix.isSafe)
    expect(safe.length).toBeGreaterThan(1)
    expect(safe.filter(({ fix }) => safeFixIn(fix) === null)).toEqual([])
  })

  it('has a row for every code', () => {
    expect([...new Set(table.map(({ code }) => code))].toSorted()).toEqual([...findingCodes].toSorted())
  })

  it('says each fault once and under one name', () => {
    for (const { stored } of table) {
      const ids = judged(stored).map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })
})

function withServingContext(stored: Stored): Stored {
  const serving = certificate('serving-cert', 'Internal CA', { facts: { extendedKeyUsages: ['clientAuth'] } })
  return {
    ...stored,
    certificates: [...stored.certificates, serving],
    contexts: [
      ...stored.contexts,
      context('Serving', { authorityIds: ['Internal CA'], keystoreId: 'serving-cert' }),
    ],
  }
}

describe('on one leg', () => {
  it('two APIs are judged apart: the leg is as bad as the worse, and only its flows are touched', () => {
    const both: Stored = {
      ...sound,
      apis: [
        ...sound.apis,
        api('Legacy', {
          host: 'legacy.example',
          providerId: 'Order team',
          upstreamUrl: 'https://legacy',
          inbound: inbound({ contextId: 'White', mode: 'PERMISSIVE' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
      flows: [...sound.flows, { id: 'Shop to Legacy', consumerId: 'Shop', apiId: 'Legacy' }],
    }
    expect(judged(both)).toMatchObject([{ code: 'leg.permissive', flowIds: ['Shop to Legacy'] }])
    const leg = describeTopology(both, now).legs.find(({ id }) => id === shopLeg)
    expect(leg).toMatchObject({
      verdict: 'below',
      apiIds: ['Legacy'],
      others: [{ verdict: 'as-expected', apiIds: ['Orders'] }],
    })
  })
})

describe('certificates', () => {
  const named = (stored: Stored, code: FindingCode) => judged(stored).filter((each) => each.code === code)

  it('that live for days are not always yellow: the window is a third of their lifetime at most', () => {
    const short = (daysLeft: number) =>
      named(
        edgeCert({ facts: { notBefore: inDays(daysLeft - 9), notAfter: inDays(daysLeft) } }),
        'cert.expiring',
      )
    expect(short(5)).toEqual([])
    expect(short(2)).toMatchObject([{ severity: 'warning' }])
    expect(short(0.5)).toMatchObject([{ severity: 'error' }])
  })

  it('are watched as the most cautious of those wish whom they concern', () => {
    const watched = (expiryWarningDays: number) => ({ expiryWarningDays, lifetimeFraction: 1 })
    const stored = edgeCert({ facts: { notAfter: inDays(60) } })
    expect(named(stored, 'cert.expiring')).toEqual([])
    const careful = changed(stored, 'apis', 'Orders', { watch: watched(90) })
    expect(named(careful, 'cert.expiring')).toMatchObject([{ severity: 'warning' }])
    const late = edgeCert({ facts: { notAfter: inDays(19) } })
    expect(named(changed(late, 'apis', 'Orders', { watch: watched(10) }), 'cert.expiring')).toEqual([])
    expect(named({ ...sound, ...late, watch: watched(80) }, 'cert.expiring')).toMatchObject([
      { severity: 'error' },
    ])
  })

  it('have a rotation window of their own', () => {
    const stored = edgeCert({ rotationWindowDays: 90, facts: { notAfter: inDays(60) } })
    expect(named(stored, 'cert.expiring')).toMatchObject([{ severity: 'warning' }])
  })

  it('of our own CA are rotated in one safe action', () => {
    const stored = edgeCert({ renewalMethod: 'built-in', facts: { notAfter: inDays(10) } })
    expect(named(stored, 'cert.expiring')).toMatchObject([{ fix: { isSafe: true } }])
  })

  it('get a missing intermediate in one safe action where it is known', () => {
    const intermediate = caFacts('CN=Issuing CA 1', { issuer: 'CN=Internal CA' })
    const known: Stored = {
      ...edgeCert({ facts: { issuer: 'CN=Issuing CA 1' } }),
      authorities: [
        ...sound.authorities,
        { ...sound.authorities[0], id: 'i', name: 'Issuing CA 1', certificate: intermediate } as never,
      ],
    }
    expect(named(known, 'cert.chain-incomplete')).toMatchObject([{ fix: { isSafe: true } }])
    expect(named(known, 'context.keystore-not-issued')).toEqual([])
  })

  it('that stand in a policy are judged too', () => {
    const inline = (chain: ReturnType<typeof facts>[], trusted: ReturnType<typeof facts>[] = []) =>
      withInbound({ contextId: null, inline: { chain, trusted } })
    const codes = (stored: Stored) => judged(stored).map(({ code }) => code)
    const root = caFacts('CN=Root')
    expect(codes(inline([facts('CN=a')], [root]))).toEqual(['context.absent'])
    expect(codes(inline([facts('CN=a', { notAfter: inDays(-1) })], [root]))).toContain('cert.expired')
    expect(codes(inline([facts('CN=a')]))).toContain('cert.chain-incomplete')
    expect(codes(inline([facts('CN=a', { issuer: 'CN=a' })]))).toContain('cert.self-signed-in-production')
  })

  it('that nothing uses are nobody’s fault', () => {
    const unused = certificate('old', 'Internal CA', { facts: { notAfter: inDays(-100) } })
    expect(judged({ ...sound, certificates: [...sound.certificates, unused] })).toEqual([])
  })
})

describe('listeners', () => {
  const second = (change: Parameters<typeof api>[1]): Stored => ({
    ...sound,
    apis: [
      ...sound.apis,
      api('Billing', {
        providerId: 'Order team',
        upstreamUrl: 'https://billing',
        outbound: outbound({ contextId: 'White' }),
        ...change,
      }),
    ],
  })
  const conflicts = (stored: Stored) => judged(stored).filter(({ code }) => code === 'listener.port-conflict')

  it('let APIs share a port that ask for the same TLS, or for another at another host', () => {
    expect(conflicts(second({ inbound: inbound({ contextId: 'White' }) }))).toEqual([])
    const other = {
      host: 'billing.example',
      inbound: inbound({ contextId: 'White', mode: 'DISABLE' }),
    } as const
    expect(conflicts(second(other))).toEqual([])
  })

  it('serve an API without TLS of its own under that of its host', () => {
    const leg = describeTopology(second({ host: 'billing.example' }), now).legs.find(
      ({ id }) => id === shopLeg,
    )
    expect(leg?.verdict).toBe('as-expected')
    expect(conflicts(second({}))).toEqual([])
  })

  it('do not count APIs that are switched off', () => {
    expect(conflicts(second({ basePath: '/Orders', enabled: false }))).toEqual([])
  })
})

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

describe('networks', () => {
  it('that stand inside a guarded one of their class need no firewall of their own', () => {
    const stored: Stored = {
      ...sound,
      networks: [...sound.networks, network('Branch', 'non-org-external', { parentId: 'Partners' })],
      parties: [...sound.parties, party('Till', 'consumer', 'Branch', { owner: 'third-party' })],
      flows: [...sound.flows, { id: 'Till to Orders', consumerId: 'Till', apiId: 'Orders' }],
    }
    expect(judged(stored)).toEqual([])
  })
})

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
