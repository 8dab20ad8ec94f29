import { describe, expect, it } from 'vitest'
import { numbersFrom, pickerOf } from '#domain/testing/random.ts'
import { inboundSettings } from '#tls/testing/settings.ts'
import { type Claim, placeApis, tlsText } from './placing.ts'

function tls(certificate: string): Claim['tls'] {
  const settings = inboundSettings({ certificate, key: '' })
  return { key: tlsText(settings), settings }
}

const claim = (id: string, more: Partial<Claim> = {}): Claim => ({
  id,
  name: id,
  version: '1',
  host: '*',
  basePath: `/${id}`,
  ...more,
})
const web = { id: 'listener:web', protocol: 'http' } as const
const secure = { id: 'listener:secure', protocol: 'https' } as const

describe('placing', () => {
  it('puts APIs without TLS on http, those with it on https, and those without one under the TLS of their host', () => {
    const [plain, own, shares] = [
      claim('plain', { host: 'p.example' }),
      claim('own', { host: 'h.example', tls: tls('one') }),
      claim('shares', { host: 'h.example' }),
    ]
    const other = claim('other', { host: '*.example', tls: tls('two') })
    const { byListener, faults } = placeApis([plain, own, shares, other], [web, secure])
    expect(faults).toEqual([])
    expect(byListener.get(web.id)?.plain).toEqual([plain, shares])
    const { hosts, served } = byListener.get(secure.id)?.secure ?? {}
    expect(served?.get(hosts?.find('h.example') ?? '')).toEqual([own, shares])
    expect(served?.get(hosts?.find('any.example') ?? '')).toEqual([other, plain])
  })

  it('says the same in whatever order the APIs come', () => {
    const pick = pickerOf(numbersFrom(7))
    const claims = Array.from({ length: 30 }, (_, index) =>
      claim(`a${index}`, {
        host: pick(['*', 'h.example']),
        basePath: pick(['/x', '/y']),
        ...pick([{}, { tls: tls('one') }, { tls: tls('two') }]),
      }),
    )
    const { faults } = placeApis(claims, [web, secure])
    expect(faults.length).toBeGreaterThan(10)
    expect(placeApis(claims.toReversed(), [web, secure]).faults).toEqual(faults)
  })

  it('says of a clash which listeners it is on, and of two APIs of one name which is which', () => {
    const more = { id: 'listener:more', protocol: 'http' } as const
    const both = [claim('a', { basePath: '/x' }), claim('b', { basePath: '/x', name: 'a' })]
    expect(placeApis(both, [web, more]).faults).toEqual([
      {
        kind: 'clash',
        apiId: 'b',
        otherId: 'a',
        on: [web.id, more.id],
        member: 'basePath',
        detail: 'a 1 (b) and a 1 (a) both answer at /x on the listeners web and more',
      },
    ])
  })
})
