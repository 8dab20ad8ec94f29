import type { X509Certificate } from 'node:crypto'
import type { SubjectAltName } from '#domain/certificate.ts'
import type { PeerCertificate } from '#policies/exchange.ts'
import type { CertificateParts } from './certificate.ts'

const CHAIN_MAX = 10

/** A verified leaf as policies see it. */
export class VerifiedPeer implements PeerCertificate {
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly sha256: string
  readonly subjectAltNames: readonly SubjectAltName[]
  readonly notBefore: number
  readonly notAfter: number
  readonly spkiHash: string
  private readonly certificate: X509Certificate

  constructor(certificate: X509Certificate, parts: CertificateParts) {
    this.certificate = certificate
    this.subject = parts.subject
    this.issuer = parts.issuer
    this.subjectAltNames = parts.subjectAltNames
    this.spkiHash = parts.spkiHash
    this.serialNumber = certificate.serialNumber.toLowerCase()
    this.sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
    this.notBefore = certificate.validFromDate.getTime()
    this.notAfter = certificate.validToDate.getTime()
  }

  /** The leaf, then what was sent along with it. */
  get chain(): X509Certificate[] {
    const chain = [this.certificate]
    for (let each = this.certificate.issuerCertificate; each && chain.length < CHAIN_MAX; ) {
      chain.push(each)
      each = each.issuerCertificate
    }
    return chain
  }

  get pem(): string {
    return this.certificate.toString()
  }
}
