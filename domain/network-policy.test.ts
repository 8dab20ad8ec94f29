import { describe, expect, it } from 'vitest'
import {
  type Connection,
  clusterDns,
  type NetworkPolicyRules,
  networkPolicySpec,
  type Place,
  type Pod,
  passage,
} from './network-policy.ts'

function policy(name: string, spec: unknown, namespace = 'production'): NetworkPolicyRules {
  return { namespace, name, spec: networkPolicySpec.parse(spec) }
}
function pod(app: string, namespace = 'production', more: Partial<Pod> = {}): Pod {
  return { kind: 'pod', namespace, namespaceLabels: {}, labels: { app }, portNames: {}, ...more }
}
const gateway = pod('flex-gateway')
const backend = pod('backend-service')
const address = (text: string | null): Place => ({ kind: 'address', address: text })

const to = (place: Place, port: number, protocol: Connection['protocol'] = 'TCP'): Connection => ({
  from: gateway,
  to: place,
  protocol,
  port,
})
const passes = (connection: Connection, ...policies: NetworkPolicyRules[]) =>
  passage(connection, policies).passes

const denyAll = policy('default-deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })

/** The policies of the zero-trust guide, as they are written there. */
const guide = [
  denyAll,
  policy('allow-flex-to-backend', {
    podSelector: { matchLabels: { app: 'backend-service' } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: 'flex-gateway' } } }],
        ports: [{ port: 8443, protocol: 'TCP' }],
      },
    ],
  }),
  policy('allow-flex-egress', {
    podSelector: { matchLabels: { app: 'flex-gateway' } },
    policyTypes: ['Egress'],
    egress: [
      {
        to: [{ podSelector: { matchLabels: { app: 'backend-service' } } }],
        ports: [{ port: 8443, protocol: 'TCP' }],
      },
      { to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] },
    ],
  }),
]

describe('the policies of the zero-trust guide', () => {
  it('let the gateway reach the backend and look up names over UDP', () => {
    expect(passes(to(backend, 8443), ...guide)).toBe(true)
    expect(passes(to(clusterDns, 53, 'UDP'), ...guide)).toBe(true)
  })

  it('stop DNS over TCP and key sets on the way out, and every client on the way in', () => {
    const out = { direction: 'egress', policies: ['default-deny-all', 'allow-flex-egress'] }
    expect(passage(to(clusterDns, 53), guide)).toMatchObject(out)
    expect(passage(to(address(null), 443), guide)).toMatchObject(out)
    const client = { from: { kind: 'anybody' }, to: gateway, protocol: 'TCP', port: 8443 } as const
    expect(passage(client, guide)).toMatchObject({ direction: 'ingress', policies: ['default-deny-all'] })
  })
})

