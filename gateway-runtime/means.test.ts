import { describe, expect, it } from 'vitest'
import { ownMeans, withinMeans } from './means.ts'

const heapBytes = 4 * 1024 ** 3

describe('the limits of a serving process', () => {
  it('leave a file descriptor for an upstream to each connection of a client, and say what that lowered', () => {
    const few = withinMeans({}, { descriptors: 256, heapBytes })
    expect(few.limits.connectionsMax).toBe(80)
    expect(few.lowered).toEqual([
      'at most 80 connections are taken at a time, not 20000: there are 256 file descriptors (ulimit -n)',
    ])
    expect(withinMeans({ connectionsMax: 50 }, { descriptors: 256, heapBytes })).toMatchObject({
      limits: { connectionsMax: 50 },
      lowered: [],
    })
    expect(withinMeans({}, { descriptors: 20, heapBytes }).limits.connectionsMax).toBe(1)
    expect(withinMeans({}, { descriptors: undefined, heapBytes }).limits.connectionsMax).toBe(20_000)
  })

  it('keep whole bodies to half of what the heap may be, unless something else is said', () => {
    const small = { descriptors: undefined, heapBytes: 64 * 1024 ** 2 }
    expect(withinMeans({}, small).limits.collectedBytesMax).toBe(32 * 1024 ** 2)
    expect(withinMeans({ collectedBytesMax: 1 }, small).limits.collectedBytesMax).toBe(1)
    expect(withinMeans({}, { ...small, heapBytes }).limits.collectedBytesMax).toBe(256 * 1024 ** 2)
  })

  it('go by what this very process may have', () => {
    const { descriptors, heapBytes: heap } = ownMeans()
    expect(heap).toBeGreaterThan(0)
    if (process.platform === 'linux') expect(descriptors).toBeGreaterThan(0)
  })
})
