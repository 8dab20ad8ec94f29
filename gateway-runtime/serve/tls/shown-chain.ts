import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ProbedCertificate } from '#domain/probe.ts'
import { readCertificate } from '#tls/certificate.ts'

const linksMax = 10
const namesMax = 50

/** What the far side of a connection has shown. Node gives it once: asked again, it has less to say. */
export function leafOf(socket: TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate()
}

/** A certificate with those that were shown beside it, the leaf first. */
export function chainOf(leaf: X509Certificate | undefined): ProbedCertificate[] {
  const chain: ProbedCertificate[] = []
  let last = leaf
  while (last !== undefined && chain.length < linksMax) {
    chain.push(viewOf(last))
    last = last.issuerCertificate
  }
  return chain
}

function viewOf(certificate: X509Certificate): ProbedCertificate {
  return {
    ...namesOf(certificate),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  }
}

function namesOf({ raw }: X509Certificate): Pick<ProbedCertificate, 'subject' | 'issuer' | 'names'> {
  try {
    const { subject, issuer, subjectAltNames } = readCertificate(raw)
    return { subject, issuer, names: subjectAltNames.slice(0, namesMax).map(({ value }) => value) }
  } catch {
    return { subject: 'a certificate that cannot be read', issuer: '', names: [] }
  }
}
