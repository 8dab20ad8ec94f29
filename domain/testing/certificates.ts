import { hash } from 'node:crypto'
import type { CertificateFacts } from '../certificate.ts'
import type { AuthorityView, CertificateView, ContextView, InboundSide, OutboundSide } from '../trust.ts'

/** Certificates that nobody signed: what one says of itself, for rules that look at no more. */

export const dayMs = 86_400_000
/** The moment at which tests judge. */
export const now = new Date('2026-06-01T12:00:00.000Z')
export const inDays = (days: number) => new Date(now.getTime() + days * dayMs).toISOString()

type Facts = Partial<Omit<CertificateFacts, 'subject'>>

/** A leaf for both sides of TLS, issued by `CN=Root` a year ago for two, unless it is said otherwise. */
export function facts(subject: string, change: Facts = {}): CertificateFacts {
  const issuer = change.issuer ?? 'CN=Root'
  return {
    sha256: hash('sha256', JSON.stringify([subject, issuer, change])),
    subject,
    issuer,
    serialNumber: '1',
    notBefore: inDays(-365),
    notAfter: inDays(365),
    names: [],
    isCa: false,
    key: { algorithm: 'EC', bits: 256 },
    spkiSha256: subject,
    extendedKeyUsages: ['serverAuth', 'clientAuth'],
    subjectKeyId: null,
    authorityKeyId: null,
    selfSigned: issuer === subject,
    ...change,
  }
}

export function caFacts(subject: string, change: Facts = {}): CertificateFacts {
  const lifetime = { notBefore: inDays(-1000), notAfter: inDays(3000) }
  return facts(subject, { isCa: true, issuer: subject, extendedKeyUsages: null, ...lifetime, ...change })
}

export function authority(id: string, change: Partial<AuthorityView> = {}): AuthorityView {
  return {
    id,
    name: id,
    runBy: 'organisation',
    certificate: caFacts(`CN=${id}`),
    canIssue: false,
    parentId: null,
    version: 1,
    ...change,
  }
}

/** A certificate that `CN=${issuer}` issued. */
export function certificate(
  id: string,
  issuer: string,
  change: Partial<CertificateView> & { facts?: Facts } = {},
): CertificateView {
  const { facts: said, ...rest } = change
  return {
    id,
    name: id,
    kind: 'server',
    chain: [facts(`CN=${id}`, { issuer: `CN=${issuer}`, ...said })],
    hasKey: true,
    renewalMethod: 'manual',
    rotationWindowDays: null,
    version: 1,
    ...rest,
  }
}

export function context(id: string, change: Partial<ContextView> = {}): ContextView {
  return { id, name: id, class: 'org-internal', authorityIds: [], keystoreId: null, version: 1, ...change }
}

const parameters = {
  contextId: null,
  inline: null,
  minVersion: '1.2',
  maxVersion: '1.3',
  ciphers: [],
  subjectAltNames: [],
} as const

export function inbound(change: Partial<InboundSide> = {}): InboundSide {
  return { ...parameters, ciphers: [], subjectAltNames: [], mode: 'STRICT', ...change }
}

export function outbound(change: Partial<OutboundSide> = {}): OutboundSide {
  return {
    ...parameters,
    ciphers: [],
    subjectAltNames: [],
    hasCertificate: false,
    skipValidation: false,
    serverName: '',
    ...change,
  }
}
