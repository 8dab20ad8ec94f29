import type { X509Certificate } from 'node:crypto'
import type { BuiltChain, ChainLink } from '#domain/handshake.ts'
import { type CertificateParts, readCertificate } from './certificate.ts'

// More than any chain in use; also what ends a circle of cross-signed CAs.
const linksMax = 20

/** The way from a leaf up, over the certificates that are sent with it, to one that is trusted. */
export function buildChain(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): BuiltChain {
  const links = [linkOf(leaf, isAmong(leaf, trusted) ? 'trusted' : 'leaf')]
  if (isAmong(leaf, trusted)) return { links, anchored: true, missing: null }
  for (let last = leaf; links.length < linksMax; ) {
    const anchor = trusted.find((each) => isIssuedBy(last, each))
    if (anchor !== undefined) {
      links.push(linkOf(anchor, 'trusted'))
      return { links, anchored: true, missing: null }
    }
    if (isIssuedBy(last, last)) return { links, anchored: false, missing: null }
    const next = sent.find((each) => isIssuedBy(last, each))
    if (next === undefined) return { links, anchored: false, missing: issuerOf(last) }
    links.push(linkOf(next, 'sent'))
    last = next
  }
  return { links, anchored: false, missing: null }
}

function isAmong({ raw }: X509Certificate, others: readonly X509Certificate[]): boolean {
  return others.some((each) => each.raw.equals(raw))
}

function isIssuedBy(child: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return child.checkIssued(issuer) && child.verify(issuer.publicKey)
  } catch {
    // A key of another kind than the signature.
    return false
  }
}

function linkOf(certificate: X509Certificate, origin: ChainLink['origin']): ChainLink {
  return {
    subject: partsOf(certificate)?.subject ?? 'a certificate that cannot be read',
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    origin,
  }
}

function issuerOf(certificate: X509Certificate): string {
  return partsOf(certificate)?.issuer ?? 'an issuer whose name cannot be read'
}

function partsOf({ raw }: X509Certificate): CertificateParts | undefined {
  try {
    return readCertificate(raw)
  } catch {
    return undefined
  }
}
