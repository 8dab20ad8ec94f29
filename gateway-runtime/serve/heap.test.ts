import { getHeapStatistics } from 'node:v8'
import { expect, it } from 'vitest'
import { heapBytesMax, heapBytesUsed } from './heap.ts'

it('the heap may be as large as the last flag says, or nearly as V8 says', () => {
  expect(heapBytesMax('--max-old-space-size=64')).toBe(64 * 1_048_576)
  expect(heapBytesMax('--max_old_space_size=64 --inspect --max-old-space-size=48')).toBe(48 * 1_048_576)
  const { heap_size_limit: limit } = getHeapStatistics()
  expect(heapBytesMax('--inspect')).toBeLessThan(limit)
  expect(heapBytesMax('--inspect')).toBeGreaterThan(0.9 * limit)
})

it('what is in use are the objects that have lived for a while', () => {
  const before = heapBytesUsed()
  // An array of this size never is among the young.
  const kept = Array.from({ length: 4_000_000 }, () => 0.5)
  expect(heapBytesUsed() - before).toBeGreaterThan(30_000_000)
  expect(kept.length).toBe(4_000_000)
})
