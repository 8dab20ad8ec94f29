import { describe, expect, it } from 'vitest'
import { circuitBreaker } from './policy.ts'
import { noContexts } from '../settings.ts'

describe('circuit-breaker', () => {
  it('says limits and ejection, with times in milliseconds', () => {
    const config = circuitBreaker.config.parse({
      thresholds: { maxRequests: 10 },
      outlier: { consecutive5xxErrors: 3, interval: 5, baseEjectionTime: 0.5, maxEjectionPercent: 100 },
      halfOpenRequests: 2,
    })
    expect(circuitBreaker.upstream?.(config, noContexts)).toEqual({
      breaker: {
        maxConnections: 1_024,
        maxPendingRequests: 1_024,
        maxRequests: 10,
        maxRetries: 3,
        halfOpenRequests: 2,
      },
      outlier: {
        consecutive5xxErrors: 3,
        intervalMs: 5_000,
        baseEjectionMs: 500,
        maxEjectionPercent: 100,
      },
    })
  })

  it('takes any number of pools, as there is one, and refuses limits of nothing', () => {
    expect(circuitBreaker.config.safeParse({ thresholds: { maxConnectionPools: 4 } }).success).toBe(true)
    expect(circuitBreaker.config.safeParse({ thresholds: { maxConnectionPools: 0 } }).success).toBe(false)
    expect(circuitBreaker.config.safeParse({ thresholds: { maxRequests: 0 } }).success).toBe(false)
  })
})
