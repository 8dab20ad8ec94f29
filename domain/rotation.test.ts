import { describe, expect, it } from 'vitest'
import type { ObservedPeer } from './peer.ts'
import { planRotation, rotationOf } from './rotation.ts'
import type { Move, Rotation, RotationStep as Step, TrustChange } from './rotation-plan.ts'
import type { Stored } from './stored.ts'
import { authority, caFacts, certificate, inDays, now } from './testing/certificates.ts'
import { peer, seen } from './testing/peers.ts'
import { changed, sound } from './testing/sound.ts'
import { describeTopology } from './topology.ts'

const from = (side: ObservedPeer['side'], ca: string, change: Partial<ObservedPeer> = {}) =>
  peer({ side, subject: side === 'inbound' ? 'CN=shop' : 'CN=orders', issuer: `CN=${ca}`, ...change })

const start: Stored = {
  ...sound,
  authorities: [...sound.authorities, authority('Next CA', { canIssue: true })],
  observed: seen(from('inbound', 'Internal CA'), from('outbound', 'Internal CA')),
}
const rotation = rotationOf(start.contexts, 'Internal CA', 'Next CA')

const plan = (stored: Stored, of: Rotation = rotation) => planRotation(of, describeTopology(stored, now), now)
const states = (steps: readonly Step[]) => steps.map(({ state }) => state)
const step = (stored: Stored, kind: Step['kind'], of = rotation): Step => {
  const found = plan(stored, of).find((each) => each.kind === kind)
  if (!found) throw new Error(`no step ${kind}`)
  return found
}
const texts = ({ changes }: Move) => changes.map(({ text }) => text)

/** What doing it does, as the database would. */
function done(stored: Stored, { changes }: Move): Stored {
  return changes.reduce(doneOne, stored)
}
function doneOne(stored: Stored, change: TrustChange): Stored {
  if (change.kind === 'reissue' || change.kind === 'restore') {
    const id = change.certificateId
    const by = change.kind === 'reissue' ? change.authorityId : 'Internal CA'
    return changed(stored, 'certificates', id, certificate(id, by))
  }
  const { contextId, authorityId, kind } = change
  const before = stored.contexts.find(({ id }) => id === contextId)?.authorityIds ?? []
  const others = before.filter((id) => id !== authorityId)
  const authorityIds = kind === 'trust' ? [...others, authorityId] : others
  return changed(stored, 'contexts', contextId, { authorityIds })
}
const seeing = (stored: Stored, ...peers: ObservedPeer[]): Stored => ({ ...stored, observed: seen(...peers) })

const overlapped = done(start, step(start, 'overlap'))
const reissued = done(overlapped, step(overlapped, 'reissue'))
const followed = seeing(reissued, from('inbound', 'Next CA'), from('outbound', 'Next CA'))
const over = done(followed, step(followed, 'drop'))

describe('the way', () => {
  it('is overlap, reissue, verify, drop, each shown before it is done and only when it is its turn', () => {
    expect(states(plan(start))).toEqual(['next', 'later', 'later', 'later'])
    expect(texts(step(start, 'overlap'))).toEqual(['White trusts Next CA'])
    expect(step(start, 'reissue')).toMatchObject({ may: false, whyNot: ['overlap comes first'] })

    expect(states(plan(overlapped))).toEqual(['done', 'next', 'later', 'later'])
    expect(step(overlapped, 'reissue')).toMatchObject({
      may: true,
      changes: [{ kind: 'reissue', certificateId: 'edge-cert', authorityId: 'Next CA', byHand: false }],
      cautions: ['Orders, Shop and WAF must trust Next CA before they are shown certificates of it'],
    })

    expect(states(plan(reissued))).toEqual(['done', 'done', 'next', 'later'])
    expect(states(plan(followed))).toEqual(['done', 'done', 'done', 'next'])
    expect(texts(step(followed, 'drop'))).toEqual(['White no longer trusts Internal CA'])
    expect(step(followed, 'drop').may).toBe(true)

    expect(states(plan(over))).toEqual(['done', 'done', 'done', 'done'])
    expect(over.contexts.find(({ id }) => id === 'White')?.authorityIds).toEqual(['Next CA'])
  })

  it('says to bring a certificate by hand where the portal lacks the key of the new CA', () => {
    const foreign = changed(overlapped, 'authorities', 'Next CA', { canIssue: false })
    expect(step(foreign, 'reissue').changes).toMatchObject([{ byHand: true }])
    expect(texts(step(foreign, 'reissue'))[0]).toContain('somebody must bring')
  })

  it('stays over when nobody is seen any more', () => {
    expect(states(plan({ ...over, observed: null }))).toEqual(['done', 'done', 'done', 'done'])
  })
})

