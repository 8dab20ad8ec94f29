import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAuthority, selfSigned } from './certificates.ts'

describe('certificates for tests', () => {
  it('come from their authority, with their names and key', async () => {
    const root = await createAuthority()
    const between = await root.intermediate('Between')
    const leaf = await between.issue({ names: ['dns:a.example', 'uri:spiffe://td/a', 'ip:192.0.2.1'] })
    const certificate = new X509Certificate(leaf.certificate)
    expect(certificate.subjectAltName).toBe('DNS:a.example, URI:spiffe://td/a, IP Address:192.0.2.1')
    expect(certificate.verify(new X509Certificate(between.certificate).publicKey)).toBe(true)
    expect(new X509Certificate(between.certificate).checkIssued(new X509Certificate(root.certificate))).toBe(
      true,
    )
    expect(leaf.chain).toBe(leaf.certificate + between.certificate)
    expect(certificate.serialNumber.toLowerCase()).toBe(leaf.serialNumber)
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(leaf.sha256)
  })

  it.each(['ec', 'ec-384', 'ed25519', 'rsa-1024', 'rsa-2048'] as const)('%s', async (key) => {
    const { certificate } = await selfSigned({ key, ...(key === 'rsa-1024' ? { hash: 'SHA-1' } : {}) })
    const read = new X509Certificate(certificate)
    expect(read.verify(read.publicKey)).toBe(true)
  })
})
