import { describe, expect, it } from 'vitest'
import { type Renewal, renewalChecks } from './renewal.ts'
import { caFacts, facts, inDays, now } from './testing/certificates.ts'

const root = caFacts('CN=Root')
const names = [{ type: 'dns', value: 'shop.example' } as const]
const shown = facts('CN=shop', { names, notAfter: inDays(10) })
const next = facts('CN=shop', { names, notAfter: inDays(375) })

function checked(change: Partial<Renewal>) {
  const renewal: Renewal = {
    kind: 'server',
    shown,
    chain: [next],
    key: 'brought',
    isUsed: true,
    trusted: [root],
    ...change,
  }
  return renewalChecks(renewal, now)
}
const unwell = (change: Partial<Renewal>) =>
  checked(change).flatMap(({ verdict, text }) => (verdict === 'passed' ? [] : [`${verdict}: ${text}`]))

describe('before a certificate takes the place of another', () => {
  it('everything that was looked at is said, also where all is well', () => {
    expect(checked({}).map(({ aspect }) => aspect)).toEqual([
      ...['key', 'chain', 'validity', 'names', 'usage', 'strength', 'end', 'trust'],
    ])
    expect(unwell({})).toEqual([])
  })

  it('it is refused without its key where contexts show it, and only warned of elsewhere', () => {
    expect(unwell({ key: 'absent' })).toEqual(['refused: It comes without its key, so it cannot be shown.'])
    expect(unwell({ key: 'absent', isUsed: false })).toEqual([
      'warning: It comes without its key: no context can show it.',
    ])
    expect(unwell({ key: 'waits' })).toEqual([])
  })

  it.each<[string, Renewal['chain'][number], string]>([
    ['names', facts('CN=shop', { notAfter: inDays(375) }), 'It no longer has shop.example.'],
    ['usage', { ...next, extendedKeyUsages: ['clientAuth'] }, 'It may not be used as that of a server.'],
    [
      'strength',
      { ...next, key: { algorithm: 'RSA', bits: 1_024 } },
      'Its key (RSA 1024) is too short to be trusted.',
    ],
    ['validity', { ...next, notBefore: inDays(2) }, `It is not valid before ${inDays(2)}.`],
    ['end', { ...next, notAfter: inDays(5) }, 'It ends before the one that is shown.'],
    ['end', shown, 'It is the one that is shown already.'],
    [
      'trust',
      { ...next, issuer: 'CN=Other' },
      'Its chain is incomplete: CN=Other is neither sent nor trusted by its contexts.',
    ],
  ])('what is not well with its %s is said', (_, leaf, text) => {
    expect(unwell({ chain: [leaf] })).toEqual([`warning: ${text}`])
  })

  it('a key that is shorter than the one before is said, though it is long enough', () => {
    const before = { ...shown, key: { algorithm: 'EC' as const, bits: 384 } }
    expect(unwell({ shown: before })).toEqual(['warning: Its key has 256 bits, the one before 384.'])
  })

  it('the first version is held against nothing', () => {
    expect(unwell({ shown: undefined, trusted: [], isUsed: false })).toEqual([])
    expect(
      renewalChecks({ kind: 'server', shown, chain: [], key: 'brought', isUsed: true, trusted: [] }, now),
    ).toEqual([])
  })
})
