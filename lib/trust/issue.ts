// The library below needs the polyfill before it is loaded.
import 'reflect-metadata'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AttributeTypeAndValue,
  AttributeValue,
  Name as Attributes,
  RelativeDistinguishedName,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as Readable,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { CertificateKind, SubjectAltName } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import { Secret } from '#domain/secret.ts'
import { CertificateFault, factsOf, nameOf } from './x509.ts'

/** Makes keys, requests and certificates: ECDSA P-256 for what is made here, any common kind for what is brought. */

export interface Subject {
  readonly commonName: string
  readonly organisation?: string | undefined
}

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

/** A private key as PKCS#8. */
export function makeKey(): Secret {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

export function publicKeyOf(key: Secret): KeyObject {
  return createPublicKey(key.reveal())
}

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

/** A request for a certificate (PKCS#10). */
export async function makeRequest(
  { subject, names }: Pick<Wish, 'subject' | 'names'>,
  key: Secret,
): Promise<string> {
  const { signingKey, signingAlgorithm } = await signerOf(key)
  const spki = publicKeyOf(key).export({ type: 'spki', format: 'der' })
  const publicKey = await crypto.subtle.importKey('spki', spki, signingAlgorithm, true, ['verify'])
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: nameIn(subject),
    keys: { privateKey: signingKey, publicKey },
    signingAlgorithm,
    extensions: alternativeNames(names),
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

function alternativeNames(names: readonly SubjectAltName[]): Extension[] {
  if (names.length === 0) return []
  return [new SubjectAlternativeNameExtension(names.map(jsonName))]
}

function jsonName({ type, value }: SubjectAltName): JsonGeneralName {
  return { type: type === 'uri' ? 'url' : type, value }
}

// Put together by hand: the library takes commas, quotes and signs of numbers in texts for more than themselves.
function nameIn(subject: Subject | X509Certificate): Name {
  // As it stands there, whatever kinds of strings it is made of.
  if (subject instanceof X509Certificate) return new Readable(subject.raw).subjectName
  const { commonName, organisation } = subject
  const parts = [...(organisation === undefined ? [] : [['2.5.4.10', organisation]]), ['2.5.4.3', commonName]]
  return new Name(
    new Attributes(
      parts.map(([type = '', text = '']) => {
        const value = new AttributeValue({ utf8String: text })
        return new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])
      }),
    ),
  )
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

const hashes: Readonly<Record<string, string>> = { 'P-384': 'SHA-384', 'P-521': 'SHA-512' }
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

const signatures: Readonly<Record<string, string>> = {
  ec: 'ECDSA',
  rsa: 'RSASSA-PKCS1-v1_5',
  ed25519: 'Ed25519',
}

/** A key as WebCrypto signs with it. Throws a Problem where it is of a kind that nothing is signed with here. */
async function signerOf(key: Secret): Promise<{
  signingKey: CryptoKey
  signingAlgorithm: { name: string; namedCurve: string; hash: string }
}> {
  const read = createPrivateKey(key.reveal())
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = read
  const namedCurve = curves[details?.namedCurve ?? '']
  const name = signatures[type ?? '']
  if (name === undefined || (type === 'ec' && namedCurve === undefined))
    throw new Problem('certificate.unreadable', `Nothing can be signed with a key of the kind ${type}.`)
  const signingAlgorithm = {
    name,
    namedCurve: namedCurve ?? '',
    hash: hashes[namedCurve ?? ''] ?? 'SHA-256',
  }
  const der = read.export({ type: 'pkcs8', format: 'der' })
  const signingKey = await crypto.subtle.importKey('pkcs8', der, signingAlgorithm, false, ['sign'])
  return { signingKey, signingAlgorithm }
}
