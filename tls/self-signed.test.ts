import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { certificateMaker } from './self-signed.ts'

describe('certificateMaker', () => {
  it('makes a certificate that OpenSSL reads, for the host, of its own key and signed with it', () => {
    const { crt, key } = certificateMaker(() => new Date('2030-05-01T00:00:00Z'))('api.example')
    const certificate = new X509Certificate(crt)
    expect(certificate.checkHost('api.example')).toBe('api.example')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(new Date(certificate.validFrom).toISOString()).toBe('2030-04-30T00:00:00.000Z')
    expect(new Date(certificate.validTo).toISOString()).toBe('2031-06-02T00:00:00.000Z')
  })

  it('makes the same one for the same host again, and localhost for any host', () => {
    const make = certificateMaker()
    expect(make('*')).toBe(make('*'))
    expect(make('a.example')).not.toBe(make('b.example'))
    expect(new X509Certificate(make('*').crt).checkHost('localhost')).toBe('localhost')
  })
})
