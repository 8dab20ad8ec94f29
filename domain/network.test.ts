import { describe, expect, it } from 'vitest'
import {
  areOneNetwork,
  enclosing,
  firewallFor,
  type Network,
  type NetworkClass,
  wouldCycle,
} from './network.ts'

function network(id: string, parentId: string | null = null, more: Partial<Network> = {}): Network {
  return { id, name: id, class: 'org-internal', location: 'vpc', parentId, firewall: null, ...more }
}
const map = (...networks: Network[]) => new Map(networks.map((each) => [each.id, each]))

describe('nested networks', () => {
  const networks = map(
    network('cloud'),
    network('vpc', 'cloud'),
    network('cluster', 'vpc'),
    network('other', 'cloud'),
  )

  it('climbs from the inside out', () => {
    expect(enclosing('cluster', networks).map(({ id }) => id)).toEqual(['cluster', 'vpc', 'cloud'])
  })

  it('counts a network and one inside it as one network, and neighbours as two', () => {
    expect(areOneNetwork('vpc', 'vpc', networks)).toBe(true)
    expect(areOneNetwork('cluster', 'vpc', networks)).toBe(true)
    expect(areOneNetwork('vpc', 'cluster', networks)).toBe(true)
    expect(areOneNetwork('cluster', 'other', networks)).toBe(false)
  })

  it('notices a network that would stand inside itself, directly or through others', () => {
    expect(wouldCycle('cloud', 'cloud', networks)).toBe(true)
    expect(wouldCycle('cloud', 'cluster', networks)).toBe(true)
    expect(wouldCycle('cluster', 'other', networks)).toBe(false)
  })

  it('ends its climb in a cycle that is already there', () => {
    expect(enclosing('a', map(network('a', 'b'), network('b', 'a'))).map(({ id }) => id)).toEqual(['a', 'b'])
  })
})

describe('the firewall of a network', () => {
  const external: { class: NetworkClass } = { class: 'org-external' }

  it('is its own, else the nearest one around it', () => {
    const networks = map(
      network('saas', null, { ...external, firewall: 'outer' }),
      network('eu', 'saas', external),
      network('us', 'saas', { ...external, firewall: 'inner' }),
    )
    expect(firewallFor('eu', networks)?.firewall).toBe('outer')
    expect(firewallFor('us', networks)?.firewall).toBe('inner')
  })

  it('is not that of a surrounding network of another class', () => {
    const networks = map(
      network('cloud', null, { class: 'non-org-external', firewall: 'theirs' }),
      network('ours', 'cloud', external),
    )
    expect(firewallFor('ours', networks)).toBeNull()
  })
})
