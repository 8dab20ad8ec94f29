import { describe, expect, it } from 'vitest'
import type { OutlierSettings } from '#policies/settings.ts'
import { Outliers } from './outliers.ts'

const settings: OutlierSettings = {
  consecutive5xxErrors: 3,
  intervalMs: 10_000,
  baseEjectionMs: 1_000,
  maxEjectionPercent: 50,
}
const a = { name: 'a' }
const b = { name: 'b' }
const c = { name: 'c' }
const d = { name: 'd' }

function failing(outliers: Outliers<object>, endpoint: object, times: number, nowMs = 0) {
  for (let i = 0; i < times; i++) outliers.answered(endpoint, 503, nowMs)
}

describe('ejection', () => {
  it('follows failures in a row only', () => {
    const outliers = new Outliers(settings, 1, [a, b])
    failing(outliers, a, 2)
    outliers.answered(a, 404, 0)
    failing(outliers, a, 2)
    expect(outliers.isEjected(a)).toBe(false)
    outliers.failed(a, 0)
    expect(outliers.isEjected(a)).toBe(true)
    expect(outliers.allows(a, 999)).toBe(false)
    expect(outliers.allows(b, 0)).toBe(true)
  })

  it('takes out no more than the share that is allowed, but always one', () => {
    const four = new Outliers(settings, 1, [a, b, c, d])
    for (const endpoint of [a, b, c, d]) failing(four, endpoint, 3)
    expect(four.ejected).toBe(2)
    const one = new Outliers({ ...settings, maxEjectionPercent: 0 }, 1, [a])
    failing(one, a, 3)
    expect(one.ejected).toBe(1)
    expect(one.waitMs(400)).toBe(600)
  })

  it('lets one request at a time try the endpoint, and one good answer brings it back', () => {
    const outliers = new Outliers(settings, 1, [a])
    failing(outliers, a, 3)
    expect(outliers.allows(a, 1_000)).toBe(true)
    outliers.began(a)
    expect(outliers.allows(a, 1_000)).toBe(false)
    outliers.abandoned(a)
    expect(outliers.allows(a, 1_000)).toBe(true)
    outliers.began(a)
    outliers.answered(a, 200, 1_100)
    expect(outliers.isEjected(a)).toBe(false)
  })

  it('is not lifted by an answer to what was asked before it', () => {
    const outliers = new Outliers(settings, 1, [a])
    failing(outliers, a, 3)
    outliers.answered(a, 200, 500)
    expect(outliers.isEjected(a)).toBe(true)
  })

  it('grows with each trial that fails, and is forgiven by quiet intervals', () => {
    const outliers = new Outliers(settings, 1, [a])
    failing(outliers, a, 3)
    outliers.began(a)
    outliers.failed(a, 1_000)
    expect(outliers.waitMs(1_000)).toBe(2_000)
    outliers.began(a)
    outliers.failed(a, 3_000)
    expect(outliers.waitMs(3_000)).toBe(3_000)
    outliers.began(a)
    outliers.answered(a, 200, 6_000)
    failing(outliers, a, 3, 6_000)
    expect(outliers.waitMs(6_000)).toBe(4_000)
    outliers.began(a)
    outliers.answered(a, 200, 10_000)
    failing(outliers, a, 3, 60_000)
    expect(outliers.waitMs(60_000)).toBe(1_000)
  })
})
