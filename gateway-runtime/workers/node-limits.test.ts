import { expect, it } from 'vitest'
import type { CountedLimits } from '#policies/definition.ts'
import { NodeLimits } from './node-limits.ts'

function limits(algorithm: CountedLimits['algorithm'], name = 'a'): CountedLimits {
  return { name, algorithm, limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 1_000 }] }
}

it.each(['gcra', 'sliding-window', 'recent-moments'] as const)(
  'counts by %s for all who name the same limits, and says when to come back',
  (algorithm) => {
    const node = new NodeLimits()
    expect(node.take(limits(algorithm), 'k', 0)).toMatchObject({ isAllowed: true, limit: 0, remaining: 1 })
    expect(node.take(limits(algorithm), 'k', 1)).toMatchObject({ isAllowed: true, remaining: 0 })
    const refused = node.take(limits(algorithm), 'k', 2)
    expect(refused).toMatchObject({ isAllowed: false, remaining: 0 })
    expect(node.take(limits(algorithm), 'k', 2 + refused.retryMs)).toMatchObject({ isAllowed: true })
    expect(node.take(limits(algorithm, 'b'), 'k', 2)).toMatchObject({ isAllowed: true })
    expect(node.size).toBe(2)
  },
)

it('forgets limits only when nothing of them counts any more', () => {
  const node = new NodeLimits()
  const long = {
    ...limits('gcra', 'long'),
    limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 200_000 }],
  }
  node.take(limits('gcra'), 'k', 0)
  node.take(long, 'k', 0)
  node.take(limits('gcra', 'other'), 'k', 70_000)
  expect(node.size).toBe(2)
  expect(node.take(long, 'k', 140_000)).toMatchObject({ isAllowed: false })
})
