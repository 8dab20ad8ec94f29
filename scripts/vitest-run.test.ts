import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { countsOf } from './vitest-run.ts'

describe('the counts of a test run', () => {
  it('are those of the report', () => {
    expect(countsOf(0, { success: true, numPassedTests: 7, numFailedTests: 0 })).toMatchObject({
      passed: 7,
      failed: 0,
    })
    expect(countsOf(1, { success: false, numPassedTests: 7, numFailedTests: 2 })).toMatchObject({
      passed: 7,
      failed: 2,
    })
  })

  it('never say that all is well when the run itself failed or left no report', () => {
    expect(countsOf(1, { success: false, numPassedTests: 7, numFailedTests: 0 })).toMatchObject({
      passed: 7,
      failed: 1,
    })
    expect(countsOf(0, {})).toMatchObject({ passed: 0, failed: 1 })
    expect(countsOf(1, {})).toMatchObject({ passed: 0, failed: 1 })
  })
  it('name each test that was not tried, with what it misses', () => {
    const assertionResults = [
      { fullName: 'clock jumps', status: 'skipped', meta: { missing: 'no faketime' } },
      { fullName: 'clock stands', status: 'skipped', meta: {} },
      { fullName: 'clock goes', status: 'passed' },
    ]
    const testResults = [{ name: path.resolve('e2e/clock.e2e.ts'), assertionResults }]
    expect(countsOf(0, { success: true, numPassedTests: 1, testResults }).skipped).toEqual([
      'e2e/clock.e2e.ts › clock jumps: no faketime',
      'e2e/clock.e2e.ts › clock stands',
    ])
  })

  it('name each failed test and each file that never came to its tests', () => {
    const testResults = [
      {
        name: path.resolve('lib/one.test.ts'),
        assertionResults: [
          { fullName: 'one adds', status: 'passed' },
          {
            fullName: 'one subtracts',
            status: 'failed',
            failureMessages: ['\u001B[31mexpected 1\u001B[0m\n at x'],
          },
        ],
      },
      { name: path.resolve('lib/two.test.ts'), message: 'no such module', assertionResults: [] },
    ]
    const { failures } = countsOf(1, { success: false, numFailedTests: 1, testResults })
    expect(failures).toEqual([
      'lib/one.test.ts › one subtracts\n    expected 1\n     at x',
      'lib/two.test.ts\n    no such module',
    ])
  })
})
