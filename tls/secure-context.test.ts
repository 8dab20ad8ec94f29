import { beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, type KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import type { InboundTls, OutboundTls } from '#policies/settings.ts'
import { TlsFault } from './fault.ts'
import { inboundContext, outboundContext } from './secure-context.ts'
import { inboundSettings, plainParameters } from './testing/settings.ts'

let own: KeyAndCertificate
let other: KeyAndCertificate
let weak: KeyAndCertificate

beforeAll(async () => {
  const root = await createAuthority()
  ;[own, other, weak] = await Promise.all([root.issue(), root.issue(), root.issue({ key: 'rsa-1024' })])
})

const pair = ({ chain, key }: Pick<KeyAndCertificate, 'chain' | 'key'>) => ({ certificate: chain, key })
const inbound = (change: Partial<InboundTls> = {}): InboundTls =>
  inboundSettings(pair(own), { mode: 'STRICT', trustedCa: other.certificate, ...change })
const outbound = (change: Partial<OutboundTls> = {}): OutboundTls => ({
  ...plainParameters,
  certificate: pair(own),
  trustedCa: other.certificate,
  crl: '',
  subjectAltNames: [],
  spkiHashes: [],
  skipValidation: false,
  serverName: '',
  ...change,
})

const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`
const pathOf = (make: () => unknown): string => {
  try {
    make()
    return 'nowhere'
  } catch (error) {
    return error instanceof TlsFault ? error.path.join('.') : String(error)
  }
}

describe('a context for handshakes', () => {
  it('is made of settings that fit', () => {
    expect(pathOf(() => inboundContext(inbound()))).toBe('nowhere')
    expect(pathOf(() => outboundContext(outbound()))).toBe('nowhere')
    expect(pathOf(() => outboundContext(undefined))).toBe('nowhere')
  })

  it.each<[string, () => Partial<InboundTls & OutboundTls>]>([
    ['certificate.key', () => ({ certificate: pair({ chain: own.chain, key: other.key }) })],
    ['certificate.crt', () => ({ certificate: pair({ chain: block('CERTIFICATE'), key: own.key }) })],
    ['certificate.crt', () => ({ certificate: pair(weak) })],
    ['trustedCA', () => ({ trustedCa: own.certificate + block('CERTIFICATE') })],
    ['crl', () => ({ crl: 'none' })],
    ['crl', () => ({ crl: block('X509 CRL') })],
    ['ciphers', () => ({ ciphers: ['TLS_NULL'] })],
    ['minversion', () => ({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })],
    ['subjectAltNames', () => ({ subjectAltNames: ['a.*.b'] })],
    ['spkiHashes', () => ({ spkiHashes: ['abc'] })],
  ])('names %s where that is at fault, in either direction', (path, change) => {
    expect(pathOf(() => inboundContext(inbound(change())))).toBe(path)
    expect(pathOf(() => outboundContext(outbound(change())))).toBe(path)
  })
})
