import { describe, expect, it } from 'vitest'
import { retry } from './policy.ts'
import { noContexts } from '../settings.ts'

function faultsOf(config: unknown) {
  const parsed = retry.config.safeParse(config)
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'))
}

describe('retry', () => {
  it('is careful unless told otherwise, with times in milliseconds', () => {
    expect(retry.upstream?.(retry.config.parse({}), noContexts)).toEqual({
      retry: {
        numRetries: 2,
        triggers: ['connect-failure', 'reset', 'gateway-error'],
        statusCodes: [],
        perTryTimeoutMs: 0,
        backOffBaseMs: 25,
        backOffMaxMs: 250,
        budgetPercent: 20,
        budgetMinConcurrency: 3,
        idempotentOnly: true,
      },
    })
  })

  it('takes seconds and parts of them', () => {
    const config = retry.config.parse({
      retryOn: { triggers: ['retriable-status-codes'], httpStatusCodes: [429] },
      perRetry: { timeout: 0.5, backOff: { baseInterval: 1, maxInterval: 2.5 } },
      retryBudget: { percent: 50, minRetryConcurrency: 0 },
    })
    expect(retry.upstream?.(config, noContexts)).toMatchObject({
      retry: { perTryTimeoutMs: 500, backOffBaseMs: 1_000, backOffMaxMs: 2_500, statusCodes: [429] },
    })
  })

  it('refuses codes without their trigger, and the trigger without codes', () => {
    expect(faultsOf({ retryOn: { triggers: ['reset'], httpStatusCodes: [429] } })).toEqual([
      'retryOn.httpStatusCodes',
    ])
    expect(faultsOf({ retryOn: { triggers: ['retriable-status-codes'] } })).toEqual([
      'retryOn.httpStatusCodes',
    ])
    expect(faultsOf({ retryOn: { triggers: ['sometimes'] } })).toEqual(['retryOn.triggers.0'])
    expect(faultsOf({ numRetries: 11 })).toEqual(['numRetries'])
  })
})
