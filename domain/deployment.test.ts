import { describe, expect, it } from 'vitest'
import { isOffline, nodeStateOf, revisionStateOf } from './deployment.ts'

const now = new Date('2026-01-01T00:01:00Z')
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000)
const online = { connectedAt: before(50), disconnectedAt: null, lastSeenAt: before(2), appliedHash: 'a' }

describe('deployment', () => {
  it('calls a node offline that said goodbye or whose reports are overdue', () => {
    expect(isOffline(online, now)).toBe(false)
    expect(isOffline({ ...online, lastSeenAt: before(16) }, now)).toBe(true)
    expect(isOffline({ ...online, disconnectedAt: before(1) }, now)).toBe(true)
    expect(isOffline({ ...online, disconnectedAt: before(51) }, now)).toBe(false)
    expect(isOffline({ connectedAt: null, disconnectedAt: null, lastSeenAt: null }, now)).toBe(true)
  })

  it('believes the hash that a node serves, not what it once answered', () => {
    expect(nodeStateOf(online, { hash: 'a' }, 'refused', now)).toBe('applied')
    expect(nodeStateOf(online, { hash: 'b' }, 'applied', now)).toBe('waiting')
    expect(nodeStateOf(online, { hash: 'b' }, 'refused', now)).toBe('refused')
    expect(nodeStateOf({ ...online, lastSeenAt: before(60) }, { hash: 'a' }, 'applied', now)).toBe('offline')
  })

  it('sums the nodes up', () => {
    const of = (...states: ('applied' | 'waiting' | 'refused' | 'offline')[]) =>
      revisionStateOf(
        true,
        states.map((state) => ({ state })),
      )
    expect(of()).toBe('no-nodes')
    expect(of('applied', 'applied')).toBe('applied')
    expect(of('applied', 'refused')).toBe('partly-applied')
    expect(of('refused', 'offline')).toBe('refused')
    expect(of('waiting')).toBe('waiting')
    expect(revisionStateOf(false, [{ state: 'applied' }])).toBe('superseded')
  })
})
