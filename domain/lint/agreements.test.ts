import { describe, expect, it } from 'vitest'
import type { ObservedAgreement } from '../peer.ts'
import type { Stored } from '../stored.ts'
import { inbound, inDays, now } from '../testing/certificates.ts'
import { agreement, observing } from '../testing/peers.ts'
import { changed, ordersApi, sound } from '../testing/sound.ts'
import { http } from '../testing/stored.ts'
import { describeTopology } from '../topology.ts'

const downgrades = (stored: Stored, ...agreements: Partial<ObservedAgreement>[]) =>
  describeTopology({ ...stored, observed: observing({ agreements: agreements.map(agreement) }) }, now)
    .findings.filter(({ code }) => code === 'leg.downgraded')
    .map(({ severity, why }) => `${severity}: ${why}`)

const withInbound = (change: Parameters<typeof inbound>[0]): Stored => ({
  ...sound,
  apis: [ordersApi({ inbound: inbound({ contextId: 'White', ...change }) })],
})

const plain = { version: null, cipher: null, isMutual: false }
const seenAt = inDays(-0.01)

describe('what was agreed on', () => {
  it('is as declared where it is no less than that', () => {
    expect(downgrades(sound, {}, { version: '1.2' }, { side: 'outbound' })).toEqual([])
  })

  it('is a downgrade without TLS where TLS is declared', () => {
    expect(downgrades(sound, plain)).toEqual([
      `error: Orders is called without TLS, which is declared (last seen on ${seenAt}).`,
    ])
    expect(downgrades(sound, { ...plain, side: 'outbound' })).toEqual([
      `warning: The upstream of Orders is reached without TLS, which is declared (last seen on ${seenAt}).`,
    ])
    expect(downgrades(changed(sound, 'gateways', 'edge', { listeners: [http] }), plain)).toEqual([])
  })

  it('is a downgrade by one-way TLS where mutual TLS is declared', () => {
    expect(downgrades(sound, { isMutual: false })).toEqual([
      `error: Orders is called by TLS without a client certificate, where mutual TLS is declared (last seen on ${seenAt}).`,
    ])
    expect(downgrades(withInbound({ mode: 'PERMISSIVE' }), { isMutual: false })).toEqual([])
  })

  it('is a downgrade by a version below the least that is declared', () => {
    expect(downgrades(withInbound({ minVersion: '1.3' }), { version: '1.2' })).toEqual([
      `error: Orders is called by TLS 1.2, where TLS 1.3 is the least that is declared (last seen on ${seenAt}).`,
    ])
  })

  it('is a downgrade when the higher version, which is allowed, ended before the lower one began', () => {
    const before = { firstSeenAt: inDays(-20), lastSeenAt: inDays(-3) }
    const after = { version: '1.2', firstSeenAt: inDays(-2) }
    expect(downgrades(sound, before, after)).toEqual([
      `error: Orders is called by TLS 1.2, and by TLS 1.3 until ${inDays(-3)}, which is still allowed (last seen on ${seenAt}).`,
    ])
    expect(downgrades(withInbound({ maxVersion: '1.2' }), before, after)).toEqual([])
    // Clients differ: some always were older.
    expect(downgrades(sound, before, { version: '1.2', firstSeenAt: inDays(-25) })).toEqual([])
  })

  it('is of no concern a day later, nor once something else is to be served', () => {
    expect(downgrades(sound, { ...plain, lastSeenAt: inDays(-2) })).toEqual([])
    const observed = observing({
      apis: { Orders: { since: inDays(-30), publishedAt: now.toISOString() } },
      agreements: [agreement(plain)],
    })
    expect(describeTopology({ ...sound, observed }, now).findings.map(({ code }) => code)).not.toContain(
      'leg.downgraded',
    )
  })
})
