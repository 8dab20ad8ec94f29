import { describe, expect, it } from 'vitest'
import type { NetworkClass } from './network.ts'
import type { Owner, PartyKind } from './party.ts'
import { describeTopology, type Stored, topologyView } from './topology.ts'

const net = (
  id: string,
  cls: NetworkClass,
  firewall: string | null = null,
  parentId: string | null = null,
) => ({
  id,
  name: id,
  class: cls,
  location: 'cloud' as const,
  parentId,
  firewall,
  version: 1,
})
const party = (id: string, kind: PartyKind, networkId: string, owner: Owner = 'organisation') => ({
  id,
  name: id,
  kind,
  owner,
  networkId,
  version: 1,
})
const api = (id: string, providerId: string | null) => ({
  id,
  apiId: `api-${id}`,
  name: id,
  label: '1.0',
  gatewayId: 'edge',
  providerId,
  basePath: `/${id}`,
  upstreamUrl: 'http://up',
  enabled: true,
  version: 1,
  deployment: 'serving' as const,
  traffic: null,
})
const stored: Stored = {
  networks: [
    net('vpc', 'org-internal'),
    net('cluster', 'org-internal', null, 'vpc'),
    net('dc', 'org-internal'),
    net('partners', 'non-org-external', 'waf'),
  ],
  parties: [
    party('shop', 'consumer', 'cluster'),
    party('batch', 'consumer', 'dc'),
    party('portal', 'consumer', 'partners', 'third-party'),
    party('market', 'consumer', 'partners', 'third-party'),
    party('orders-team', 'provider', 'vpc'),
  ],
  gateways: [
    {
      id: 'edge',
      name: 'edge',
      networkId: 'vpc',
      environment: 'production',
      listeners: [{ protocol: 'http', port: 80 }],
      revision: 1,
      nodes: { total: 1, online: 1, degraded: 0, current: 1 },
      version: 1,
    },
  ],
  apis: [api('orders', 'orders-team'), api('nobody', null)],
  flows: [
    { id: 'f1', consumerId: 'shop', apiId: 'orders' },
    { id: 'f2', consumerId: 'batch', apiId: 'orders' },
    { id: 'f3', consumerId: 'portal', apiId: 'orders' },
    { id: 'f4', consumerId: 'market', apiId: 'orders' },
    { id: 'f5', consumerId: 'shop', apiId: 'nobody' },
  ],
}

describe('the topology', () => {
  const topology = describeTopology(stored)
  const flow = (id: string) => topology.flows.find((each) => each.id === id)

  it('fits its own schema', () => {
    expect(topologyView.parse(topology)).toEqual(topology)
  })

  it('tells 1A from 1B by nesting: a cluster in the VPC is the same network, the data centre another', () => {
    expect(flow('f1')?.classification?.pattern).toBe('1A')
    expect(flow('f2')?.classification?.pattern).toBe('1B')
  })

  it('lists legs from consumer to provider and shares equal ones between flows', () => {
    const legs = (id: string) =>
      flow(id)?.legs.map((leg) => topology.legs.find((each) => each.id === leg)?.to.kind)
    expect(legs('f3')).toEqual(['firewall', 'gateway', 'api'])
    expect(flow('f3')?.legs.slice(1)).toEqual(flow('f4')?.legs.slice(1))
    expect(new Set(topology.legs.map(({ id }) => id)).size).toBe(topology.legs.length)
  })

  it('says why a flow cannot be classified instead of guessing', () => {
    expect(flow('f5')).toMatchObject({ classification: null, open: expect.stringContaining('nobody') })
  })

  it('reports a fault of a shared leg once, with every flow that takes it', () => {
    const crossing = topology.findings.filter(({ code }) => code === 'leg.plaintext-crossing')
    expect(crossing).toHaveLength(1)
    expect(crossing[0]?.flowIds).toEqual(['f3', 'f4'])
  })

  it('calls a shared leg plain when any traffic on it is, and leads to the API that makes it so', () => {
    const partner = party('partner', 'provider', 'partners', 'third-party')
    const [safe, plain] = [{ ...api('safe', 'partner'), upstreamUrl: 'https://up' }, api('plain', 'partner')]
    for (const apis of [
      [safe, plain],
      [plain, safe],
    ]) {
      const shared = describeTopology({ ...stored, parties: [...stored.parties, partner], apis, flows: [] })
      const crossing = shared.findings.filter(({ code }) => code === 'leg.plaintext-crossing')
      expect(crossing).toMatchObject([{ fix: { kind: 'edit-upstream', id: 'plain' } }])
    }
  })

  it('keeps a leg that 1,500 flows share as one', () => {
    const many: Stored = {
      ...stored,
      parties: Array.from({ length: 500 }, (_, at) =>
        party(`p${at}`, at < 300 ? 'consumer' : 'provider', at % 2 ? 'vpc' : 'dc'),
      ),
      apis: Array.from({ length: 200 }, (_, at) => api(`a${at}`, `p${300 + at}`)),
      flows: Array.from({ length: 1500 }, (_, at) => ({
        id: `f${at}`,
        consumerId: `p${at % 300}`,
        apiId: `a${(at * 7) % 200}`,
      })),
    }
    const { flows, legs } = describeTopology(many)
    expect(flows).toHaveLength(1500)
    expect(legs).toHaveLength(500)
  })
})
