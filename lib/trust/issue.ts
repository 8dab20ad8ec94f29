// The library below needs the polyfill before it is loaded.
import 'reflect-metadata'
import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { SubjectAlternativeName } from '@peculiar/asn1-x509'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { CertificateKind, SubjectAltName } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { Secret } from '#domain/secret.ts'
import {
  alternativeNames,
  makeKey,
  nameIn,
  publicKeyOf,
  signerOf,
  type Subject,
} from '#tls/certificate-request.ts'
import { CertificateFault, factsOf, nameOf } from './x509.ts'

export { makeKey, makeRequest, publicKeyOf, type Subject } from '#tls/certificate-request.ts'

/** Makes certificates and reads requests: ECDSA P-256 for what is made here, any common kind for what is brought. */

/** Who signs: a CA whose key is at hand. */
export interface Issuer {
  readonly certificate: string
  readonly key: Secret
}

export interface Wish {
  readonly kind: CertificateKind
  /** Whom it is for, or the certificate whose subject it has again. */
  readonly subject: Subject | X509Certificate
  readonly names: readonly SubjectAltName[]
  readonly lifetimeMs: number
}

/** Clocks of two machines may differ by so much. */
const backdatedMs = 5 * 60_000

/** A CA that signs for itself, or that another one signs. */
export async function makeAuthority(
  subject: Subject,
  lifetimeMs: number,
  issuer?: Issuer,
): Promise<{ certificate: string; key: Secret }> {
  const key = makeKey()
  const wish: Wish = { kind: 'ca', subject, names: [], lifetimeMs }
  return { certificate: await issue(wish, publicKeyOf(key), issuer ?? { certificate: '', key }), key }
}

/** A certificate for a public key. It never outlives its issuer. */
export async function issue(
  { kind, subject, names, lifetimeMs }: Wish,
  publicKey: KeyObject,
  issuer: Issuer,
): Promise<string> {
  const above = issuer.certificate === '' ? undefined : new X509Certificate(issuer.certificate)
  const now = Date.now()
  const wantedEnd = now + lifetimeMs
  const notAfter = Math.min(wantedEnd, above?.validToDate.getTime() ?? wantedEnd)
  const subjectKey = publicKey.export({ type: 'spki', format: 'der' })
  const made = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: nameIn(subject),
    issuer: nameIn(above ?? subject),
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(notAfter),
    publicKey: subjectKey,
    ...(await signerOf(issuer.key)),
    extensions: [
      ...usageOf(kind),
      await SubjectKeyIdentifierExtension.create(subjectKey),
      ...(above === undefined ? [] : [await authorityKeyId(above)]),
      ...alternativeNames(names),
    ],
  })
  return `${made.toString('pem')}\n`
}

/** What a request asks for, once its signature shows that whoever made it has the key. Throws a Problem. */
export async function readRequest(
  pem: string,
  at: string,
): Promise<{ publicKey: KeyObject; commonName: string; names: SubjectAltName[] }> {
  const request = parsedRequest(pem, at)
  if (!(await request.verify().catch(() => false)))
    refuse(at, 'The request is not signed by the key that it brings.')
  try {
    const publicKey = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: 'der',
      type: 'spki',
    })
    const [commonName = ''] = request.subjectName.getField('CN')
    return { publicKey, commonName, names: namesIn(request) }
  } catch (error) {
    const detail = error instanceof CertificateFault ? error.message : 'has a key that is not known here'
    refuse(at, `The request ${detail}.`)
  }
}

function parsedRequest(pem: string, at: string): Pkcs10CertificateRequest {
  const [block] =
    /-----BEGIN (NEW )?CERTIFICATE REQUEST-----[\s\S]+?-----END (NEW )?CERTIFICATE REQUEST-----/.exec(pem) ??
    []
  if (block === undefined) refuse(at, 'There is no certificate request in PEM form.')
  try {
    const [der] = PemConverter.decode(block)
    if (der !== undefined) return new Pkcs10CertificateRequest(der)
  } catch {
    // Said below.
  }
  refuse(at, 'The request cannot be read.')
}

function namesIn(request: Pkcs10CertificateRequest): SubjectAltName[] {
  const extension = request.extensions.find(({ type }) => type === '2.5.29.17')
  if (extension === undefined) return []
  return [...AsnConvert.parse(extension.value, SubjectAlternativeName)].flatMap((name) => nameOf(name) ?? [])
}

function refuse(pointer: string, detail: string): never {
  throw new Problem('certificate.unreadable', detail, { faults: [{ pointer, detail }] })
}

// ── Parts of a certificate ──────────────────────────────────────────────────

const usages = {
  server: [ExtendedKeyUsage.serverAuth],
  client: [ExtendedKeyUsage.clientAuth],
} as const

function usageOf(kind: CertificateKind): Extension[] {
  if (kind === 'ca') {
    const flags = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature
    return [new BasicConstraintsExtension(true, undefined, true), new KeyUsagesExtension(flags, true)]
  }
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([...usages[kind]]),
  ]
}

// RFC 5280 §4.2.1.1: as the issuer calls its own key.
async function authorityKeyId(issuer: X509Certificate): Promise<Extension> {
  const { subjectKeyId } = factsOf(issuer)
  if (subjectKeyId !== null) return new AuthorityKeyIdentifierExtension(subjectKeyId)
  return AuthorityKeyIdentifierExtension.create(issuer.publicKey.export({ type: 'spki', format: 'der' }))
}

/** Positive, without zeros in front (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
