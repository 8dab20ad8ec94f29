import { hash, type KeyObject, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AuthorityKeyIdentifier,
  type AttributeTypeAndValue,
  Certificate,
  type Extension,
  ExtendedKeyUsage,
  type GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  type Name,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509'
import type { CertificateFacts, Issued, SubjectAltName } from '#domain/certificate.ts'
import { canonicalAddress } from '#domain/subject-alt-names.ts'
import { attributeText } from '#tls/distinguished-name.ts'

/** A certificate that cannot be read, or that says what none may. The message says what, in words. */
export class CertificateFault extends Error {}

/** A certificate as its rules see it (RFC 5280). Throws a CertificateFault. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  const { tbsCertificate: tbs } = parsed(certificate)
  const extensions = tbs.extensions ?? []
  return {
    sha256: fingerprintOf(certificate),
    subject: nameText(tbs.subject),
    issuer: nameText(tbs.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    notBefore: momentOf(certificate.validFromDate),
    notAfter: momentOf(certificate.validToDate),
    names: namesIn(extensions),
    isCa: certificate.ca,
    key: keyFacts(certificate.publicKey),
    spkiSha256: hash('sha256', Buffer.from(AsnConvert.serialize(tbs.subjectPublicKeyInfo)), 'base64'),
    extendedKeyUsages: usagesIn(extensions),
    subjectKeyId: keyIdIn(extensions, id_ce_subjectKeyIdentifier, SubjectKeyIdentifier),
    authorityKeyId: authorityKeyIdIn(extensions),
    selfSigned: isSignedBy(certificate, certificate),
  }
}

/** SHA-256 of the DER form, lower-case hex. */
export function fingerprintOf({ raw }: X509Certificate): string {
  return hash('sha256', raw, 'hex')
}

/** Whether one was issued by the other: names, key ids, usage and the signature itself. */
export function isIssuedBy(child: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && child.checkIssued(issuer) && isSignedBy(child, issuer)
}

/** The same for facts, over certificates that are at hand; of others nothing was issued. */
export function issuedAmong(certificates: Iterable<X509Certificate>): Issued {
  const byHash = new Map([...certificates].map((each) => [fingerprintOf(each), each]))
  return (child, issuer) => {
    const [below, above] = [byHash.get(child.sha256), byHash.get(issuer.sha256)]
    return below !== undefined && above !== undefined && isIssuedBy(below, above)
  }
}

function isSignedBy(child: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return child.verify(issuer.publicKey)
  } catch {
    // A key of another kind than the signature.
    return false
  }
}

function parsed({ raw }: X509Certificate): Certificate {
  try {
    return AsnConvert.parse(raw, Certificate)
  } catch {
    throw new CertificateFault('cannot be read')
  }
}

function momentOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new CertificateFault('has no valid dates')
  return date.toISOString()
}

// ── Names ───────────────────────────────────────────────────────────────────

/** RFC 4514 §2: the most specific attribute first. */
export function nameText(name: Name): string {
  return [...name]
    .map((set) => [...set].map(textOf).join('+'))
    .reverse()
    .join(',')
}

function textOf({ type, value }: AttributeTypeAndValue): string {
  // Strings of four bytes a character are left as they are, as the data plane leaves them.
  const text = value.anyValue || value.universalString !== undefined ? undefined : value.toString()
  return attributeText(type, text, () => new Uint8Array(AsnConvert.serialize(value)))
}

function namesIn(extensions: readonly Extension[]): SubjectAltName[] {
  const found = extensionOf(extensions, id_ce_subjectAltName, SubjectAlternativeName)
  return found === undefined ? [] : [...found].flatMap((name) => nameOf(name) ?? [])
}

/** A name of the kinds that allow something; undefined for others. */
export function nameOf(name: GeneralName): SubjectAltName | undefined {
  const { dNSName: dns, uniformResourceIdentifier: uri, rfc822Name: email, iPAddress: ip } = name
  if (dns !== undefined) return { type: 'dns', value: plain(dns) }
  if (uri !== undefined) return { type: 'uri', value: plain(uri) }
  if (email !== undefined) return { type: 'email', value: plain(email) }
  if (ip === undefined) return undefined
  const address = canonicalAddress(ip)
  if (address === undefined) throw new CertificateFault('has an address of no known length among its names')
  return { type: 'ip', value: address }
}

// A NUL cuts a name short for whoever reads it as C does.
function plain(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new CertificateFault('has a name with control characters or letters beyond ASCII')
  return text
}

// ── Extensions ──────────────────────────────────────────────────────────────

function extensionOf<T>(extensions: readonly Extension[], id: string, shape: new () => T): T | undefined {
  const found = extensions.find(({ extnID }) => extnID === id)
  if (found === undefined) return undefined
  try {
    return AsnConvert.parse(found.extnValue, shape)
  } catch {
    throw new CertificateFault(`has an extension (${id}) that cannot be read`)
  }
}

// RFC 5280 §4.2.1.12.
const usageNames: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
}

function usagesIn(extensions: readonly Extension[]): string[] | null {
  const found = extensionOf(extensions, id_ce_extKeyUsage, ExtendedKeyUsage)
  return found === undefined ? null : [...found].map((id) => usageNames[id] ?? id)
}

interface KeyId {
  readonly buffer: ArrayBuffer
}

function keyIdIn(extensions: readonly Extension[], id: string, shape: new () => KeyId): string | null {
  const found = extensionOf(extensions, id, shape)
  return found === undefined ? null : Buffer.from(found.buffer).toString('hex')
}

function authorityKeyIdIn(extensions: readonly Extension[]): string | null {
  const found = extensionOf(extensions, id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier)
  return found?.keyIdentifier === undefined ? null : Buffer.from(found.keyIdentifier.buffer).toString('hex')
}

// ── Keys ────────────────────────────────────────────────────────────────────

const curveBits: Readonly<Record<string, number>> = {
  prime256v1: 256,
  secp256k1: 256,
  secp384r1: 384,
  secp521r1: 521,
}

function keyFacts({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): CertificateFacts['key'] {
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return { algorithm: 'RSA', bits: asymmetricKeyDetails?.modulusLength ?? 0 }
    case 'ec':
      return { algorithm: 'EC', bits: curveBits[asymmetricKeyDetails?.namedCurve ?? ''] ?? 0 }
    case 'ed25519':
      return { algorithm: 'Ed25519', bits: 256 }
    case 'ed448':
      return { algorithm: 'Ed448', bits: 456 }
    default:
      return { algorithm: 'other', bits: 0 }
  }
}
