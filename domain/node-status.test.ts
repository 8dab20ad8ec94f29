import { describe, expect, it } from 'vitest'
import { nodeStatusOf } from './node-status.ts'

describe('the status of a node', () => {
  const now = new Date('2026-01-01T00:01:00Z')
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  const seen = (seconds: number) => ({
    connectedAt: before(50),
    disconnectedAt: null,
    lastSeenAt: before(seconds),
  })

  it('is what the node reports, as long as it reports', () => {
    expect(nodeStatusOf(seen(5), 'healthy', now)).toBe('healthy')
    expect(nodeStatusOf(seen(15), 'degraded', now)).toBe('degraded')
  })

  it('is offline once three reports are missing, however well it last felt', () => {
    expect(nodeStatusOf(seen(16), 'healthy', now)).toBe('offline')
  })

  it('is healthy when it has connected and not reported yet', () => {
    expect(nodeStatusOf(seen(1), null, now)).toBe('healthy')
  })

  it('is offline when it registered and never connected', () => {
    const never = { connectedAt: null, disconnectedAt: null, lastSeenAt: null }
    expect(nodeStatusOf(never, null, now)).toBe('offline')
  })
})
