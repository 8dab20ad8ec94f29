import { expect, it } from 'vitest'
import type { ChainStep } from '#domain/chain.ts'
import { chainDifference } from './chain-difference.ts'

function step(id: string, config: Record<string, unknown>, enabled = true): ChainStep {
  return {
    id,
    kind: 'rate-limiting',
    policyVersion: '1.0.0',
    label: '',
    enabled,
    dryRun: false,
    rules: [],
    upstreams: [],
    config,
  }
}

it('shows which upstreams a step is for now', () => {
  const lines = chainDifference([step('a', {})], [{ ...step('a', {}), upstreams: ['main', 'bills'] }])
  const added = lines.filter(({ sign }) => sign === 'added').map(({ text }) => text.trim())
  expect(added).toEqual(['upstreams:', '- main', '- bills'])
})

it('shows exactly the line that changed', () => {
  const lines = chainDifference([step('a', { limit: 60 })], [step('a', { limit: 100 })])
  expect(lines.filter(({ sign }) => sign !== 'same')).toEqual([
    { sign: 'removed', text: '    limit: 60' },
    { sign: 'added', text: '    limit: 100' },
  ])
})

it('takes another order of members for no difference, and a step that is off for one that is away', () => {
  expect(chainDifference([step('a', { a: 1, b: 2 })], [step('a', { b: 2, a: 1 })])).toEqual([])
  expect(chainDifference([], [step('a', { a: 1 }, false)])).toEqual([])
})

it('says how many lines it leaves out', () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${10 + index}`, index]))
  const lines = chainDifference([step('a', many)], [step('a', { ...many, k29: 'other' })])
  expect(lines[0]).toEqual({ sign: 'gap', text: expect.stringMatching(/^… \d+ unchanged lines …$/) })
})
