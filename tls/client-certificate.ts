import type { X509Certificate } from 'node:crypto'
import type { ClientFault } from '#domain/handshake.ts'
import { type CertificateParts, NameFault, readCertificate } from './certificate.ts'
import { VerifiedPeer } from './verified-peer.ts'

/** What came of the certificate that a client showed. */
export type Judged =
  | { readonly peer: VerifiedPeer; readonly fault: null }
  | { readonly peer: undefined; readonly fault: ClientFault }

const RSA_BITS_MIN = 2_048
const EC_CURVES_WEAK = new Set([
  'prime192v1',
  'prime192v2',
  'prime192v3',
  'secp160k1',
  'secp160r1',
  'secp192k1',
])

// Signatures over MD2, MD5 or SHA-1.
const WEAK_SIGNATURES = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.29',
])

/**
 * Judges a client's certificate whose chain OpenSSL has looked at: `error` is its code, or undefined where it
 * verified. The names and the pins of an API are not looked at here.
 */
export function judge(certificate: X509Certificate, error: string | undefined, nowMs: number): Judged {
  let parts: CertificateParts
  try {
    parts = readCertificate(certificate.raw)
  } catch (fault) {
    return refused(fault instanceof NameFault ? 'client_cert_san_not_allowed' : 'client_cert_invalid')
  }
  if (isWeak(certificate, parts.signatureAlgorithm)) return refused('client_cert_weak_key')
  if (error !== undefined) return refused(codeOf(error, certificate, nowMs))
  return { peer: new VerifiedPeer(certificate, parts), fault: null }
}

function refused(fault: ClientFault): Judged {
  return { peer: undefined, fault }
}

function isWeak({ publicKey }: X509Certificate, signatureAlgorithm: string): boolean {
  if (WEAK_SIGNATURES.has(signatureAlgorithm)) return true
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  return (
    (modulusLength !== undefined && modulusLength < RSA_BITS_MIN) ||
    (namedCurve !== undefined && EC_CURVES_WEAK.has(namedCurve))
  )
}

/** OpenSSL's word for what is wrong with a chain, as what an operator can act upon. */
function codeOf(error: string, certificate: X509Certificate, nowMs: number): ClientFault {
  switch (error) {
    // A CA above it may be what has expired: then its holder can do nothing about it.
    case 'CERT_HAS_EXPIRED':
      return certificate.validToDate.getTime() < nowMs
        ? 'client_cert_expired'
        : 'client_cert_untrusted_issuer'
    case 'CERT_NOT_YET_VALID':
      return certificate.validFromDate.getTime() > nowMs
        ? 'client_cert_not_yet_valid'
        : 'client_cert_untrusted_issuer'
    case 'CERT_REVOKED':
      return 'client_cert_revoked'
    case 'INVALID_PURPOSE':
      return 'client_cert_wrong_usage'
    case 'UNABLE_TO_GET_CRL':
    case 'UNABLE_TO_GET_CRL_ISSUER':
    case 'CRL_HAS_EXPIRED':
    case 'CRL_NOT_YET_VALID':
    case 'CRL_SIGNATURE_FAILURE':
      return 'client_cert_revocation_unknown'
    case 'EE_KEY_TOO_SMALL':
    case 'CA_KEY_TOO_SMALL':
    case 'CA_MD_TOO_WEAK':
      return 'client_cert_weak_key'
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'CERT_CHAIN_TOO_LONG':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
    case 'CERT_REJECTED':
    case 'INVALID_CA':
    case 'PATH_LENGTH_EXCEEDED':
      return 'client_cert_untrusted_issuer'
    default:
      // Node has no word for a weak key or signature above the leaf.
      return hasWeakIssuer(certificate) ? 'client_cert_weak_key' : 'client_cert_invalid'
  }
}

const CHAIN_MAX = 10

function hasWeakIssuer(leaf: X509Certificate): boolean {
  let issuer = leaf.issuerCertificate
  for (let depth = 0; issuer !== undefined && depth < CHAIN_MAX; depth++, issuer = issuer.issuerCertificate) {
    try {
      if (isWeak(issuer, readCertificate(issuer.raw).signatureAlgorithm)) return true
    } catch {
      return false
    }
  }
  return false
}
