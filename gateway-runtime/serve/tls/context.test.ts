import { beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, type KeyAndCertificate } from '../../testing/certificates.ts'
import { TlsContexts } from './context.ts'
import { tlsSettings } from './tls-fixture.ts'

let own: KeyAndCertificate

beforeAll(async () => {
  const root = await createAuthority()
  own = await root.issue({ names: ['dns:a.example'] })
})

describe('contexts', () => {
  it('are shared by those who want the same, however they say it', () => {
    const contexts = new TlsContexts()
    const one = contexts.of(tlsSettings(own))
    expect(contexts.of(tlsSettings(own))).toBe(one)
    const turned = Object.fromEntries(Object.entries(tlsSettings(own)).reverse())
    // The same members in another order.
    expect(contexts.of(turned as unknown as ReturnType<typeof tlsSettings>)).toBe(one)
    expect(contexts.size).toBe(1)
  })

  it('differ by every setting', () => {
    const contexts = new TlsContexts()
    contexts.of(tlsSettings(own))
    contexts.of(tlsSettings(own, { minVersion: 'TLSv1.3' }))
    contexts.of(tlsSettings(own, { alpn: ['http/1.1'] }))
    contexts.of(tlsSettings(own, { mode: 'STRICT', trustedCa: own.certificate }))
    contexts.of(tlsSettings(own, { mode: 'PERMISSIVE', trustedCa: own.certificate }))
    expect(contexts.size).toBe(5)
  })

  it('are forgotten once nobody wants them, and a failed one is not kept', () => {
    const contexts = new TlsContexts()
    const kept = tlsSettings(own)
    const one = contexts.of(kept)
    contexts.of(tlsSettings(own, { minVersion: 'TLSv1.3' }))
    expect(() => contexts.of(tlsSettings(own, { ciphers: ['x'] }))).toThrow(/x is not known/)
    contexts.keepOnly([kept])
    expect(contexts.size).toBe(1)
    expect(contexts.of(kept)).toBe(one)
  })
})
