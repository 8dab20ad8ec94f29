import { describe, expect, it } from 'vitest'
import { networkPolicy } from './resources.ts'

function policy(spec: unknown) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'gateway-egress', namespace: 'shop' },
    spec,
  }
}

function faultsOf(spec: unknown) {
  const parsed = networkPolicy.safeParse(policy(spec))
  return parsed.error?.issues.map(({ path, message }) => `/${path.join('/')} ${message}`) ?? []
}

describe('a NetworkPolicy', () => {
  it.each([
    ['that denies everything', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }],
    [
      'that lets one app in',
      {
        podSelector: { matchLabels: { app: 'stock' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { app: 'gateway' } } }],
            ports: [{ port: 8443, protocol: 'TCP' }],
          },
        ],
      },
    ],
    [
      'with ranges, names of ports and expressions',
      {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] },
        egress: [
          { to: [{ namespaceSelector: {} }], ports: [{ port: 'dns', protocol: 'UDP' }] },
          {
            to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
            ports: [{ port: 1, endPort: 9 }],
          },
        ],
      },
    ],
  ])('%s is read', (_, spec) => expect(faultsOf(spec)).toEqual([]))

  it.each([
    [{ podSelector: {}, policyType: ['Ingress'] }, 'Unrecognized key: "policyType"'],
    [{ podSelector: {}, policyTypes: ['ingress'] }, '/spec/policyTypes/0'],
    [{ ingress: [{ from: [{}] }] }, '/spec/ingress/0/from/0 must be an ipBlock'],
    [{ egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }] }, 'must be a range such as 10.0.0.0/8'],
    [{ egress: [{ ports: [{ port: 70_000 }] }] }, '/spec/egress/0/ports/0/port'],
    [{ egress: [{ ports: [{ port: 'dns', endPort: 9 }] }] }, '/spec/egress/0/ports/0/endPort'],
    [
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
      'takes no values',
    ],
  ])('%j is refused', (spec, fault) => expect(faultsOf(spec).join('\n')).toContain(fault))
})
