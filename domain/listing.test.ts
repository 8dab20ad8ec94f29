import { describe, expect, it } from 'vitest'
import { count, listed } from './listing.ts'

describe('names in a sentence', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['b', 'a'], 'a and b'],
    [['a', 'b', 'a', 'c'], 'a, b and c'],
    [['d', 'c', 'b', 'a'], 'a, b, c and d'],
    [['e', 'd', 'c', 'b', 'a'], 'a, b, c and 2 more'],
  ])('%j: %s', (names, text) => expect(listed(names)).toBe(text))

  it('have a number with the right word', () => {
    expect([count(1, 'leg'), count(2, 'leg'), count(0, 'policy', 'policies')]).toEqual([
      '1 leg',
      '2 legs',
      '0 policies',
    ])
  })
})