describe('a step does not go', () => {
  const whyNot = (stored: Stored, kind: Step['kind'], of?: Rotation) =>
    step(stored, kind, of).whyNot.join('; ')

  it('while a live peer still shows the old chain', () => {
    const late = seeing(reissued, from('inbound', 'Internal CA'), from('outbound', 'Next CA'))
    expect(whyNot(late, 'verify')).toBe('a chain of Internal CA is still shown by CN=shop at Orders')
    expect(step(late, 'drop')).toMatchObject({
      may: false,
      whyNot: ['verify comes first', 'it would cut off CN=shop at Orders'],
    })
  })

  it('while a chain cannot be told', () => {
    expect(whyNot(seeing(reissued, from('inbound', 'Somebody')), 'verify')).toContain(
      'nobody can tell whose chain is shown by CN=shop at Orders',
    )
  })

  it('while nobody was seen, unless somebody vouches', () => {
    const empty = seeing(reissued)
    expect(whyNot(empty, 'verify')).toBe(
      'no node has seen a peer of White in 30 days, so somebody must vouch for it',
    )
    expect(whyNot({ ...reissued, observed: null }, 'verify')).toContain('no node has seen a peer')
    expect(step(empty, 'verify', { ...rotation, vouchedIds: ['White'] }).state).toBe('done')
  })

  it('beyond a firewall, where no node sees, unless somebody vouches', () => {
    const grey = { ...start, observed: null }
    const theirs = rotationOf(grey.contexts, 'Their CA', 'New CA of theirs')
    const known = {
      ...grey,
      authorities: [...grey.authorities, authority('New CA of theirs', { runBy: 'third-party' })],
    }
    const ready = changed(
      changed(known, 'contexts', 'Grey', { authorityIds: ['Their CA', 'New CA of theirs'] }),
      'certificates',
      'their-cert',
      certificate('their-cert', 'New CA of theirs'),
    )
    expect(whyNot(ready, 'verify', theirs)).toContain('no node sees who meets the firewall WAF under Grey')
    expect(step(ready, 'drop', { ...theirs, vouchedIds: ['Grey'] })).toMatchObject({ may: true })
  })

  it('while a node may lack the truststore with both, unless somebody vouches for it', () => {
    const nodes = { total: 2, online: 1, degraded: 0, current: 1, failedHandshakesPerSecond: null }
    const behind = changed(overlapped, 'gateways', 'edge', { nodes })
    expect(step(behind, 'reissue')).toMatchObject({
      may: false,
      whyNot: ['1 of 2 nodes of edge may lack the newest revision'],
    })
    expect(step(behind, 'reissue', { ...rotation, vouchedIds: ['edge'] }).may).toBe(true)
  })

  it('to a CA that cannot take over', () => {
    const next = (change: object) => changed(start, 'authorities', 'Next CA', change)
    const expired = caFacts('CN=Next CA', { notAfter: inDays(-1) })
    expect(whyNot(next({ certificate: expired }), 'overlap')).toBe('Next CA is expired')
    expect(whyNot(next({ certificate: caFacts('CN=Next CA', { isCa: false }) }), 'overlap')).toContain(
      'not the certificate of a CA',
    )
    expect(whyNot(start, 'overlap', { ...rotation, toId: 'gone' })).toContain('not there any more')
    expect(whyNot(start, 'overlap', { ...rotation, toId: 'Internal CA' })).toBe('both CAs are the same one')
    expect(whyNot(start, 'overlap', rotationOf(start.contexts, 'Their CA', 'Next CA'))).toContain(
      'the organisation runs Next CA, and in Grey the third party must run the CA',
    )
  })
})