describe('a pod', () => {
  it('that no policy selects talks to whom it likes, and one that some policy selects does not', () => {
    expect(passes(to(backend, 1))).toBe(true)
    expect(passes(to(backend, 1), denyAll)).toBe(false)
    expect(passes(to(backend, 1), policy('elsewhere', denyAll.spec, 'other'))).toBe(true)
    expect(
      passes(
        to(backend, 1),
        policy('others', { podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress', 'Egress'] }),
      ),
    ).toBe(true)
  })

  it('may do what any of its policies allows', () => {
    const one = policy('one', { policyTypes: ['Egress'], egress: [{ ports: [{ port: 1 }] }] })
    const two = policy('two', { policyTypes: ['Egress'], egress: [{ ports: [{ port: 2 }] }] })
    const last = [1, 2, 3].map((port) => passes(to(backend, port), one, two))
    expect(last).toEqual([true, true, false])
  })

  it('must be let out and in', () => {
    const noIngress = policy('in', { podSelector: { matchLabels: { app: 'backend-service' } }, ingress: [] })
    expect(passage(to(backend, 1), [noIngress])).toEqual({
      passes: false,
      direction: 'ingress',
      policies: ['in'],
    })
  })
})

const cases: [string, unknown, Connection, boolean][] = [
  ['without policyTypes is for ingress alone', { ingress: [] }, to(backend, 1), false],
  [
    'without policyTypes is for egress where it has such rules',
    { egress: [], ingress: [{}] },
    to(backend, 1),
    false,
  ],
  ['an empty rule allows all', { egress: [{}], ingress: [{}] }, to(backend, 1), true],
  ['no rules allow nothing', { policyTypes: ['Egress'], egress: [] }, to(backend, 1), false],
  [
    'an empty list of peers is all of them',
    { policyTypes: ['Egress'], egress: [{ to: [] }] },
    to(address('1.1.1.1'), 1),
    true,
  ],
  [
    'ports are TCP unless they say otherwise',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 53 }] }] },
    to(backend, 53, 'UDP'),
    false,
  ],
  [
    'a protocol alone is all its ports',
    { policyTypes: ['Egress'], egress: [{ ports: [{ protocol: 'UDP' }] }] },
    to(backend, 53, 'UDP'),
    true,
  ],
  [
    'a range ends where it says',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 10, endPort: 20 }] }] },
    to(backend, 20),
    true,
  ],
  [
    'and not behind',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 10, endPort: 20 }] }] },
    to(backend, 21),
    false,
  ],
  [
    'a port by name is that of the pod',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 'dns-tcp' }] }] },
    to(clusterDns, 53),
    true,
  ],
  [
    'a name for another protocol does not count',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 'dns' }] }] },
    to(clusterDns, 53),
    false,
  ],
  [
    'a name that nobody knows allows nothing',
    { policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }] }] },
    to(backend, 80),
    false,
  ],
  [
    'a podSelector is for pods of its own namespace',
    { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] },
    to(pod('a', 'other'), 1),
    false,
  ],
  [
    'a namespaceSelector is for all pods there',
    { policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }] }] },
    to(pod('a', 'other'), 1),
    true,
  ],
  [
    'both selectors must fit',
    {
      policyTypes: ['Egress'],
      egress: [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'b' } } }] }],
    },
    to(pod('a', 'other'), 1),
    false,
  ],
  [
    'every namespace has its name as a label',
    {
      policyTypes: ['Egress'],
      egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }] }],
    },
    to(pod('a', 'other'), 1),
    true,
  ],
  [
    'namespaces are known by their labels',
    { policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchLabels: { team: 'x' } } }] }] },
    to(pod('a', 'other', { namespaceLabels: { team: 'x' } }), 1),
    true,
  ],
  [
    'a range holds addresses',
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    to(address('10.2.3.4'), 1),
    true,
  ],
  [
    'but its exceptions',
    {
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.2.0.0/16'] } }] }],
    },
    to(address('10.2.3.4'), 1),
    false,
  ],
  [
    'of IPv6 too',
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] },
    to(address('2001:db8::1'), 1),
    true,
  ],
  [
    'and no pods',
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
    to(backend, 1),
    false,
  ],
  [
    'somewhere on the internet is in the range of all',
    {
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }],
    },
    to(address(null), 443),
    true,
  ],
  [
    'and in no other',
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '8.0.0.0/8' } }] }] },
    to(address(null), 443),
    false,
  ],
]

const expressions: [string, object, boolean][] = [
  ['In', { key: 'app', operator: 'In', values: ['a', 'flex-gateway'] }, true],
  ['In, not among them', { key: 'app', operator: 'In', values: ['a'] }, false],
  ['NotIn', { key: 'app', operator: 'NotIn', values: ['a'] }, true],
  ['NotIn, where there is no such label', { key: 'tier', operator: 'NotIn', values: ['a'] }, true],
  ['NotIn, among them', { key: 'app', operator: 'NotIn', values: ['flex-gateway'] }, false],
  ['Exists', { key: 'app', operator: 'Exists' }, true],
  ['Exists, not there', { key: 'tier', operator: 'Exists' }, false],
  ['DoesNotExist', { key: 'tier', operator: 'DoesNotExist' }, true],
  ['DoesNotExist, there', { key: 'app', operator: 'DoesNotExist' }, false],
  ['a label with the name of something that objects have', { key: 'constructor', operator: 'Exists' }, false],
]

describe('a rule', () => {
  it.each(cases)('%s', (_, spec, connection, outcome) =>
    expect(passes(connection, policy('one', spec))).toBe(outcome),
  )

  it.each(expressions)('selects by %s', (_, expression, selects) => {
    const isolated = policy('one', {
      podSelector: { matchExpressions: [expression] },
      policyTypes: ['Egress'],
    })
    expect(passes(to(backend, 1), isolated)).toBe(!selects)
  })
})
