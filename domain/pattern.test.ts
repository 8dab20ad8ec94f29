import { describe, expect, it } from 'vitest'
import { type NetworkClass, networkClasses } from './network.ts'
import { type Owner, owners } from './party.ts'
import { classify, type GatewayRole, type Hexagon, type Pattern, patterns } from './pattern.ts'

const green = 'org-external'
const white = 'org-internal'
const grey = 'non-org-external'
const gateway = 'gateway'

/** Every row of the pattern table: use case, pattern, provider network, consumer network, role, hexagons. */
const table: [1 | 2 | 3 | 4, Pattern, NetworkClass, NetworkClass, GatewayRole, Hexagon[]][] = [
  [1, '1A', 'org-internal', 'org-internal', 'ingress', []],
  [1, '1B', 'org-internal', 'org-internal', 'ingress', []],
  [1, '2', 'org-internal', 'org-external', 'ingress', [green, white, gateway]],
  [1, '3', 'org-external', 'org-internal', 'egress', [gateway, white, green]],
  [1, '4', 'org-external', 'org-external', 'ingress-and-egress', [green, white, gateway, white, green]],
  [2, '5', 'org-internal', 'non-org-external', 'ingress', [grey, white, gateway]],
  [2, '6', 'org-external', 'non-org-external', 'ingress-and-egress', [grey, white, gateway, white, green]],
  [3, '7', 'non-org-external', 'org-internal', 'egress', [gateway, white, grey]],
  [3, '8', 'non-org-external', 'org-external', 'ingress-and-egress', [green, white, gateway, white, grey]],
  [4, '9', 'non-org-external', 'non-org-external', 'ingress-and-egress', [grey, white, gateway, white, grey]],
]

const ownerIn = (network: NetworkClass): Owner =>
  network === 'non-org-external' ? 'third-party' : 'organisation'

function classifyEnds(
  apiOwner: Owner,
  providerNetwork: NetworkClass,
  consumerOwner: Owner,
  consumerNetwork: NetworkClass,
  sameNetwork = false,
) {
  return classify({
    provider: { name: 'Orders', owner: apiOwner, networkClass: providerNetwork },
    consumer: { name: 'Shop', owner: consumerOwner, networkClass: consumerNetwork },
    sameNetwork,
  })
}

describe('the patterns', () => {
  for (const [useCase, pattern, provider, consumer, role, hexagons] of table) {
    it(`${pattern}: ${consumer} consumer of ${provider} provider is use case ${useCase}, ${role}`, () => {
      const result = classifyEnds(ownerIn(provider), provider, ownerIn(consumer), consumer, pattern === '1A')
      expect(result).toEqual({ kind: 'classified', classification: { useCase, pattern, role, hexagons } })
    })
  }

  it('has a row for every pattern there is', () => {
    expect(table.map(([, pattern]) => pattern)).toEqual([...patterns])
  })

  it('starts and ends each hexagon row with the class of the far network, white next to the gateway', () => {
    for (const [, , provider, consumer, , hexagons] of table) {
      const at = hexagons.indexOf('gateway')
      if (at < 0) continue
      const [inbound, outbound] = [hexagons.slice(0, at), hexagons.slice(at + 1)]
      expect(inbound).toEqual(consumer === 'org-internal' ? [] : [consumer, white])
      expect(outbound).toEqual(provider === 'org-internal' ? [] : [white, provider])
    }
  })

  it('says same network only inside the organisation: two third parties of one network are still pattern 9', () => {
    const result = classifyEnds('third-party', 'non-org-external', 'third-party', 'non-org-external', true)
    expect(result).toMatchObject({ classification: { pattern: '9' } })
  })
})

describe('the use cases', () => {
  const useCases: [number, Owner, Owner][] = [
    [1, 'organisation', 'organisation'],
    [2, 'organisation', 'third-party'],
    [3, 'third-party', 'organisation'],
    [4, 'third-party', 'third-party'],
  ]
  for (const [useCase, apiOwner, consumerOwner] of useCases) {
    it(`${useCase}: API of ${apiOwner}, consumer of ${consumerOwner}`, () => {
      const network = (owner: Owner): NetworkClass =>
        owner === 'organisation' ? 'org-external' : 'non-org-external'
      const result = classifyEnds(apiOwner, network(apiOwner), consumerOwner, network(consumerOwner))
      expect(result).toMatchObject({ classification: { useCase } })
    })
  }
})

describe('what cannot be', () => {
  it('refuses an organisation-owned party outside the organisation, naming it and both allowed classes', () => {
    const result = classifyEnds('organisation', 'org-internal', 'organisation', 'non-org-external')
    expect(result).toMatchObject({
      kind: 'refused',
      refusals: [{ party: 'Shop', allowed: ['org-internal', 'org-external'] }],
    })
    const detail = result.kind === 'refused' ? result.refusals[0]?.detail : ''
    expect(detail).toContain('Shop')
    expect(detail).toContain('organisation internal or organisation external')
  })

  for (const network of ['org-internal', 'org-external'] as const) {
    it(`refuses a third party in an ${network} network, naming it`, () => {
      const result = classifyEnds('third-party', network, 'organisation', 'org-internal')
      expect(result).toMatchObject({
        kind: 'refused',
        refusals: [{ party: 'Orders', allowed: ['non-org-external'] }],
      })
    })
  }

  it('names both parties when both stand wrong', () => {
    const result = classifyEnds('third-party', 'org-internal', 'organisation', 'non-org-external')
    expect(result.kind === 'refused' && result.refusals.map((refusal) => refusal.party)).toEqual([
      'Orders',
      'Shop',
    ])
  })

  it('classifies exactly the combinations in which both parties stand right, and refuses all others', () => {
    for (const apiOwner of owners)
      for (const consumerOwner of owners)
        for (const provider of networkClasses)
          for (const consumer of networkClasses) {
            const right = ownerIn(provider) === apiOwner && ownerIn(consumer) === consumerOwner
            const result = classifyEnds(apiOwner, provider, consumerOwner, consumer)
            expect(result.kind).toBe(right ? 'classified' : 'refused')
          }
  })
})
