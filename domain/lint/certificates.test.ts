import { describe, expect, it } from 'vitest'
import type { FindingCode } from '../finding.ts'
import type { Stored } from '../stored.ts'
import { caFacts, certificate, facts, inDays } from '../testing/certificates.ts'
import { changed, sound } from '../testing/sound.ts'
import { edgeCert, judged, withInbound } from './testing/findings.ts'

describe('certificates', () => {
  const named = (stored: Stored, code: FindingCode) => judged(stored).filter((each) => each.code === code)

  it('that live for days are not always yellow: the window is a third of their lifetime at most', () => {
    const short = (daysLeft: number) =>
      named(
        edgeCert({ facts: { notBefore: inDays(daysLeft - 9), notAfter: inDays(daysLeft) } }),
        'cert.expiring',
      )
    expect(short(5)).toEqual([])
    expect(short(2)).toMatchObject([{ severity: 'warning' }])
    expect(short(0.5)).toMatchObject([{ severity: 'error' }])
  })

  it('are watched as the most cautious of those wish whom they concern', () => {
    const watched = (expiryWarningDays: number) => ({ expiryWarningDays, lifetimeFraction: 1 })
    const stored = edgeCert({ facts: { notAfter: inDays(60) } })
    expect(named(stored, 'cert.expiring')).toEqual([])
    const careful = changed(stored, 'apis', 'Orders', { watch: watched(90) })
    expect(named(careful, 'cert.expiring')).toMatchObject([{ severity: 'warning' }])
    const late = edgeCert({ facts: { notAfter: inDays(19) } })
    expect(named(changed(late, 'apis', 'Orders', { watch: watched(10) }), 'cert.expiring')).toEqual([])
    expect(named({ ...sound, ...late, watch: watched(80) }, 'cert.expiring')).toMatchObject([
      { severity: 'error' },
    ])
  })

  it('have a rotation window of their own', () => {
    const stored = edgeCert({ rotationWindowDays: 90, facts: { notAfter: inDays(60) } })
    expect(named(stored, 'cert.expiring')).toMatchObject([{ severity: 'warning' }])
  })

  it('of our own CA are rotated in one safe action', () => {
    const stored = edgeCert({ renewalMethod: 'built-in', facts: { notAfter: inDays(10) } })
    expect(named(stored, 'cert.expiring')).toMatchObject([{ fix: { isSafe: true } }])
  })

  it('get a missing intermediate in one safe action where it is known', () => {
    const intermediate = caFacts('CN=Issuing CA 1', { issuer: 'CN=Internal CA' })
    const known: Stored = {
      ...edgeCert({ facts: { issuer: 'CN=Issuing CA 1' } }),
      authorities: [
        ...sound.authorities,
        { ...sound.authorities[0], id: 'i', name: 'Issuing CA 1', certificate: intermediate } as never,
      ],
    }
    expect(named(known, 'cert.chain-incomplete')).toMatchObject([{ fix: { isSafe: true } }])
    expect(named(known, 'context.keystore-not-issued')).toEqual([])
  })

  it('that stand in a policy are judged too', () => {
    const inline = (chain: ReturnType<typeof facts>[], trusted: ReturnType<typeof facts>[] = []) =>
      withInbound({ contextId: null, inline: { chain, trusted } })
    const codes = (stored: Stored) => judged(stored).map(({ code }) => code)
    const root = caFacts('CN=Root')
    expect(codes(inline([facts('CN=a')], [root]))).toEqual(['context.absent'])
    expect(codes(inline([facts('CN=a', { notAfter: inDays(-1) })], [root]))).toContain('cert.expired')
    expect(codes(inline([facts('CN=a')]))).toContain('cert.chain-incomplete')
    expect(codes(inline([facts('CN=a', { issuer: 'CN=a' })]))).toContain('cert.self-signed-in-production')
  })

  it('that nothing uses are nobody’s fault', () => {
    const unused = certificate('old', 'Internal CA', { facts: { notAfter: inDays(-100) } })
    expect(judged({ ...sound, certificates: [...sound.certificates, unused] })).toEqual([])
  })
})
