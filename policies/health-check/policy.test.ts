import { describe, expect, it } from 'vitest'
import { healthCheck } from './policy.ts'
import { noContexts } from '../settings.ts'

describe('health-check', () => {
  it('says what is asked, how often and what is a good answer', () => {
    const config = healthCheck.config.parse({ path: '/health', interval: 2, timeout: 0.5 })
    expect(healthCheck.upstream?.(config, noContexts)).toEqual({
      healthCheck: {
        path: '/health',
        method: 'GET',
        intervalMs: 2_000,
        timeoutMs: 500,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
        expectedStatuses: [200],
      },
    })
  })

  it.each([
    ['a path that could end the line', { path: '/a\r\nX: y' }],
    ['a path that begins elsewhere', { path: 'health' }],
    ['a method that changes things', { method: 'POST' }],
    ['a timeout above the interval', { interval: 1, timeout: 2 }],
    ['no good answer', { expectedStatuses: [] }],
  ])('refuses %s', (_name, config) => expect(healthCheck.config.safeParse(config).success).toBe(false))
})
