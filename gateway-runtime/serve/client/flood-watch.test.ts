import { describe, expect, it } from 'vitest'
import { FloodWatch } from './flood-watch.ts'

const limits = { resetsMax: 3, overheadBytesMax: 1_000 }

describe('FloodWatch', () => {
  it('lets a client give up some streams, and as many again as it lets come to their answers', () => {
    const watch = new FloodWatch(limits)
    for (let i = 0; i < 5; i++) expect(watch.streamEnded(true)).toBeNull()
    for (let i = 0; i < 8; i++) expect(watch.streamEnded(false)).toBeNull()
    expect(watch.streamEnded(false)).toBe('http2_reset_flood')
  })

  it('counts each window for itself', () => {
    const watch = new FloodWatch(limits)
    for (let window = 0; window < 5; window++) {
      for (let i = 0; i < 3; i++) expect(watch.streamEnded(false)).toBeNull()
      expect(watch.endWindow(0, 0, 0)).toBeNull()
    }
  })

  it('takes heads and bodies for what they are, and the rest for overhead', () => {
    const watch = new FloodWatch(limits)
    watch.headCame([':path', '/'.repeat(5_000)])
    watch.bodyCame(100_000)
    expect(watch.endWindow(105_000, 0, 0)).toBeNull()
    expect(watch.endWindow(106_000, 0, 0)).toBeNull()
    expect(watch.endWindow(107_001, 0, 0)).toBe('http2_frame_flood')
  })

  it('does not hold a body that waits to be read against its client, once', () => {
    const watch = new FloodWatch(limits)
    expect(watch.endWindow(64_000, 0, 64_000)).toBeNull()
    watch.bodyCame(64_000)
    expect(watch.endWindow(64_000, 0, 0)).toBeNull()
    expect(watch.endWindow(66_000, 0, 0)).toBe('http2_frame_flood')
  })

  it('lets a client that reads a lot open windows for it', () => {
    const watch = new FloodWatch(limits)
    expect(watch.endWindow(50_000, 1_000_000, 0)).toBeNull()
    expect(watch.endWindow(100_000, 1_000_000, 0)).toBe('http2_frame_flood')
  })

  it('knows that bodies of requests which were answered early are still under way', () => {
    const watch = new FloodWatch(limits)
    watch.bodyDropped(64_000)
    expect(watch.endWindow(64_500, 0, 0)).toBeNull()
  })
})
