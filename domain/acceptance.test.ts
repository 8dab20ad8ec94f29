import { describe, expect, it } from 'vitest'
import { type Acceptance, acceptanceOf } from './acceptance.ts'
import { certificate, inDays, now } from './testing/certificates.ts'
import { changed, sound } from './testing/sound.ts'
import { describeTopology } from './topology.ts'

const held = (change: Partial<Acceptance> = {}): Acceptance => ({
  id: 'acceptance',
  findingId: 'a',
  severity: 'warning',
  owner: 'Kim',
  reason: 'being replaced',
  until: inDays(7),
  ...change,
})
const warning = { id: 'a', severity: 'warning' } as const

describe('an accepted finding', () => {
  it('is accepted until its date and returns at it', () => {
    expect(acceptanceOf(warning, [held()], now)?.owner).toBe('Kim')
    expect(acceptanceOf(warning, [held({ until: now.toISOString() })], now)).toBeNull()
    expect(acceptanceOf(warning, [held({ until: inDays(-1) })], now)).toBeNull()
  })

  it('is accepted by whoever answers longest', () => {
    const lists = [held(), held({ owner: 'Sam', until: inDays(9) }), held({ owner: 'Lee', until: inDays(1) })]
    expect(acceptanceOf(warning, lists, now)?.owner).toBe('Sam')
    expect(acceptanceOf(warning, lists.toReversed(), now)?.owner).toBe('Sam')
  })

  it('returns at once when it becomes graver than what was accepted', () => {
    expect(acceptanceOf({ ...warning, severity: 'error' }, [held()], now)).toBeNull()
    expect(acceptanceOf({ ...warning, severity: 'note' }, [held()], now)).not.toBeNull()
  })

  it('is that one alone', () => {
    expect(acceptanceOf(warning, [held({ findingId: 'b' })], now)).toBeNull()
  })

  it('is shown as such in the topology, and another certificate under the same name is another matter', () => {
    const expiring = (daysLeft: number) =>
      changed(
        sound,
        'certificates',
        'edge-cert',
        certificate('edge-cert', 'Internal CA', { facts: { notAfter: inDays(daysLeft) } }),
      )
    const [finding] = describeTopology(expiring(20), now).findings
    const acceptances = [held({ findingId: finding?.id ?? '' })]
    const shown = (daysLeft: number, at = now) =>
      describeTopology({ ...expiring(daysLeft), acceptances }, at).findings[0]?.accepted
    expect(shown(20)).toEqual({
      id: 'acceptance',
      owner: 'Kim',
      reason: 'being replaced',
      until: inDays(7),
    })
    expect(shown(20, new Date(inDays(7)))).toBeNull()
    expect(shown(25)).toBeNull()
  })
})
