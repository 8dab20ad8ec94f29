import { describe, expect, it } from 'vitest'
import { compareHref, now, readWhen, writeWhen } from './when.ts'

describe('the time in the address', () => {
  it.each([
    { at: 'edge@42', compare: null },
    { at: 'deployed', compare: null },
    { at: '2026-11-30T12:00:00.000Z', compare: null },
    { at: null, compare: { from: 'edge@41', to: 'draft' } },
    { at: null, compare: { from: 'sign-off:0193a1c2-0000-7000-8000-000000000000', to: 'deployed' } },
    now,
  ])('is read as it was written: %j', (when) => {
    const search = new URLSearchParams()
    writeWhen(when, search)
    expect(readWhen(search)).toEqual(when)
  })

  it.each(['at=yesterday', 'compare=edge@1', 'compare=edge@1..never', 'compare=a..b..c', 'at=draft'])(
    'is now where it says nothing that is understood: %s',
    (text) => {
      expect(readWhen(new URLSearchParams(text))).toEqual(now)
    },
  )

  it('leads to a comparison from elsewhere', () => {
    const address = new URL(compareHref({ from: 'deployed', to: 'draft' }), 'http://portal')
    expect(readWhen(address.searchParams)).toEqual({ at: null, compare: { from: 'deployed', to: 'draft' } })
  })
})
