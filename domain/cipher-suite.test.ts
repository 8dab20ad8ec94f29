import { getCiphers } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cipherSuites, isCipherSuite, isTls13Suite, openSslCiphers } from './cipher-suite.ts'

describe('cipher suites', () => {
  it('are all known to this runtime under the names that OpenSSL has for them', () => {
    const here = new Set(getCiphers())
    for (const suite of cipherSuites) expect(here).toContain(openSslCiphers([suite]).toLowerCase())
  })

  it('of TLS 1.3 are the three that have no key exchange in their name', () => {
    expect(cipherSuites.filter(isTls13Suite)).toEqual(cipherSuites.slice(0, 3))
  })

  it('are taken by IANA name and by OpenSSL name, in the order given', () => {
    expect(isCipherSuite('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')).toBe(true)
    expect(isCipherSuite('ECDHE-RSA-AES128-GCM-SHA256')).toBe(true)
    expect(isCipherSuite('TLS_NULL_WITH_NULL_NULL')).toBe(false)
    expect(isCipherSuite('DEFAULT')).toBe(false)
    expect(openSslCiphers(['TLS_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'])).toBe(
      'TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256',
    )
  })
})
