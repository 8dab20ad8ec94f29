import { describe, expect, it } from 'vitest'
import type { Observed, ObservedPeer } from '../peer.ts'
import type { Stored } from '../stored.ts'
import { inbound, inDays, now } from '../testing/certificates.ts'
import { caller, observing, peer, seen } from '../testing/peers.ts'
import { changed, ordersApi, sound } from '../testing/sound.ts'
import { party } from '../testing/stored.ts'
import { describeTopology } from '../topology.ts'

const judged = (stored: Stored) => describeTopology(stored, now).findings
const seeing = (...peers: ObservedPeer[]): Stored => ({ ...sound, observed: seen(...peers) })
const codes = (...peers: ObservedPeer[]) => judged(seeing(...peers)).map(({ code }) => code)
const shopName = { type: 'uri', value: 'spiffe://acme/shop' } as const
const known = (stored: Stored, ...identities: string[]) => changed(stored, 'parties', 'Shop', { identities })

describe('peers', () => {
  const named = (subjectAltNames: string[], ...peers: ObservedPeer[]) =>
    judged({
      ...seeing(...peers),
      apis: [ordersApi({ inbound: inbound({ contextId: 'White', subjectAltNames }) })],
    })

  it('are strangers when they have none of the allowed names', () => {
    const shop = peer({ names: [shopName] })
    expect(named(['spiffe://acme/shop'], shop)).toEqual([])
    expect(named(['spiffe://acme/other'], shop)).toMatchObject([
      { code: 'flow.undeclared-peer', why: expect.stringContaining('none of the allowed names') },
    ])
  })

  it('are strangers when their chain ends at no CA of the context', () => {
    const anchor = sound.authorities[0]?.certificate.sha256 ?? ''
    expect(codes(peer({ anchorSha256: anchor }))).toEqual([])
    expect(codes(peer({ anchorSha256: 'ff' }))).toEqual(['flow.undeclared-peer'])
  })

  it('are strangers when none of the consumers that would be recognised is meant', () => {
    const alone = {
      ...known(seeing(peer({ names: [shopName] }), peer({ subject: 'CN=batch' })), 'spiffe://acme/shop'),
      flows: sound.flows.filter(({ consumerId }) => consumerId === 'Shop'),
    }
    expect(judged(alone)).toMatchObject([
      {
        code: 'flow.undeclared-peer',
        why: expect.stringContaining('CN=batch, from CN=Internal CA, calls Orders'),
      },
    ])
    expect(judged(alone)[0]?.why).toContain('it is none of the declared consumers (Shop)')
    // Partner comes through a firewall, whose certificate nobody knows.
    expect(judged({ ...alone, flows: sound.flows })).toEqual([])
  })

  it('are strangers when they may be several parties of which none may call', () => {
    const others = ['Batch', 'Report'].map((id) => party(id, 'consumer', 'VPC', { identities: ['CN=jobs'] }))
    const stored = { ...seeing(peer({ subject: 'CN=jobs' }), peer()), parties: [...sound.parties, ...others] }
    expect(judged(stored)).toMatchObject([
      { why: expect.stringContaining('no flow from Batch or Report to it is declared') },
    ])
  })

  it('that answer are strangers when they are another provider than the one declared', () => {
    const stored = {
      ...seeing(peer({ side: 'outbound', subject: 'CN=stock' }), peer()),
      parties: [...sound.parties, party('Stock team', 'provider', 'VPC', { identities: ['CN=stock'] })],
    }
    expect(judged(stored)).toMatchObject([
      { why: expect.stringContaining('it is Stock team, and Order team is declared to provide it') },
    ])
  })

  it('are nobody’s concern a month later', () => {
    expect(codes(peer({ anchorSha256: 'ff', lastSeenAt: inDays(-31) }))).toEqual([])
  })
})

describe('clients under contract', () => {
  it('that call without a declared flow are strangers by name', () => {
    const observed = observing({ callers: [caller('Batch'), caller(null)] })
    const stored = { ...sound, observed, parties: [...sound.parties, party('Batch', 'consumer', 'VPC')] }
    expect(judged(stored)).toMatchObject([
      {
        code: 'flow.undeclared-peer',
        why: expect.stringContaining('Batch calls Orders with a key or token'),
      },
    ])
  })

  it('called rightly until their flow was taken away, which is served at once', () => {
    const apis = { Orders: { since: inDays(-30), publishedAt: inDays(-1) } }
    const observed = observing({ apis, callers: [caller('Batch'), caller(null)] })
    const stored = { ...sound, observed, parties: [...sound.parties, party('Batch', 'consumer', 'VPC')] }
    expect(judged(stored)).toEqual([])
  })
})

describe('declared flows', () => {
  const unseen = (observed: Partial<Observed>, stored: Stored = sound) =>
    judged({ ...stored, observed: observing(observed) })
      .filter(({ code }) => code === 'flow.never-seen')
      .map(({ about }) => about.id)
  const both = ['Partner to Orders', 'Shop to Orders']

  it('are unseen each by itself: by certificate, key or token', () => {
    expect(unseen({})).toEqual(both)
    expect(unseen({ callers: [caller('Partner')] })).toEqual(['Shop to Orders'])
    expect(unseen({ peers: [peer({ clientIds: ['Partner'] })] })).toEqual(['Shop to Orders'])
    const shop = known(sound, 'spiffe://acme/shop')
    expect(unseen({ peers: [peer({ names: [shopName] })] }, shop)).toEqual(['Partner to Orders'])
  })

  it('are not called unseen while somebody comes who may be that consumer', () => {
    expect(unseen({ peers: [peer()] })).toEqual([])
    expect(unseen({ callers: [caller(null)] })).toEqual([])
    // A user of a list in a policy, not a party.
    expect(unseen({ callers: [caller('alice')] })).toEqual([])
    const shop = known(sound, 'spiffe://acme/shop')
    expect(unseen({ peers: [peer()] }, shop)).toEqual(['Shop to Orders'])
    expect(unseen({ peers: [peer({ clientIds: ['Shop', 'Partner'] })] })).toEqual([])
  })

  it('are given a day, from when they were declared and from when a node began to watch that API', () => {
    const young = { ...sound, flows: sound.flows.map((flow) => ({ ...flow, declaredAt: inDays(-0.5) })) }
    expect(unseen({}, young)).toEqual([])
    expect(unseen({ apis: { Orders: { since: inDays(-0.5), publishedAt: null } } })).toEqual([])
    expect(unseen({ apis: { Billing: { since: inDays(-30), publishedAt: null } } })).toEqual([])
    expect(judged({ ...sound, observed: null })).toEqual([])
    const later = { ...sound, flows: sound.flows.map((flow) => ({ ...flow, declaredAt: inDays(-3) })) }
    // That was under an earlier declaration.
    expect(unseen({ callers: [caller(null, { lastSeenAt: inDays(-4) })] }, later)).toEqual(both)
    const [first] = judged({ ...later, observed: observing({ callers: [caller('Shop')] }) })
    expect(first?.why).toBe(
      'Partner to Orders is declared, but no node has seen Partner call since 2026-05-29.',
    )
  })
})
