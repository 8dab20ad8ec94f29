import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inBatches, momentMs } from './in-batches.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('what is announced', () => {
  it('is said once for all readings of a moment, and again for those after it', () => {
    const said: [number, number][] = []
    const batches = inBatches(0, (before, after) => said.push([before, after]))
    for (const reading of [1, 2, 3]) batches.take(reading)
    expect(said).toEqual([])
    vi.advanceTimersByTime(momentMs)
    expect(said).toEqual([[0, 3]])
    batches.take(4)
    vi.advanceTimersByTime(momentMs)
    expect(said).toEqual([
      [0, 3],
      [3, 4],
    ])
  })

  it('waits no longer because more comes', () => {
    const said: number[] = []
    const batches = inBatches(0, (_, after) => said.push(after))
    for (let reading = 1; reading <= 10; reading += 1) {
      batches.take(reading)
      vi.advanceTimersByTime(momentMs / 5)
    }
    expect(said).toEqual([5, 10])
  })

  it('is nothing more once the page is left', () => {
    const said: number[] = []
    const batches = inBatches(0, (_, after) => said.push(after))
    batches.take(1)
    batches.end()
    vi.advanceTimersByTime(momentMs)
    expect(said).toEqual([])
  })
})
