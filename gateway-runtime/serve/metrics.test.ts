import { describe, expect, it } from 'vitest'
import { Metrics, quantileMs, routeBoundsMs } from './metrics.ts'

describe('metrics', () => {
  it('count answers, errors and refusals, in all and by route', () => {
    const metrics = new Metrics()
    const route = metrics.countersOf('a')
    metrics.answered(route, 200, 1, false)
    metrics.answered(route, 401, 1, true, 'api-key-auth.missing')
    metrics.dryRefused(route, 'cors.refused')
    metrics.answered(route, 502, 1, false)
    metrics.answered(null, 404, 0, false)
    const figures = metrics.figures()
    expect(figures).toMatchObject({ requests: 4, errors: 1, refused: 1 })
    expect(figures.routes.get('a')).toMatchObject({ requests: 3, errors: 1, refused: 1 })
    expect(figures.statuses.get(401)).toBe(1)
    expect([...figures.codes]).toEqual([['api-key-auth.missing', 1]])
    expect([...figures.dryCodes]).toEqual([['cors.refused', 1]])
    expect(figures.routes.get('a')?.dryRefused).toBe(1)
    expect(figures.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(4)
  })

  it('know quantiles within a fifth', () => {
    const metrics = new Metrics()
    for (let ms = 1; ms <= 1_000; ms++) metrics.answered(null, 200, ms, false)
    const { counts } = metrics.figures().latency
    for (const share of [0.5, 0.95, 0.99]) {
      const quantile = quantileMs(counts, share) ?? 0
      expect(Math.abs(quantile / (share * 1_000) - 1)).toBeLessThan(0.2)
    }
    expect(quantileMs([0, 0], 0.5)).toBeNull()
  })

  it('count the durations of a route by octaves, as its fine buckets lie in them', () => {
    const metrics = new Metrics()
    const route = metrics.countersOf('a')
    for (const ms of [0, 1, 1.01, 2, 3, 1e9]) metrics.answered(route, 200, ms, false)
    const figures = metrics.figures().routes.get('a')
    const counts = (figures?.latency ?? []).flatMap((count, index) =>
      count === 0 ? [] : [[routeBoundsMs[index] ?? Infinity, count]],
    )
    expect(counts).toEqual([
      [1 / 16, 1],
      [1, 1],
      [2, 2],
      [4, 1],
      [Infinity, 1],
    ])
    expect(figures?.latencySumMs).toBeCloseTo(1e9 + 7.01)
  })

  it('give the routes that are wanted alone', () => {
    const metrics = new Metrics()
    metrics.answered(metrics.countersOf('a'), 200, 1, false)
    metrics.answered(metrics.countersOf('b'), 200, 1, false)
    expect([...metrics.figures((id) => id === 'b').routes.keys()]).toEqual(['b'])
  })

  it('keep durations of zero, of hours and of nonsense in the first and the last bucket', () => {
    const metrics = new Metrics()
    metrics.answered(null, 200, 0, false)
    metrics.answered(null, 200, 1e9, false)
    const { counts } = metrics.figures().latency
    expect([counts[0], counts.at(-1)]).toEqual([1, 1])
  })
})
