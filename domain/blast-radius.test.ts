import { describe, expect, it } from 'vitest'
import { blastRadius, expiries, reachText } from './blast-radius.ts'
import { usualWatch, type Watch } from './certificate.ts'
import { certificate, facts, inbound, inDays, now } from './testing/certificates.ts'
import { madeUp } from './testing/made-up.ts'
import { changed, ordersApi, sound } from './testing/sound.ts'
import { describeTopology } from './topology.ts'

const topology = describeTopology(sound, now)
const radius = blastRadius(topology)
const shopLeg = 'inbound:consumer:Shop:gateway:edge'
const firewallLeg = 'inbound:firewall:Partners:gateway:edge'
const outerLeg = 'inbound:consumer:Partner:firewall:Partners'
const upstreamLeg = 'outbound:gateway:edge:api:Orders'

describe('what fails', () => {
  it('when a certificate lapses is every leg that its contexts prove, with the flows on it', () => {
    expect(radius.ofCertificate('edge-cert')).toEqual({
      contextIds: ['White'],
      legIds: [shopLeg, firewallLeg, upstreamLeg],
      flowIds: ['Partner to Orders', 'Shop to Orders'],
      apiIds: ['Orders'],
      consumerIds: ['Partner', 'Shop'],
    })
  })

  it('when a CA is dropped is everything that its contexts validate', () => {
    expect(radius.ofAuthority('Internal CA')).toEqual(radius.ofCertificate('edge-cert'))
    expect(radius.ofAuthority('Their CA')).toMatchObject({
      contextIds: ['Grey'],
      legIds: [outerLeg],
      consumerIds: ['Partner'],
      apiIds: ['Orders'],
    })
  })

  it('with a firewall’s context is what comes through that firewall', () => {
    expect(radius.ofContext('Grey').flowIds).toEqual(['Partner to Orders'])
    expect(radius.ofContext('Green')).toEqual({
      contextIds: ['Green'],
      legIds: [],
      flowIds: [],
      apiIds: [],
      consumerIds: [],
    })
  })

  it('with a certificate in a policy is that side of the API alone', () => {
    const chain = [facts('CN=inline')]
    const apis = [ordersApi({ inbound: inbound({ inline: { chain, trusted: [] } }) })]
    const inline = blastRadius(describeTopology({ ...sound, apis }, now))
    expect(inline.ofInline(chain[0]?.sha256 ?? '').legIds).toEqual([shopLeg, firewallLeg])
    expect(inline.ofCertificate('edge-cert').legIds).toEqual([upstreamLeg])
  })

  it('is said in a few words', () => {
    expect(reachText(radius.ofCertificate('edge-cert'))).toBe('1 API, 2 consumers, 3 legs')
    expect(reachText(radius.ofContext('Green'))).toBe('nothing uses it')
  })

  it('is never something that is not there', () => {
    const large = madeUp(3, { parties: 80, flows: 150, gateways: 2 })
    const legs = new Set(large.legs.map(({ id }) => id))
    const all = blastRadius(large)
    for (const { id } of large.certificates) {
      const { legIds, contextIds } = all.ofCertificate(id)
      expect(legIds.filter((leg) => !legs.has(leg))).toEqual([])
      const parts = contextIds.flatMap((context) => all.ofContext(context).legIds)
      expect(new Set(legIds)).toEqual(new Set(parts))
    }
  })
})

describe('the timeline', () => {
  it('has every certificate, CA and certificate in a policy, the soonest first, with what fails then', () => {
    const soon = changed(
      sound,
      'certificates',
      'cloud-cert',
      certificate('cloud-cert', 'Partner-facing CA', { facts: { notAfter: inDays(3) } }),
    )
    const chain = [facts('CN=inline', { notAfter: inDays(40) })]
    const inline = ordersApi({ inbound: inbound({ inline: { chain, trusted: [] } }) })
    const line = expiries(describeTopology({ ...soon, apis: [inline] }, now), now, usualWatch)
    expect(line.map(({ about, state }) => `${about.kind} ${about.id} ${state}`)).toEqual([
      'certificate cloud-cert critical',
      'api Orders valid',
      'certificate edge-cert valid',
      'certificate their-cert valid',
      'authority Internal CA valid',
      'authority Partner-facing CA valid',
      'authority Their CA valid',
    ])
    expect(line[0]).toMatchObject({ daysLeft: 3, subject: 'CN=cloud-cert' })
    expect(line[1]?.reach.apiIds).toEqual(['Orders'])
  })

  it('warns as early as the certificate itself or an API that needs it asks for', () => {
    const state = (change: Parameters<typeof certificate>[2], watch: Watch | null = null) => {
      const certificates = [
        certificate('edge-cert', 'Internal CA', { facts: { notAfter: inDays(40) }, ...change }),
      ]
      const stored = { ...sound, certificates, apis: [ordersApi({ watch })] }
      const line = expiries(describeTopology(stored, now), now, usualWatch)
      return line.find(({ about }) => about.id === 'edge-cert')?.state
    }
    expect(state({})).toBe('valid')
    expect(state({ rotationWindowDays: 60 })).toBe('expiring')
    expect(state({}, { expiryWarningDays: 45, lifetimeFraction: 1 })).toBe('expiring')
    expect(state({}, { expiryWarningDays: 5, lifetimeFraction: 1 })).toBe('valid')
  })

  it('names of a chain what ends first', () => {
    const chain = [facts('CN=leaf'), facts('CN=Issuing', { notAfter: inDays(5) })]
    const certificates = [certificate('edge-cert', 'Internal CA', { chain })]
    const [first] = expiries(describeTopology({ ...sound, certificates }, now), now, usualWatch)
    expect(first).toMatchObject({ about: { id: 'edge-cert' }, subject: 'CN=Issuing', daysLeft: 5 })
  })
})
