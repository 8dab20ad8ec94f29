import { describe, expect, it } from 'vitest'
import { type Category, type ChainStep, compareChains, placeFor, sameValue } from './chain.ts'

function step(id: string, more: Partial<ChainStep> = {}): ChainStep {
  return {
    id,
    kind: 'cors',
    policyVersion: '1.0.0',
    label: '',
    enabled: true,
    dryRun: false,
    rules: [],
    upstreams: [],
    config: {},
    ...more,
  }
}

describe('a draft chain against what runs', () => {
  it('marks a step that is for other upstreams now', () => {
    const { marks } = compareChains([step('a', { upstreams: ['main'] })], [step('a')])
    expect(marks.get('a')).toBe('changed')
  })

  it('marks nothing when both say the same, whatever the order of members', () => {
    const { marks, removed } = compareChains(
      [step('a', { config: { x: 1, y: [2, { z: null }] } })],
      [step('a', { config: { y: [2, { z: null }], x: 1 } })],
    )
    expect([...marks]).toEqual([['a', 'same']])
    expect(removed).toEqual([])
  })

  it('tells added, changed, switched off and removed steps apart', () => {
    const { marks, removed } = compareChains(
      [step('new'), step('b', { config: { limit: 2 } }), step('c', { enabled: false })],
      [step('b', { config: { limit: 1 } }), step('c'), step('gone')],
    )
    expect(Object.fromEntries(marks)).toEqual({ new: 'added', b: 'changed', c: 'off' })
    expect(removed.map(({ id }) => id)).toEqual(['gone'])
  })

  it('calls a new step that is switched off no change', () => {
    expect(compareChains([step('a', { enabled: false })], []).marks.get('a')).toBe('unused')
  })

  it('marks only the step that was moved, not those it passed', () => {
    const { marks } = compareChains(
      [step('b'), step('c'), step('d'), step('a')],
      [step('a'), step('b'), step('c'), step('d')],
    )
    expect(Object.fromEntries(marks)).toEqual({ b: 'same', c: 'same', d: 'same', a: 'moved' })
  })
})

describe('the place of a new policy', () => {
  const of = (category: Category, first = false) => ({ category, first })

  it('is after what identifies the caller and before what shapes the request', () => {
    expect(placeFor(of('traffic'), [of('identity'), of('shape')])).toBe(1)
    expect(placeFor(of('identity'), [of('traffic'), of('shape')])).toBe(0)
    expect(placeFor(of('shape'), [of('identity'), of('traffic'), of('shape')])).toBe(3)
  })

  it('is never before a policy that runs first whatever its category', () => {
    expect(placeFor(of('identity'), [of('shape', true), of('traffic')])).toBe(1)
    expect(placeFor(of('shape', true), [of('identity')])).toBe(0)
  })
})

describe('JSON values', () => {
  it.each([
    [0, false],
    ['', null],
    [[], {}],
    [{ a: 1 }, { b: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: undefined, b: 1 }, { a: 1 }],
  ])('%j is not %j', (a, b) => expect(sameValue(a, b)).toBe(false))

  it('takes an absent member for an undefined one', () => {
    expect(sameValue({ a: undefined }, {})).toBe(true)
  })
})