describe('who has followed', () => {
  const state = (...peers: ObservedPeer[]) => step(seeing(reissued, ...peers), 'verify').state

  it('is told by the last time that a peer was seen', () => {
    const before = from('inbound', 'Internal CA', { lastSeenAt: inDays(-2) })
    expect(state(before, from('inbound', 'Next CA'))).toBe('done')
    expect(state(from('inbound', 'Next CA', { lastSeenAt: inDays(-3) }), before)).toBe('next')
  })

  it('is told by the anchor that a node names, before any name', () => {
    const sha = (id: string) => start.authorities.find((each) => each.id === id)?.certificate.sha256 ?? ''
    expect(state(from('inbound', 'x', { anchorSha256: sha('Next CA') }))).toBe('done')
    expect(state(from('inbound', 'Next CA', { anchorSha256: sha('Internal CA') }))).toBe('next')
  })

  it('is told through intermediates that are known', () => {
    const issuing = authority('Issuing CA', {
      certificate: caFacts('CN=Issuing CA', { issuer: 'CN=Next CA' }),
    })
    const known = { ...reissued, authorities: [...reissued.authorities, issuing] }
    expect(step(seeing(known, from('inbound', 'Issuing CA')), 'verify').state).toBe('done')
  })

  it('leaves out who was not seen for long, and says so', () => {
    const long = seeing(
      reissued,
      from('inbound', 'Internal CA', { subject: 'CN=old', lastSeenAt: inDays(-40) }),
      from('outbound', 'Next CA'),
    )
    expect(step(long, 'verify')).toMatchObject({
      state: 'done',
      cautions: [
        'a chain of Internal CA was shown, over 30 days ago and for the last time, by CN=old at Orders',
      ],
    })
  })
})

describe('every step', () => {
  it('has its reverse, which gives back what was before', () => {
    expect(done(overlapped, step(overlapped, 'overlap').reverse)).toEqual(start)
    expect(done(reissued, step(reissued, 'reissue').reverse).certificates).toEqual(overlapped.certificates)
    const back = done(over, step(over, 'drop').reverse)
    expect(new Set(back.contexts.find(({ id }) => id === 'White')?.authorityIds)).toEqual(
      new Set(['Internal CA', 'Next CA']),
    )
  })

  it('is not taken back while that would break something', () => {
    expect(step(reissued, 'overlap').reverse).toMatchObject({
      may: false,
      whyNot: ['Next CA has already issued edge-cert'],
    })
    expect(step(over, 'reissue').reverse).toMatchObject({
      may: false,
      whyNot: ['Internal CA is no longer trusted in White'],
    })
    const early = seeing(overlapped, from('inbound', 'Next CA'))
    expect(step(early, 'overlap').reverse.whyNot).toEqual(['it would cut off CN=shop at Orders'])
    expect(step(start, 'overlap').reverse).toMatchObject({ may: false, changes: [] })
  })
})

describe('any walk over the steps that may go, forwards and back, with peers that follow when they like', () => {
  const dice = (seed: number) => {
    let state = seed * 2_654_435_761
    return (most: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 4_294_967_296) * most)
    }
  }

  it('never cuts a live peer, empties a truststore or shows a certificate of a CA that the context lacks', () => {
    let completed = 0
    for (let seed = 1; seed <= 40; seed += 1) {
      const roll = dice(seed)
      let stored = start
      for (let turn = 0; turn < 40; turn += 1) {
        const moves = plan(stored)
          .flatMap((each): Move[] => [each, each.reverse])
          .filter(({ may }) => may)
        const move = moves[roll(moves.length + 1)]
        stored = move ? done(stored, move) : wandered(stored, roll)
        expect(faults(stored), `seed ${seed}, turn ${turn}`).toEqual([])
        if (plan(stored).at(-1)?.state === 'done') completed += 1
      }
    }
    expect(completed, 'the old CA was out at some turns').toBeGreaterThan(0)
  })
})

/** A peer takes another certificate, from a CA that the gateway trusts at that moment. */
function wandered(stored: Stored, roll: (most: number) => number): Stored {
  const trusted = stored.contexts.find(({ id }) => id === 'White')?.authorityIds ?? []
  const peers = stored.observed?.peers ?? []
  const which = roll(peers.length)
  const to = trusted[roll(trusted.length)]
  return seeing(
    stored,
    ...peers.map((each, index) => (index === which && to !== undefined ? from(each.side, to) : each)),
  )
}

function faults({ contexts, certificates, observed }: Stored): string[] {
  const white = contexts.find(({ id }) => id === 'White')
  const trusted = new Set(white?.authorityIds.map((id) => `CN=${id}`))
  const shown = certificates.find(({ id }) => id === white?.keystoreId)?.chain[0]?.issuer ?? ''
  return [
    ...(trusted.size === 0 ? ['an empty truststore'] : []),
    ...(trusted.has(shown) ? [] : [`a certificate from ${shown}`]),
    ...(observed?.peers ?? []).flatMap(({ subject, issuer }) =>
      trusted.has(issuer) ? [] : [`${subject} from ${issuer} is cut`],
    ),
  ]
}
