import { describe, expect, it } from 'vitest'
import { keptStateOf, renewalDueMs, whyNotAskedFor } from './kept-certificate.ts'

describe('the state of a certificate on a node', () => {
  const leaf = { sha256: 'a' }
  it.each([
    [{ request: null, leaf: null, fault: null, shown: null }, 'awaited'],
    [{ request: 'csr', leaf: null, fault: null, shown: null }, 'requested'],
    [{ request: null, leaf, fault: null, shown: null }, 'signed'],
    [{ request: null, leaf, fault: null, shown: new Set(['b']) }, 'signed'],
    [{ request: null, leaf, fault: null, shown: new Set(['a', 'b']) }, 'serving'],
    [{ request: 'csr', leaf, fault: null, shown: new Set(['a']) }, 'serving'],
    [{ request: 'csr', leaf, fault: 'no', shown: new Set(['a']) }, 'failed'],
  ])('of %j is %s', (standing, state) => {
    expect(keptStateOf(standing)).toBe(state)
  })
})

describe('what a node asks for', () => {
  const dns = (value: string) => ({ type: 'dns' as const, value })
  const wanted = { commonName: 'a.example', names: [dns('a.example'), dns('b.example')] }
  it('is what it was told to ask for, in any order', () => {
    expect(whyNotAskedFor({ ...wanted, names: wanted.names.toReversed() }, wanted)).toBeNull()
  })
  it.each([
    [
      'somebody else',
      { ...wanted, commonName: 'c.example' },
      'it is for c.example, and a.example was asked for',
    ],
    ['nobody', { ...wanted, commonName: '' }, 'it is for nobody, and a.example was asked for'],
    ['more', { ...wanted, names: [...wanted.names, dns('c.example')] }, 'nobody asked for dns:c.example'],
    ['less', { ...wanted, names: [dns('a.example')] }, 'it leaves dns:b.example out'],
    [
      'a name of another kind',
      { ...wanted, names: [dns('a.example'), { type: 'email' as const, value: 'b.example' }] },
      'nobody asked for email:b.example',
    ],
  ])('is not %s', (_, asked, why) => {
    expect(whyNotAskedFor(asked, wanted)).toBe(why)
  })
})

describe('a renewal', () => {
  const takenAt = '2026-01-01T00:00:00.000Z'
  const due = (notAfter: string, days: number) =>
    new Date(renewalDueMs({ takenAt, notAfter }, days)).toISOString()
  it('is due so many days before the end', () => {
    expect(due('2026-12-31T00:00:00.000Z', 30)).toBe('2026-12-01T00:00:00.000Z')
  })
  it('of a short life is due with a third of it left, whatever the window', () => {
    expect(due('2026-01-04T00:00:00.000Z', 30)).toBe('2026-01-03T00:00:00.000Z')
  })
})
