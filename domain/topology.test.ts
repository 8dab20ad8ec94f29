import { describe, expect, it } from 'vitest'
import { type NetworkClass, networkClasses } from './network.ts'
import { type Owner, owners, refusePlacement } from './party.ts'
import { type Pattern, patterns } from './pattern.ts'
import type { Stored } from './stored.ts'
import { now } from './testing/certificates.ts'
import { madeUpStored } from './testing/made-up.ts'
import { api, gateway, network, nothingStored, party } from './testing/stored.ts'
import { describeTopology, type Topology, topologyView } from './topology.ts'

const provided = (id: string, providerId: string | null) => api(id, { providerId })
const stored: Stored = {
  ...nothingStored,
  networks: [
    network('vpc'),
    network('cluster', 'org-internal', { parentId: 'vpc' }),
    network('dc'),
    network('partners', 'non-org-external', { firewall: 'waf' }),
  ],
  parties: [
    party('shop', 'consumer', 'cluster'),
    party('batch', 'consumer', 'dc'),
    party('portal', 'consumer', 'partners', { owner: 'third-party' }),
    party('market', 'consumer', 'partners', { owner: 'third-party' }),
    party('orders-team', 'provider', 'vpc'),
  ],
  gateways: [gateway('edge', { networkId: 'vpc' })],
  apis: [provided('orders', 'orders-team'), provided('nobody', null)],
  flows: [
    { id: 'f1', consumerId: 'shop', apiId: 'orders' },
    { id: 'f2', consumerId: 'batch', apiId: 'orders' },
    { id: 'f3', consumerId: 'portal', apiId: 'orders' },
    { id: 'f4', consumerId: 'market', apiId: 'orders' },
    { id: 'f5', consumerId: 'shop', apiId: 'nobody' },
  ],
}

describe('the topology', () => {
  const topology = describeTopology(stored, now)
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
    const partner = party('partner', 'provider', 'partners', { owner: 'third-party' })
    const safe = api('safe', { providerId: 'partner', upstreamUrl: 'https://up' })
    const plain = provided('plain', 'partner')
    for (const apis of [
      [safe, plain],
      [plain, safe],
    ]) {
      const parties = [...stored.parties, partner]
      const shared = describeTopology({ ...stored, parties, apis, flows: [] }, now)
      const crossing = shared.findings.filter(({ code }) => code === 'leg.plaintext-crossing')
      expect(crossing).toMatchObject([{ fix: { kind: 'edit-upstream', target: { id: 'plain' } } }])
    }
  })

  it('keeps a leg that 1,500 flows share as one', () => {
    const many: Stored = {
      ...stored,
      parties: Array.from({ length: 500 }, (_, at) =>
        party(`p${at}`, at < 300 ? 'consumer' : 'provider', at % 2 ? 'vpc' : 'dc'),
      ),
      apis: Array.from({ length: 200 }, (_, at) => provided(`a${at}`, `p${300 + at}`)),
      flows: Array.from({ length: 1500 }, (_, at) => ({
        id: `f${at}`,
        consumerId: `p${at % 300}`,
        apiId: `a${(at * 7) % 200}`,
      })),
    }
    const { flows, legs } = describeTopology(many, now)
    expect(flows).toHaveLength(1500)
    expect(legs).toHaveLength(500)
  })
})

/** The pattern table, as it is drawn: the provider's network, the consumer's, and the classes on the way. */
const drawn: [Pattern, NetworkClass, NetworkClass][] = [
  ['1A', 'org-internal', 'org-internal'],
  ['1B', 'org-internal', 'org-internal'],
  ['2', 'org-internal', 'org-external'],
  ['3', 'org-external', 'org-internal'],
  ['4', 'org-external', 'org-external'],
  ['5', 'org-internal', 'non-org-external'],
  ['6', 'org-external', 'non-org-external'],
  ['7', 'non-org-external', 'org-internal'],
  ['8', 'non-org-external', 'org-external'],
  ['9', 'non-org-external', 'non-org-external'],
]

