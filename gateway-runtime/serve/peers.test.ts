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
    counters.seen(before, trust)
    counters.seen(before, trust)
    counters.seen(after, trust)
    const names = [{ type: 'uri', value: 'spiffe://acme/shop' }]
    expect(factsOf(counters)).toEqual([
      [['CN=shop', before.issuer, names, old.sha256], 2],
      [['CN=shop', after.issuer, names, next.sha256], 1],
    ])
  })

  it('have no anchor where the CAs are those of the system', async () => {
    const ca = await createAuthority('Public CA')
    const counters = new PeerCounters()
    counters.seen(shown(await ca.issue({ usage: 'server' })), { trustedCa: '' })
    expect(factsOf(counters)).toMatchObject([
      [[expect.anything(), expect.anything(), expect.anything(), null], 1],
    ])
  })

  it('are bounded, whatever certificates callers come with', () => {
    const counters = new PeerCounters()
    const trust = { trustedCa: '' }
    for (let number = 0; number < 300; number++) {
      const peer = {
        sha256: `${number}`,
        subject: `CN=${number}`,
        issuer: 'CN=ca',
        subjectAltNames: [],
        chain: [],
      }
      counters.seen(peer, trust)
    }
    expect(counters.figures.size).toBe(200)
  })
})
