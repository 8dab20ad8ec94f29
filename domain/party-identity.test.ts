import { describe, expect, it } from 'vitest'
import { Identities, identityFault, identityKind, partyIdentities } from './party-identity.ts'

const print = 'ab'.repeat(32)
const coloned = print.toUpperCase().match(/../g)?.join(':') ?? ''

describe('an identity', () => {
  it.each([
    [print, 'certificate'],
    [coloned, 'certificate'],
    ['CN=shop,O=Acme', 'subject'],
    ['emailAddress=ops@acme.example', 'subject'],
    ['spiffe://acme/shop=1', 'name'],
    ['*.shop.example', 'name'],
    ['ops@acme.example', 'name'],
    ['10.0.0.1', 'name'],
  ])('%s is a %s', (identity, kind) => {
    expect(identityKind(identity)).toBe(kind)
    expect(identityFault(identity)).toBeUndefined()
  })

  it('that is none is refused with what it could be', () => {
    expect(identityFault('the shop')).toContain('nor is it a subject such as CN=shop,O=Acme')
    expect(partyIdentities.safeParse(['the shop']).error?.issues).toMatchObject([{ path: [0] }])
  })

  it('is kept once and in one form', () => {
    expect(partyIdentities.parse([coloned, ` ${print}`, 'CN=a', 'CN=a'])).toEqual([print, 'CN=a'])
  })
})

describe('identities', () => {
  const shown = {
    sha256: print,
    subject: 'CN=shop, O=Acme',
    names: [{ type: 'dns', value: 'a.shop.example' }],
  } as const

  it('name the party by the most exact kind that fits', () => {
    const byName = { id: 'name', identities: ['*.shop.example'] }
    const bySubject = { id: 'subject', identities: ['cn=shop,o=Acme'] }
    const byPrint = { id: 'print', identities: [print] }
    expect(new Identities([byName]).of(shown)).toEqual({ by: 'name', ids: ['name'] })
    expect(new Identities([byName, bySubject]).of(shown)).toEqual({ by: 'subject', ids: ['subject'] })
    expect(new Identities([byName, bySubject, byPrint]).of(shown)).toEqual({
      by: 'certificate',
      ids: ['print'],
    })
  })

  it('name all that fit, and nobody where a party declares none', () => {
    const two = ['a', 'b'].map((id) => ({ id, identities: ['a.shop.example'] }))
    expect(new Identities(two).of(shown)).toEqual({ by: 'name', ids: ['a', 'b'] })
    expect(new Identities([{ id: 'a', identities: [] }]).of(shown)).toBeNull()
    expect(new Identities(two).of({ sha256: null, subject: '', names: [] })).toBeNull()
  })
})
