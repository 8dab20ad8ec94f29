import { describe, expect, it } from 'vitest'
import { countsOf } from './vitest-run.ts'

describe('the counts of a test run', () => {
  it('are those of the report', () => {
    expect(countsOf(0, { success: true, numPassedTests: 7, numFailedTests: 0 })).toEqual({
      passed: 7,
      failed: 0,
    })
    expect(countsOf(1, { success: false, numPassedTests: 7, numFailedTests: 2 })).toEqual({
      passed: 7,
      failed: 2,
    })
  })

  it('never say that all is well when the run itself failed or left no report', () => {
    expect(countsOf(1, { success: false, numPassedTests: 7, numFailedTests: 0 })).toEqual({
      passed: 7,
      failed: 1,
    })
    expect(countsOf(0, {})).toEqual({ passed: 0, failed: 1 })
    expect(countsOf(1, {})).toEqual({ passed: 0, failed: 1 })
  })
})
