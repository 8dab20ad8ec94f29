import { hash } from 'node:crypto'
import type { SubjectAltName } from '#domain/certificate.ts'
import { canonicalAddress } from '#domain/subject-alt-names.ts'
import { attributeText } from './distinguished-name.ts'
import { childrenOf, DerFault, type Element, elementAt, objectIdOf, TAG } from './der.ts'

/** What we read of a certificate by ourselves: Node joins names into texts that values can forge. */
export interface CertificateParts {
  /** RFC 4514 text. */
  readonly subject: string
  readonly issuer: string
  readonly subjectAltNames: readonly SubjectAltName[]
  /** Base64 SHA-256 of the public key (RFC 7469 §2.4). */
  readonly spkiHash: string
  /** The object identifier of the algorithm that it is signed with. */
  readonly signatureAlgorithm: string
}

/** A name of the certificate holds what no name may: a NUL, or bytes beyond ASCII. */
export class NameFault extends DerFault {}

const SUBJECT_ALT_NAME = '2.5.29.17'
const NAMES_MAX = 1_000

/** Reads a certificate (RFC 5280 §4.1). Throws DerFault where it cannot be read, NameFault where a name is forged. */
export function readCertificate(der: Uint8Array): CertificateParts {
  const [tbs] = childrenOf(der, elementAt(der, 0, der.length))
  if (tbs?.tag !== TAG.sequence) throw new DerFault('no certificate')
  const fields = childrenOf(der, tbs)
  // The version is left out in certificates of version 1.
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [, signature, issuer, , subject, spki, ...optional] = fields
  if (signature === undefined || issuer === undefined || subject === undefined || spki === undefined)
    throw new DerFault('a certificate that is not whole')
  const [algorithm] = childrenOf(der, signature)
  if (algorithm === undefined) throw new DerFault('a signature without algorithm')
  return {
    subject: distinguishedName(der, subject),
    issuer: distinguishedName(der, issuer),
    subjectAltNames: subjectAltNamesOf(der, optional),
    spkiHash: hash('sha256', der.subarray(spki.from, spki.end), 'base64'),
    signatureAlgorithm: objectIdOf(der, algorithm),
  }
}

function subjectAltNamesOf(der: Uint8Array, optional: readonly Element[]): SubjectAltName[] {
  const wrapped = optional.find(({ tag }) => tag === 0xa3)
  if (wrapped === undefined) return []
  const found: SubjectAltName[] = []
  for (const list of childrenOf(der, wrapped)) {
    for (const extension of childrenOf(der, list)) {
      const [id, ...rest] = childrenOf(der, extension)
      const value = rest.at(-1)
      if (id === undefined || value?.tag !== TAG.octetString) throw new DerFault('an extension without value')
      if (objectIdOf(der, id) === SUBJECT_ALT_NAME) found.push(...generalNames(der, value))
    }
  }
  return found
}

function generalNames(der: Uint8Array, value: Element): SubjectAltName[] {
  const names = childrenOf(der, elementAt(der, value.start, value.end))
  if (names.length > NAMES_MAX) throw new NameFault(`more than ${NAMES_MAX} names`)
  return names.flatMap((name) => generalName(der, name) ?? [])
}

// RFC 5280 §4.2.1.6. Other kinds (directory names, registered ids) allow nothing here.
function generalName(der: Uint8Array, { tag, start, end }: Element): SubjectAltName | undefined {
  const bytes = der.subarray(start, end)
  switch (tag) {
    case 0x81:
      return { type: 'email', value: asciiOf(bytes) }
    case 0x82:
      return { type: 'dns', value: asciiOf(bytes) }
    case 0x86:
      return { type: 'uri', value: asciiOf(bytes) }
    case 0x87:
      return { type: 'ip', value: addressOf(bytes) }
    default:
      return undefined
  }
}

function asciiOf(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw new NameFault('a name with control characters')
  return Buffer.from(bytes).toString('latin1')
}

function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []
  const address = bytes.length === 16 ? canonicalAddress(groups.join(':')) : undefined
  if (address === undefined) throw new NameFault('an address of no known length')
  return address
}

/** RFC 4514 §2: the most specific attribute first. */
function distinguishedName(der: Uint8Array, name: Element): string {
  const parts = childrenOf(der, name).map((set) =>
    childrenOf(der, set)
      .map((attribute) => textOf(der, attribute))
      .join('+'),
  )
  return parts.reverse().join(',')
}

function textOf(der: Uint8Array, attribute: Element): string {
  const [id, value] = childrenOf(der, attribute)
  if (id === undefined || value === undefined) throw new DerFault('an attribute without value')
  return attributeText(objectIdOf(der, id), stringOf(der, value), () => der.subarray(value.from, value.end))
}

function stringOf(der: Uint8Array, { tag, start, end }: Element): string | undefined {
  const bytes = der.subarray(start, end)
  switch (tag) {
    case TAG.utf8String:
      return Buffer.from(bytes).toString('utf8')
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
      return Buffer.from(bytes).toString('latin1')
    case TAG.bmpString:
      return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : undefined
    default:
      return undefined
  }
}
