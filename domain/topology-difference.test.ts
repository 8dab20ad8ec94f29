import { describe, expect, it } from 'vitest'
import type { Stored } from './stored.ts'
import { authority, certificate, inbound, now } from './testing/certificates.ts'
import { madeUp, madeUpStored } from './testing/made-up.ts'
import { changed, ordersApi, sound } from './testing/sound.ts'
import { party } from './testing/stored.ts'
import { describeTopology } from './topology.ts'
import { compareTopologies } from './topology-difference.ts'

const difference = (before: Stored, after: Stored) =>
  compareTopologies(describeTopology(before, now), describeTopology(after, now))
const withInbound = (change: Parameters<typeof inbound>[0]): Stored => ({
  ...sound,
  apis: [ordersApi({ inbound: inbound({ contextId: 'White', ...change }) })],
})
const shopLeg = 'inbound:consumer:Shop:gateway:edge'
const shown = (before: Stored, after: Stored) =>
  difference(before, after).legs.map(
    ({ kind, legId, weakens }) => `${kind} ${legId}${weakens ? ' weaker' : ''}`,
  )

describe('two topologies', () => {
  it('that are the same differ in nothing, whatever the order of their parts and the age of their certificates', () => {
    const nothing = { legs: [], contexts: [], flows: [], gateways: [] }
    expect(difference(sound, sound)).toEqual(nothing)
    const large = madeUpStored(2, { parties: 60, flows: 100 })
    const backwards = { ...large, flows: large.flows.toReversed(), apis: large.apis.toReversed() }
    expect(difference(large, backwards)).toEqual(nothing)
    const renewed = certificate('edge-cert', 'Internal CA', { facts: { serialNumber: '2' } })
    expect(difference(sound, changed(sound, 'certificates', 'edge-cert', renewed))).toEqual(nothing)
  })

  it('differ by legs that came and went, and by flows', () => {
    const more: Stored = {
      ...sound,
      parties: [...sound.parties, party('Batch', 'consumer', 'VPC')],
      flows: [...sound.flows, { id: 'Batch to Orders', consumerId: 'Batch', apiId: 'Orders' }],
    }
    const leg = 'inbound:consumer:Batch:gateway:edge'
    expect(difference(sound, more)).toEqual({
      contexts: [],
      flows: [{ kind: 'added', flowId: 'Batch to Orders', text: 'Batch to Orders is new.' }],
      legs: [
        {
          kind: 'added',
          legId: leg,
          text: 'Batch to edge is new: context White, organisation internal.',
          weakens: false,
        },
      ],
      gateways: [],
    })
    expect(difference(more, sound)).toMatchObject({
      flows: [{ kind: 'removed', text: 'Batch to Orders is gone.' }],
      legs: [{ kind: 'removed', legId: leg, text: 'Batch to edge is gone.' }],
    })
  })

  it('differ by nodes that came, went or serve another revision, where both moments know of any', () => {
    const [gateway] = sound.gateways
    const nodes = { total: 2, online: 2, degraded: 0, current: 2, failedHandshakesPerSecond: null }
    const having = (changed: Partial<typeof nodes> | null): Stored => ({
      ...sound,
      gateways: gateway ? [{ ...gateway, nodes: changed && { ...nodes, ...changed } }] : [],
    })
    expect(difference(having({}), having({ online: 1, current: 0 })).gateways).toEqual([
      {
        gatewayId: 'edge',
        text: 'edge had 2 of 2 nodes online, 2 at its revision; it has 1 of 2 nodes online, 0 at its revision.',
      },
    ])
    expect(difference(having({}), having({ failedHandshakesPerSecond: null })).gateways).toEqual([])
    expect(difference(having(null), having({})).gateways).toEqual([])
  })

  it('differ by legs that are trusted otherwise, and say whether that is weaker', () => {
    const firewallLeg = 'inbound:firewall:Partners:gateway:edge'
    const both = (word = '') => [`re-trusted ${shopLeg}${word}`, `re-trusted ${firewallLeg}${word}`]
    expect(shown(sound, withInbound({ mode: 'PERMISSIVE' }))).toEqual(both(' weaker'))
    expect(shown(withInbound({ mode: 'PERMISSIVE' }), sound)).toEqual(both())
    expect(shown(sound, withInbound({ contextId: 'Green' }))).toEqual(both(' weaker'))
    expect(shown(withInbound({ minVersion: '1.3' }), sound)).toEqual(both(' weaker'))
    expect(shown(sound, withInbound({ minVersion: '1.3' }))).toEqual(both())
    const named = (...subjectAltNames: string[]) => withInbound({ subjectAltNames })
    expect(shown(named('a.example'), named('a.example', 'b.example'))).toEqual(both(' weaker'))
    expect(shown(named('a.example'), sound)).toEqual(both(' weaker'))
    expect(shown(sound, named('a.example'))).toEqual(both())
    expect(difference(sound, withInbound({ contextId: 'Green' })).legs[0]?.text).toBe(
      'Shop to edge was context White, organisation internal; it is context Green, organisation external.',
    )
  })

  it('differ by a changed CA, on every leg that it proves', () => {
    const next = authority('Next CA')
    const trusting = changed({ ...sound, authorities: [...sound.authorities, next] }, 'contexts', 'White', {
      authorityIds: ['Internal CA', 'Next CA'],
    })
    const { legs, contexts } = difference(sound, trusting)
    expect(contexts).toEqual([
      {
        contextId: 'White',
        name: 'White',
        added: ['Next CA'],
        removed: [],
        text: 'White trusts Next CA too.',
      },
    ])
    expect(legs.map(({ kind, weakens }) => `${kind} ${weakens}`)).toEqual([
      'changed-ca true',
      'changed-ca true',
      'changed-ca true',
    ])
    expect(difference(trusting, sound).contexts[0]?.text).toBe('White no longer trusts Next CA.')
    const reissued = changed(trusting, 'certificates', 'edge-cert', certificate('edge-cert', 'Next CA'))
    expect(difference(trusting, reissued).contexts[0]?.text).toBe(
      'White shows a certificate from CN=Next CA in place of CN=Internal CA.',
    )
    // The same CA under another name or id is the same CA.
    const renamed = changed(sound, 'authorities', 'Internal CA', { name: 'Our CA' })
    expect(difference(sound, renamed).contexts).toEqual([])
  })

  it('differ by flows whose pattern changed', () => {
    const moved = changed(sound, 'parties', 'Shop', { networkId: 'Cloud' })
    expect(difference(sound, moved).flows).toEqual([
      {
        kind: 'reclassified',
        flowId: 'Shop to Orders',
        text: 'Shop to Orders was pattern 1A; it is pattern 2.',
      },
    ])
  })

  it('differ there and back in the same legs', () => {
    const [a, b] = [madeUp(1, { parties: 40, flows: 60 }), madeUp(2, { parties: 40, flows: 60 })]
    const legs = (all: ReturnType<typeof compareTopologies>) => all.legs.map(({ legId }) => legId)
    expect(legs(compareTopologies(a, b))).toEqual(legs(compareTopologies(b, a)))
  })
})
