import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readCertificate } from '#tls/certificate.ts'
import { createAuthority, type KeyAndCertificate } from '../testing/certificates.ts'
import { PeerCounters, peerFactsIn, type ShownChain } from './peers.ts'

function shown({ chain, sha256 }: KeyAndCertificate): ShownChain {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const certificates = blocks.map((block) => new X509Certificate(block))
  const [leaf] = certificates
  if (leaf === undefined) throw new Error('a chain has a leaf')
  const { subject, issuer, subjectAltNames } = readCertificate(leaf.raw)
  return { sha256, subject, issuer, subjectAltNames, chain: certificates }
}

const factsOf = (counters: PeerCounters) =>
  [...counters.figures].map(([key, count]) => [peerFactsIn(key), count])

describe('peers', () => {
  it('are told apart by what they showed and by the CA that their chain ended at, and counted', async () => {
    const [old, next] = await Promise.all([createAuthority('Same name'), createAuthority('Same name')])
    const wish = { subject: 'CN=shop', names: ['uri:spiffe://acme/shop'], usage: 'client' } as const
    const before = shown(await old.issue(wish))
    const after = shown(await next.issue(wish))
    const trust = { trustedCa: old.certificate + next.certificate }
    const counters = new PeerCounters()
    counters.seen(before, trust, undefined)
    counters.seen(before, trust, undefined)
    counters.seen(after, trust, undefined)
    const names = [{ type: 'uri', value: 'spiffe://acme/shop' }]
    expect(factsOf(counters)).toEqual([
      [['CN=shop', before.issuer, names, old.sha256, before.sha256, null], 2],
      [['CN=shop', after.issuer, names, next.sha256, after.sha256, null], 1],
    ])
  })

  it('have no anchor where the CAs are those of the system', async () => {
    const ca = await createAuthority('Public CA')
    const counters = new PeerCounters()
    counters.seen(shown(await ca.issue({ usage: 'server' })), { trustedCa: '' }, undefined)
    expect(factsOf(counters)).toMatchObject([
      [[expect.anything(), expect.anything(), expect.anything(), null, expect.anything(), null], 1],
    ])
  })

  const trust = { trustedCa: '' }
  const called = (name: string) => {
    return { sha256: name, subject: `CN=${name}`, issuer: 'CN=ca', subjectAltNames: [], chain: [] }
  }
  const subjects = (counters: PeerCounters) => [...counters.figures.keys()].map((key) => peerFactsIn(key)[0])

  it('are bounded, whatever certificates callers come with', () => {
    const counters = new PeerCounters()
    for (let number = 0; number < 300; number++) counters.seen(called(`${number}`), trust, undefined)
    expect(counters.figures.size).toBe(200)
  })

  it('make room for others once they come no more, and are counted again when they do', () => {
    const counters = new PeerCounters()
    const first = called('first')
    counters.seen(first, trust, undefined)
    for (let number = 1; number < 200; number++) counters.seen(called(`${number}`), trust, undefined)
    counters.seen(called('late'), trust, undefined)
    expect(subjects(counters)).not.toContain('CN=late')
    counters.seen(called('later'), trust, undefined)
    expect(subjects(counters)).toContain('CN=later')
    expect(subjects(counters)).not.toContain('CN=first')
    counters.seen(first, trust, undefined)
    expect(subjects(counters)).toContain('CN=first')
    expect(counters.figures.size).toBe(200)
  })

  it('are told apart by the clients that call over one connection, up to a bound', () => {
    const counters = new PeerCounters()
    const firewall = called('firewall')
    const clients = () =>
      factsOf(counters).map(([facts, count]) => [typeof facts === 'number' ? '' : facts?.[5], count])
    for (const client of ['shop', 'partner', undefined, 'shop']) counters.seen(firewall, trust, client)
    expect(clients()).toEqual([
      ['shop', 2],
      ['partner', 1],
      [null, 1],
    ])
    for (let number = 0; number < 100; number++) counters.seen(firewall, trust, `client ${number}`)
    expect(clients()).toHaveLength(50)
    expect(clients()).toContainEqual([null, 54])
  })
})
