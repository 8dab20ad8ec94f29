import { describe, expect, it } from 'vitest'
import { withoutSecrets } from '../secrets.ts'
import { type Contexts, noContexts } from '../settings.ts'
import { tls } from './policy.ts'

const crt = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
const certificate = { crt, key }

function settings(config: Record<string, unknown>, contexts = noContexts) {
  return tls.inboundTls?.(tls.config.parse({ certificate, ...config }), contexts)
}

function faults(config: Record<string, unknown>): string[] {
  const parsed = tls.config.safeParse({ certificate, ...config })
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'))
}

describe('client certificates', () => {
  it.each([
    [{}, 'DISABLE'],
    [{ trustedCA: crt }, 'STRICT'],
    [{ trustedCA: crt, mode: 'PERMISSIVE' }, 'PERMISSIVE'],
    [{ trustedCA: crt, mode: 'DISABLE' }, 'DISABLE'],
    [{ trustedCA: crt, requireClientCertificate: true }, 'STRICT'],
    [{ trustedCA: crt, requireClientCertificate: false }, 'DISABLE'],
    [{ trustedCA: crt, requireClientCertificate: true, mode: 'STRICT' }, 'STRICT'],
  ])('with %o: %s', (config, mode) => {
    expect(settings(config)?.mode).toBe(mode)
  })
})

describe('the settings', () => {
  it('carry all that was said, in the words of the runtime', () => {
    expect(
      settings({
        trustedCA: crt,
        subjectAltNames: ['spiffe://td/*'],
        minversion: '1.3',
        ciphers: ['TLS_AES_256_GCM_SHA384'],
        alpn: ['http/1.1'],
      }),
    ).toEqual({
      mode: 'STRICT',
      certificate: { certificate: crt, key },
      trustedCa: crt,
      crl: '',
      subjectAltNames: ['spiffe://td/*'],
      spkiHashes: [],
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: ['TLS_AES_256_GCM_SHA384'],
      alpn: ['http/1.1'],
    })
  })
})

describe('with an mTLS context', () => {
  const contexts: Contexts = (ref) =>
    ref === 'partners' ? { trustedCa: crt, certificate: { certificate: crt, key } } : undefined
  const named = { certificate: undefined, contextRef: 'partners' }

  it('clients must show a certificate unless something else is said', () => {
    expect(settings(named, contexts)).toMatchObject({
      mode: 'STRICT',
      trustedCa: crt,
      certificate: { certificate: crt, key },
    })
    expect(settings({ ...named, mode: 'DISABLE' }, contexts)?.mode).toBe('DISABLE')
  })

  it('nothing is made where there is none, or one that shows no certificate', () => {
    expect(() => settings(named)).toThrow('there is no mTLS context partners here')
    const validating: Contexts = () => ({ trustedCa: crt, certificate: undefined })
    expect(() => settings(named, validating)).toThrow(
      'the mTLS context partners has no certificate to show to clients',
    )
  })

  it('certificates in the policy itself are refused', () => {
    expect(faults({ contextRef: 'partners', trustedCA: crt })).toEqual(['certificate', 'trustedCA'])
    expect(faults(named)).toEqual([])
    expect(faults({ ...named, mode: 'STRICT' })).toEqual([])
  })
})

describe('a configuration is refused', () => {
  it.each([
    [{ certificate: undefined }, 'certificate'],
    [{ certificate: { crt } }, 'certificate.key'],
    [{ certificate: { crt: 'x', key } }, 'certificate.crt'],
    [{ mode: 'STRICT' }, 'trustedCA'],
    [{ mode: 'PERMISSIVE' }, 'trustedCA'],
    [{ requireClientCertificate: true }, 'trustedCA'],
    [{ trustedCA: 'x' }, 'trustedCA'],
    [{ trustedCA: crt, crl: 'x' }, 'crl'],
    [{ trustedCA: crt, mode: 'PERMISSIVE', requireClientCertificate: true }, 'requireClientCertificate'],
    [{ trustedCA: crt, mode: 'STRICT', requireClientCertificate: false }, 'requireClientCertificate'],
    [{ subjectAltNames: ['a.example'] }, 'subjectAltNames'],
    [{ trustedCA: crt, subjectAltNames: ['a.*.example'] }, 'subjectAltNames.0'],
    [{ trustedCA: crt, spkiHashes: ['x'] }, 'spkiHashes.0'],
    [{ minversion: '1.1' }, 'minversion'],
    [{ minversion: '1.3', maxversion: '1.2' }, 'minversion'],
    [{ ciphers: ['TLS_RSA_WITH_NULL_MD5'] }, 'ciphers.0'],
    [{ alpn: ['h3'] }, 'alpn.0'],
    [{ alpn: ['h2', 'h2'] }, 'alpn'],
    [{ secretName: 'x' }, ''],
  ])('%o, at %s', (config, path) => {
    expect(faults(config)).toContain(path)
  })
})

describe('the private key', () => {
  it('is masked, and nothing else is', () => {
    const shown = withoutSecrets('tls', { certificate, trustedCA: crt })
    expect(shown).toEqual({ certificate: { crt, key: '••••••••' }, trustedCA: crt })
  })
})
