import type { X509Certificate } from 'node:crypto'
import type { ApiCertificate } from '#policies/definition.ts'
import type { InboundTls, UpstreamSettings } from '#policies/settings.ts'
import { readCertificate } from './certificate.ts'
import { certificatesOf } from './pem.ts'

/** The certificates that the TLS settings of an API name. Those that cannot be read are refused elsewhere. */
export function apiCertificates(
  inbound: InboundTls | undefined,
  upstreams: readonly UpstreamSettings[],
): ApiCertificate[] {
  // What is said for all upstreams is one and the same object for each.
  const outbound = new Set(upstreams.flatMap(({ tls }) => tls ?? []))
  return [
    ...read(inbound?.certificate.certificate, 'server'),
    ...read(inbound?.mode === 'DISABLE' ? '' : inbound?.trustedCa, 'ca'),
    ...[...outbound].flatMap(({ certificate, trustedCa }) => [
      ...read(certificate?.certificate, 'client'),
      ...read(trustedCa, 'ca'),
    ]),
  ]
}

// Intermediates that are sent along expire as well as the leaf does, and count as what they come with.
function read(pem: string | undefined, type: ApiCertificate['type']): ApiCertificate[] {
  if (pem === undefined || pem === '') return []
  try {
    return certificatesOf(pem, [type]).map((certificate) => viewOf(certificate, type))
  } catch {
    return []
  }
}

function viewOf(certificate: X509Certificate, type: ApiCertificate['type']): ApiCertificate {
  const { subject, subjectAltNames } = readCertificate(certificate.raw)
  return {
    type,
    subject,
    subjectAltNames,
    serialNumber: certificate.serialNumber.toLowerCase(),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}