describe('every pattern', () => {
  const ownerIn = (cls: NetworkClass): Owner => (cls === 'non-org-external' ? 'third-party' : 'organisation')
  const described = (pattern: Pattern, near: NetworkClass, far: NetworkClass): Topology => {
    const place = (id: string, cls: NetworkClass) =>
      network(id, cls, { firewall: cls === 'org-internal' ? null : `firewall of ${id}` })
    const networks = [place('near', near), place('far', far)]
    const consumerIn = pattern === '1A' ? 'near' : 'far'
    return describeTopology(
      {
        ...nothingStored,
        networks,
        parties: [
          party('provider', 'provider', 'near', { owner: ownerIn(near) }),
          party('consumer', 'consumer', consumerIn, { owner: ownerIn(far) }),
        ],
        gateways: [gateway('edge')],
        apis: [provided('api', 'provider')],
        flows: [{ id: 'flow', consumerId: 'consumer', apiId: 'api' }],
      },
      now,
    )
  }

  for (const [pattern, near, far] of drawn) {
    it(`${pattern} is drawn with exactly its hexagons, required outside and recommended inside`, () => {
      const { flows, legs } = described(pattern, near, far)
      const [flow] = flows
      expect(flow?.classification?.pattern).toBe(pattern)
      const way = flow?.legs.map((id) => legs.find((leg) => leg.id === id)) ?? []
      const required = way.flatMap((leg) => (leg?.expected?.required ? [leg.expected.class] : []))
      expect(required).toEqual(flow?.classification?.hexagons.filter((hexagon) => hexagon !== 'gateway'))
      const inside = way.filter((leg) => leg?.expected?.required === false)
      expect(inside.every((leg) => leg?.expected?.class === 'org-internal' && !leg.crosses)).toBe(true)
    })
  }

  it('has its row', () => expect(drawn.map(([pattern]) => pattern)).toEqual([...patterns]))

  it('1A and 1B warn where mTLS is absent, and no other says more than a warning inside', () => {
    for (const [pattern, near, far] of drawn.slice(0, 2)) {
      const { findings } = described(pattern, near, far)
      expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['leg.mtls-absent']))
      expect(findings.every(({ severity }) => severity === 'warning')).toBe(true)
    }
  })
})

describe('where parties may stand', () => {
  const allowed: Record<Owner, NetworkClass[]> = {
    organisation: ['org-internal', 'org-external'],
    'third-party': ['non-org-external'],
  }
  for (const owner of owners)
    for (const networkClass of networkClasses) {
      const may = allowed[owner].includes(networkClass)
      it(`${owner} in ${networkClass}: ${may ? 'allowed' : 'refused, with its name and what is allowed'}`, () => {
        const refusal = refusePlacement({ name: 'Shop', kind: 'consumer', owner, networkClass })
        if (may) return expect(refusal).toBeNull()
        expect(refusal).toMatchObject({ party: 'Shop', allowed: allowed[owner] })
        expect(refusal?.detail).toContain('Shop')
        expect(refusal?.detail).toContain('organisation internal or organisation external')
      })
    }
})

describe('any topology', () => {
  const sizes = [
    { parties: 0, flows: 0 },
    { parties: 5, flows: 8 },
    { parties: 40, flows: 80, gateways: 2 },
    { parties: 120, flows: 300, gateways: 3 },
  ]
  const all = sizes.flatMap((size, at) => [1, 2, 3, 4, 5].map((seed) => madeUpStored(at * 10 + seed, size)))

  it('is described whole, in its own schema: every flow has its legs and every finding what it touches', () => {
    for (const one of all) {
      const topology = describeTopology(one, now)
      expect(topologyView.parse(topology)).toEqual(topology)
      expect(topology.flows).toHaveLength(one.flows.length)
      const legs = new Set(topology.legs.map(({ id }) => id))
      const flows = new Set(topology.flows.map(({ id }) => id))
      for (const { legIds, flowIds } of topology.findings) {
        expect(legIds.filter((id) => !legs.has(id))).toEqual([])
        expect(flowIds.filter((id) => !flows.has(id))).toEqual([])
      }
      expect(new Set(topology.findings.map(({ id }) => id)).size).toBe(topology.findings.length)
    }
  })

  it('is described alike each time, in whatever order its parts come', () => {
    for (const one of all) {
      const once = describeTopology(one, now)
      expect(describeTopology(structuredClone(one), now)).toEqual(once)
      expect(inOneOrder(describeTopology(backwards(one), now))).toEqual(inOneOrder(once))
    }
  })

  it('is described even where what it names is not there', () => {
    for (const one of all) {
      const torn: Stored = {
        ...one,
        networks: one.networks.slice(1),
        parties: one.parties.slice(1),
        gateways: one.gateways.slice(1),
        contexts: one.contexts.slice(1),
        authorities: one.authorities.slice(1),
        certificates: one.certificates.slice(1),
      }
      expect(() => describeTopology(torn, now)).not.toThrow()
    }
  })
})

function backwards(one: Stored): Stored {
  const lists = [
    'networks',
    'parties',
    'gateways',
    'apis',
    'flows',
    'contexts',
    'authorities',
    'certificates',
  ] as const
  return { ...one, ...Object.fromEntries(lists.map((list) => [list, one[list].toReversed()])) }
}

function inOneOrder(topology: Topology) {
  const byId = <T extends { id: string }>(all: readonly T[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return {
    ...topology,
    networks: byId(topology.networks),
    parties: byId(topology.parties),
    gateways: byId(topology.gateways),
    apis: byId(topology.apis),
    flows: byId(topology.flows),
    legs: byId(topology.legs),
    contexts: byId(topology.contexts),
    authorities: byId(topology.authorities),
    certificates: byId(topology.certificates),
  }
}
