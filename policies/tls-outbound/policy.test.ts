import { describe, expect, it } from 'vitest'
import { portsInMemory } from '../exchange-in-memory.ts'
import { maskedConfig } from '../secrets.ts'
import { tlsOutbound } from './policy.ts'
import { noContexts } from '../settings.ts'

const pem = (word: string) => `-----BEGIN ${word}-----\nAAAA\n-----END ${word}-----\n`
const certificate = { crt: pem('CERTIFICATE'), key: pem('PRIVATE KEY') }

function faultsOf(config: unknown) {
  const parsed = tlsOutbound.config.safeParse(config)
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'))
}

describe('tls-outbound', () => {
  it('verifies unless it is told not to, and is loud then', () => {
    const ports = portsInMemory()
    expect(tlsOutbound.upstream?.(tlsOutbound.config.parse({}), noContexts)).toMatchObject({
      tls: { skipValidation: false, trustedCa: '' },
    })
    tlsOutbound.prepare(tlsOutbound.config.parse({}), ports)
    expect(ports.logged).toEqual([])
    const careless = tlsOutbound.config.parse({ skipValidation: true })
    tlsOutbound.prepare(careless, ports)
    expect(ports.logged).toMatchObject([{ level: 'warn', code: 'upstream_tls_not_verified' }])
    expect(tlsOutbound.summarise(careless)).toContain('ANY')
  })

  it('takes the keys of Flex, and says nothing about versions that nobody should speak', () => {
    const config = tlsOutbound.config.parse({
      certificate,
      trustedCA: pem('CERTIFICATE'),
      minversion: '1.3',
      maxversion: '1.3',
      ciphers: ['TLS_AES_128_GCM_SHA256'],
      alpn: ['h2', 'http/1.1'],
    })
    expect(tlsOutbound.upstream?.(config, noContexts)).toMatchObject({
      tls: { minVersion: 'TLSv1.3', certificate: { certificate: certificate.crt, key: certificate.key } },
    })
    expect(faultsOf({ minversion: '1.1' })).toEqual(['minversion'])
  })

  it('refuses what contradicts itself or cannot be meant', () => {
    expect(faultsOf({ minversion: '1.3', maxversion: '1.2' })).toEqual(['minversion'])
    expect(faultsOf({ skipValidation: true, subjectAltNames: ['a'] })).toEqual(['subjectAltNames'])
    expect(faultsOf({ ciphers: ['DEFAULT@SECLEVEL=0'] })).toEqual(['ciphers.0'])
    expect(faultsOf({ spkiHashes: ['AAAA'] })).toEqual(['spkiHashes.0'])
    expect(faultsOf({ certificate: { crt: 'a', key: 'b' } })).toEqual(['certificate.crt', 'certificate.key'])
  })

  it('takes its certificates from an mTLS context, and none beside that', () => {
    const config = tlsOutbound.config.parse({ contextRef: 'partners', serverName: 'a.example' })
    const material = { trustedCa: pem('CERTIFICATE'), certificate: undefined }
    const { tls } = tlsOutbound.upstream?.(config, () => material) ?? {}
    expect(tls).toMatchObject({ ...material, serverName: 'a.example', skipValidation: false })
    expect(() => tlsOutbound.upstream?.(config, noContexts)).toThrow('there is no mTLS context partners here')
    expect(faultsOf({ contextRef: 'partners', certificate, trustedCA: pem('CERTIFICATE') })).toEqual([
      'certificate',
      'trustedCA',
    ])
  })

  it('shows the private key to nobody', () => {
    expect(JSON.stringify(maskedConfig('tls-outbound', { certificate }))).not.toContain('PRIVATE')
  })
})
