import { describe, expect, it } from 'vitest'
import type { Balancing } from '#domain/routing.ts'
import { type Balanced, balancerOf, hashOf } from './balance.ts'

interface Place extends Balanced {
  active: number
}

function places(...weights: number[]): Place[] {
  return weights.map((weight, i) => ({ weight, active: 0, name: `http://10.0.0.${i + 1}` }))
}

const everybody = () => true

/** How often each was picked. */
function picks(
  kind: Balancing,
  among: readonly Place[],
  count: number,
  isUsable = everybody as (p: Place) => boolean,
) {
  const balancer = balancerOf(kind, among)
  const counts = among.map(() => 0)
  for (let i = 0; i < count; i++) {
    const picked = balancer.pick(isUsable, kind === 'consistent-hash' ? `key-${i}` : undefined)
    const index = picked === undefined ? -1 : among.indexOf(picked)
    counts[index] = (counts[index] ?? 0) + 1
  }
  return counts
}

describe('round robin', () => {
  it('keeps to the weights exactly, and spreads the heavy one out', () => {
    expect(picks('round-robin', places(80, 20), 10_000)).toEqual([8_000, 2_000])
    const balancer = balancerOf('round-robin', places(5, 1, 1))
    const names = Array.from({ length: 7 }, () => balancer.pick(everybody, undefined)?.name.at(-1)).join('')
    expect(names).toBe('1121311')
  })

  it('passes over who is not usable and gives the rest to the others by their weights', () => {
    const [first, second, third] = places(1, 2, 1)
    if (first === undefined || second === undefined || third === undefined) throw new Error('three')
    expect(picks('round-robin', [first, second, third], 300, (place) => place !== first)).toEqual([
      0, 200, 100,
    ])
    expect(balancerOf('round-robin', [first]).pick(() => false, undefined)).toBeUndefined()
  })
})

describe('least requests', () => {
  it('prefers the less loaded of any two, so that nobody gets more than two ahead', () => {
    const among = places(1, 1)
    const balancer = balancerOf('least-requests', among)
    for (let i = 0; i < 1_000; i++) {
      const picked = balancer.pick(everybody, undefined)
      if (picked !== undefined) picked.active++
    }
    expect(among.map(({ active }) => active)).toEqual([500, 500])
  })

  it('loads by weight', () => {
    const among = places(3, 1)
    const balancer = balancerOf('least-requests', among)
    for (let i = 0; i < 400; i++) {
      const picked = balancer.pick(everybody, undefined)
      if (picked !== undefined) picked.active++
    }
    expect(among[0]?.active).toBeGreaterThanOrEqual(299)
    expect(among[0]?.active).toBeLessThanOrEqual(301)
  })
})

describe('consistent hash', () => {
  it('sends a key to the same place, over restarts too', () => {
    const at = (among: Place[]) => balancerOf('consistent-hash', among).pick(everybody, 'agency-7')?.name
    expect(at(places(1, 1, 1))).toBe(at(places(1, 1, 1).toReversed()))
  })

  it('spreads keys by weight to within a fifth', () => {
    const [heavy = 0, light = 0] = picks('consistent-hash', places(3, 1), 40_000)
    expect(heavy / light).toBeGreaterThan(2.4)
    expect(heavy / light).toBeLessThan(3.6)
  })

  it('moves only the keys of whoever left', () => {
    const among = places(1, 1, 1, 1)
    const balancer = balancerOf('consistent-hash', among)
    const gone = among[2]
    let moved = 0
    for (let i = 0; i < 1_000; i++) {
      const before = balancer.pick(everybody, `key-${i}`)
      const after = balancer.pick((place) => place !== gone, `key-${i}`)
      if (before === gone) moved++
      else expect(after).toBe(before)
    }
    expect(moved).toBeGreaterThan(150)
  })

  it('without a key takes turns', () => {
    const among = places(1, 1)
    const balancer = balancerOf('consistent-hash', among)
    const names = Array.from({ length: 4 }, () => balancer.pick(everybody, undefined)?.name.at(-1))
    expect(names.join('')).toBe('1212')
  })

  it('hashes near texts far apart', () => {
    const quarters = [0, 0, 0, 0]
    for (let i = 0; i < 4_000; i++) {
      const quarter = hashOf(`key-${i}`) >>> 30
      quarters[quarter] = (quarters[quarter] ?? 0) + 1
    }
    for (const count of quarters) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
