import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type ClientCertificates,
  clientCertificates,
  clientCertificateTable,
} from '#gateway-runtime/testing/client-certificates.ts'
import { readCertificate } from '#tls/certificate.ts'
import { factsOf } from './x509.ts'

// The portal reads certificates with a library, and a node by itself on its hot path. What people see of a
// certificate must be what decides about it.

let made: ClientCertificates
beforeAll(async () => {
  made = await clientCertificates()
})

/** What both of them say; a certificate that one of them does not take counts as its fault. */
function read<T>(reader: () => T): T | 'not taken' {
  try {
    return reader()
  } catch {
    return 'not taken'
  }
}

describe('the portal reads as a node does', () => {
  it.each(clientCertificateTable)('%s', (...row) => {
    const pem = made.of(row)?.chain.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []
    for (const one of pem) {
      const certificate = new X509Certificate(one)
      const portal = read(() => {
        const { subject, issuer, names, spkiSha256 } = factsOf(certificate)
        return { subject, issuer, subjectAltNames: names, spkiHash: spkiSha256 }
      })
      const node = read(() => {
        const { subject, issuer, subjectAltNames, spkiHash } = readCertificate(certificate.raw)
        return { subject, issuer, subjectAltNames, spkiHash }
      })
      expect(portal).toEqual(node)
    }
  })
})
