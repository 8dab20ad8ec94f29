import { describe, expect, it } from 'vitest'
import {
  breaksText,
  everything,
  type ExpiryEntry,
  expiryFilter,
  type ExpiryList,
  matching,
  monthsOf,
  needsSomebody,
} from './expiry.ts'
import { inDays, now } from './testing/certificates.ts'

type State = NonNullable<ExpiryEntry['ends']>['state']

function entry(name: string, days: number | null, state: State = 'valid'): ExpiryEntry {
  return {
    id: `certificate ${name}`,
    about: { kind: 'certificate', id: name, name },
    apiId: null,
    towards: null,
    kind: 'server',
    ends:
      days === null
        ? null
        : {
            state,
            daysLeft: days,
            notBefore: inDays(-100),
            notAfter: inDays(days),
            subject: `CN=${name}.internal`,
            issuer: 'CN=Acme CA',
            names: [`${name}.internal`],
            first: null,
          },
    contexts: [{ id: 'c', name: 'Edge' }],
    breaks: { apis: 0, consumers: 0, legs: 0 },
    renewalMethod: 'manual',
    isRequested: days === null,
  }
}

const list = (...entries: ExpiryEntry[]): ExpiryList => ({ at: now.toISOString(), entries })
const all = list(
  entry('gone', -3, 'expired'),
  entry('soon', 12, 'expiring'),
  entry('later', 60),
  entry('asked', null),
)
const left = (filter: Partial<typeof everything>) =>
  matching(all, { ...everything, ...filter }).map(({ about }) => about.name)

describe('what is looked at', () => {
  it('within some days holds what has ended, and never what has no end yet', () => {
    expect(left({ within: 30 })).toEqual(['gone', 'soon'])
    expect(left({ within: 12 })).toEqual(['gone'])
    expect(left({ state: 'attention' })).toEqual(['gone', 'soon'])
    expect(left({ state: 'requested' })).toEqual(['asked'])
    expect(left({})).toHaveLength(4)
  })

  it('is found by every word, wherever it stands', () => {
    expect(left({ search: 'SOON.internal acme' })).toEqual(['soon'])
    expect(left({ search: 'edge' })).toHaveLength(4)
    expect(left({ search: 'soon nowhere' })).toEqual([])
  })

  it('is everything where the address cannot be understood', () => {
    const filter = expiryFilter.parse({ within: 'x', state: 'odd', month: '2026-6', source: 'api' })
    expect(filter).toEqual({ ...everything, source: 'api' })
  })

  it('needs somebody once it is warned of, and no longer when it is renewed', () => {
    expect(all.entries.map(needsSomebody)).toEqual([true, true, false, false])
    expect(needsSomebody(entry('soon', 400))).toBe(false)
  })
})

describe('the months ahead', () => {
  it('are twelve, between what has ended and everything later, with each end in one of them', () => {
    const ends = [-40, -0.1, 0, 20, 200, 333, 340, 900].map((days, index) => entry(`c${index}`, days))
    const months = monthsOf(list(...ends, entry('asked', null)))
    expect(months.map(({ key }) => key)).toEqual([
      ...['ended', '2026-06', '2026-07', '2026-08', '2026-09', '2026-10', '2026-11', '2026-12'],
      ...['2027-01', '2027-02', '2027-03', '2027-04', '2027-05', 'later'],
    ])
    const names = Object.fromEntries(
      months.map(({ key, entries }) => [key, entries.map(({ about }) => about.name)]),
    )
    // What ends at this very moment has ended.
    expect(names['ended']).toEqual(['c0', 'c1', 'c2'])
    expect(names['2026-06']).toEqual(['c3'])
    expect(names['2026-12']).toEqual(['c4'])
    expect(names['2027-04']).toEqual(['c5'])
    expect(names['2027-05']).toEqual(['c6'])
    expect(names['later']).toEqual(['c7'])
  })

  it('are what the list is narrowed to', () => {
    expect(left({ month: 'ended' })).toEqual(['gone'])
    expect(left({ month: '2026-06' })).toEqual(['soon'])
  })
})

it('what fails is said in a few words', () => {
  expect(breaksText({ apis: 7, consumers: 12, legs: 1 })).toBe('7 APIs, 12 consumers, 1 leg')
  expect(breaksText({ apis: 0, consumers: 0, legs: 0 })).toBe('nothing uses it')
})
