// The library below needs the polyfill before it is loaded.
import 'reflect-metadata'
import { createHash, randomBytes } from 'node:crypto'
import {
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509'

/** Real certificates for tests, good ones and all kinds of bad ones. Texts are PEM. */

export type KeyKind = 'ec' | 'ec-384' | 'ed25519' | 'rsa-1024' | 'rsa-2048'

export interface LeafOptions {
  /** RFC 4514 text; an empty one is left empty. */
  readonly subject?: string
  /** `dns:a.example`, `uri:spiffe://…`, `email:a@b.example`, `ip:192.0.2.1`. */
  readonly names?: readonly string[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** What it may be used for (RFC 5280 §4.2.1.12); `any` leaves the extension out. */
  readonly usage?: 'client' | 'server' | 'both' | 'code-signing' | 'any'
  readonly key?: KeyKind
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384'
  readonly isCa?: boolean
  /** Lower-case hex. */
  readonly serialNumber?: string
}

export interface KeyAndCertificate {
  /** The leaf alone. */
  readonly certificate: string
  /** The leaf and its intermediates, as a server or a client sends them. */
  readonly chain: string
  readonly key: string
  /** Lower-case hex. */
  readonly serialNumber: string
  /** Base64 SHA-256 of the public key (RFC 7469 §2.4). */
  readonly spkiHash: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string
}

export interface AuthorityOptions {
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly key?: KeyKind
}

export interface Authority extends KeyAndCertificate {
  issue(options?: LeafOptions): Promise<KeyAndCertificate>
  /** Another authority below this one. */
  intermediate(name: string, options?: AuthorityOptions): Promise<Authority>
  /** The list of what it has revoked; it is good for a day unless told otherwise. */
  crl(revoked: readonly { serialNumber: string }[], nextUpdate?: Date): Promise<string>
}

const dayMs = 86_400_000

type Algorithms = RsaHashedKeyGenParams | EcKeyGenParams | { name: 'Ed25519' }

function algorithmOf(kind: KeyKind, hash: string): Algorithms {
  if (kind === 'ed25519') return { name: 'Ed25519' }
  if (kind === 'ec' || kind === 'ec-384')
    return { name: 'ECDSA', namedCurve: kind === 'ec' ? 'P-256' : 'P-384' }
  const modulusLength = kind === 'rsa-1024' ? 1024 : 2048
  return { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash }
}

async function keysOf(kind: KeyKind, hash: string): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithmOf(kind, hash), true, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new TypeError('not a pair of keys')
  return keys
}

function nameOf(text: string): JsonGeneralName {
  const colon = text.indexOf(':')
  const value = text.slice(colon + 1)
  switch (text.slice(0, colon)) {
    case 'dns':
      return { type: 'dns', value }
    case 'uri':
      return { type: 'url', value }
    case 'email':
      return { type: 'email', value }
    case 'ip':
      return { type: 'ip', value }
    default:
      throw new Error(`${text} does not begin with dns:, uri:, email: or ip:`)
  }
}

const usages = {
  client: [ExtendedKeyUsage.clientAuth],
  server: [ExtendedKeyUsage.serverAuth],
  both: [ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth],
  'code-signing': [ExtendedKeyUsage.codeSigning],
} as const

function extensionsOf({ names = [], usage = 'both', isCa = false }: LeafOptions): Extension[] {
  const flags = isCa ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature
  return [
    new BasicConstraintsExtension(isCa, undefined, true),
    new KeyUsagesExtension(flags, true),
    ...(isCa || usage === 'any' ? [] : [new ExtendedKeyUsageExtension([...usages[usage]])]),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names.map(nameOf))]),
  ]
}

/** The serial number of a certificate as it is written into it: positive, without zeros in front. */
function randomSerial(): string {
  return `4${randomBytes(15).toString('hex').slice(1)}`
}

interface Signer {
  readonly subject: string
  readonly keys: CryptoKeyPair
  readonly hash: string
}

interface Made extends KeyAndCertificate {
  readonly keys: CryptoKeyPair
}

async function make(options: LeafOptions, signer: Signer | undefined, above: string): Promise<Made> {
  const { key: kind = 'ec', hash = 'SHA-256', serialNumber = randomSerial() } = options
  const keys = await keysOf(kind, hash)
  const subject = options.subject ?? 'CN=client'
  const made = await X509CertificateGenerator.create({
    serialNumber,
    subject,
    issuer: signer?.subject ?? subject,
    notBefore: options.notBefore ?? new Date(Date.now() - dayMs),
    notAfter: options.notAfter ?? new Date(Date.now() + 90 * dayMs),
    publicKey: keys.publicKey,
    signingKey: (signer?.keys ?? keys).privateKey,
    signingAlgorithm: { ...(signer?.keys ?? keys).privateKey.algorithm, hash },
    extensions: extensionsOf(options),
  })
  const certificate = `${made.toString('pem')}\n`
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey))
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    keys,
    certificate,
    chain: certificate + above,
    key: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
    serialNumber,
    spkiHash: createHash('sha256').update(spki).digest('base64'),
    sha256: createHash('sha256').update(Buffer.from(made.rawData)).digest('hex'),
  }
}

async function authority(
  name: string,
  options: AuthorityOptions,
  signer: Signer | undefined,
  above: string,
): Promise<Authority> {
  const subject = `CN=${name}`
  const { keys, ...own } = await make({ ...options, subject, isCa: true }, signer, above)
  const self: Signer = { subject, keys, hash: 'SHA-256' }
  // A root is not sent: whoever trusts it has it.
  const chain = signer === undefined ? '' : own.chain
  return {
    ...own,
    async issue(leaf = {}) {
      const { keys: _, ...issued } = await make(leaf, self, chain)
      return issued
    },
    intermediate: (below, belowOptions = {}) => authority(below, belowOptions, self, chain),
    async crl(revoked, nextUpdate = new Date(Date.now() + dayMs)) {
      const list = await X509CrlGenerator.create({
        issuer: subject,
        thisUpdate: new Date(Date.now() - dayMs),
        nextUpdate,
        signingAlgorithm: { ...keys.privateKey.algorithm, hash: 'SHA-256' },
        signingKey: keys.privateKey,
        entries: revoked.map(({ serialNumber }) => ({
          serialNumber,
          revocationDate: new Date(Date.now() - dayMs),
          reason: X509CrlReason.keyCompromise,
        })),
      })
      // RFC 7468 §6; the library has a label of its own.
      return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`
    },
  }
}

/** A root that signs for itself. */
export function createAuthority(name = 'Test Root', options: AuthorityOptions = {}): Promise<Authority> {
  return authority(name, options, undefined, '')
}

/** A leaf that signs for itself. */
export async function selfSigned(options: LeafOptions = {}): Promise<KeyAndCertificate> {
  const { keys: _, ...made } = await make(options, undefined, '')
  return made
}
