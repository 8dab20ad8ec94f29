import { describe, expect, it } from 'vitest'
import type { ChainStep } from '#domain/chain.ts'
import { type Draft, isDirty, reduceDraft } from './draft.ts'

function step(id: string, config: Record<string, unknown> = {}): ChainStep {
  return {
    id,
    kind: 'rate-limiting',
    policyVersion: '1.0.0',
    label: '',
    enabled: true,
    dryRun: false,
    rules: [],
    upstreams: [],
    config,
  }
}
function draft(...ids: string[]): Draft {
  const saved = ids.map((id) => step(id))
  return { saved, version: 1, steps: saved, selectedId: null }
}
const order = ({ steps }: Draft) => steps.map(({ id }) => id).join('')

describe('editing a chain', () => {
  it('moves a step and keeps it inside the chain', () => {
    expect(order(reduceDraft(draft('a', 'b', 'c'), { do: 'move', id: 'a', to: 2 }))).toBe('bca')
    expect(order(reduceDraft(draft('a', 'b', 'c'), { do: 'move', id: 'a', to: 9 }))).toBe('bca')
    expect(order(reduceDraft(draft('a', 'b', 'c'), { do: 'move', id: 'a', to: -1 }))).toBe('abc')
  })

  it('is clean again after the same thing was done and undone', () => {
    const once = reduceDraft(draft('a'), { do: 'toggle', id: 'a' })
    expect(isDirty(once)).toBe(true)
    expect(isDirty(reduceDraft(once, { do: 'toggle', id: 'a' }))).toBe(false)
  })

  it('is not dirty when a configuration is set to what it was, in another order of members', () => {
    const before: Draft = { saved: [step('a', { x: 1, y: 2 })], version: 1, steps: [], selectedId: null }
    const after = reduceDraft(
      { ...before, steps: before.saved },
      { do: 'configure', id: 'a', config: { y: 2, x: 1 } },
    )
    expect(isDirty(after)).toBe(false)
  })

  it('gives a copy a life of its own', () => {
    const start: Draft = { ...draft(), steps: [step('a', { deep: [1] })] }
    const copied = reduceDraft(start, { do: 'duplicate', id: 'a', newId: 'b' })
    expect(order(copied)).toBe('ab')
    expect(copied.steps[0]?.config).not.toBe(copied.steps[1]?.config)
  })

  it('forgets what was not saved when it is discarded', () => {
    const edited = reduceDraft(draft('a', 'b'), { do: 'remove', id: 'a' })
    expect(order(reduceDraft(edited, { do: 'discard' }))).toBe('ab')
  })
})
