import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { readDocuments } from '#dialects/flex/document.ts'
import type { CertificateFacts } from '#domain/certificate.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import { Secret } from '#domain/secret.ts'
import { readPkcs12 } from './pkcs12.ts'
import { CertificateFault, factsOf, fingerprintOf, isIssuedBy } from './x509.ts'

/** Certificates and keys as people have them: PEM, DER, PKCS#12, a Secret of Kubernetes. */
export const content = z
  .strictObject({
    text: z.string().max(1_000_000).optional().meta({
      description: 'PEM blocks in any order, or a Secret of Kubernetes as YAML or JSON.',
    }),
    base64: z.base64().max(1_400_000).optional().meta({
      description: 'A file as it is: PKCS#12, DER or PEM.',
    }),
    password: z.string().max(1_000).optional().meta({ description: 'Of the file, or of the key in it.' }),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: 'give either text or base64',
  })
export type Content = z.output<typeof content>

/** A chain from its leaf up, without the root, and the key of the leaf where it came along. */
export interface Keystore {
  readonly chain: readonly CertificateFacts[]
  readonly pem: string
  readonly key: Secret | null
}

/** A chain has no more certificates than this. */
const certificatesMax = 10

/** What was found, each with the words that name it. */
interface Found<T> {
  readonly value: T
  readonly name: string
}
interface Material {
  readonly certificates: readonly Found<X509Certificate>[]
  readonly keys: readonly Found<KeyObject>[]
}

/** The chain of one leaf out of whatever was given, with its key. Throws a Problem that says in words what is wrong. */
export async function readKeystore(given: Content, pointer = '/content'): Promise<Keystore> {
  const at = placeOf(given, pointer)
  const { certificates, keys } = await read(given, at, 'keystore')
  const [key, another] = keys
  if (another !== undefined) refuse(at, `There are ${keys.length} private keys; give one.`)
  const distinct = withoutRepeats(certificates)
  if (distinct.length === 0) refuse(at, 'There is no certificate.')
  if (distinct.length > certificatesMax)
    refuse(at, `There are ${distinct.length} certificates; a chain has ${certificatesMax} at most.`)
  const leaf = key === undefined ? onlyLeaf(distinct, at) : leafOf(distinct, key.value, at)
  const chain = chainFrom(leaf, distinct, at)
  return {
    chain: chain.map((each) => factsFor(each, at)),
    pem: chain.map(({ value }) => value.toString()).join(''),
    key: key === undefined ? null : pemOfKey(key.value),
  }
}

/** One CA that is to be trusted, with its key where it came along. Throws a Problem as `readKeystore` does. */
export async function readAuthority(
  given: Content,
  pointer = '/content',
): Promise<{ certificate: CertificateFacts; pem: string; key: Secret | null }> {
  const at = placeOf(given, pointer)
  const { certificates, keys } = await read(given, at, 'authority')
  const distinct = withoutRepeats(certificates)
  const [certificate, other] = distinct
  if (certificate === undefined) refuse(at, 'There is no certificate.')
  if (other !== undefined)
    refuse(at, `There are ${distinct.length} certificates; give that of one CA, without its issuers.`)
  const facts = factsFor(certificate, at)
  if (!facts.isCa) refuse(at, `${inWords(certificate)} is not that of a CA.`)
  const [key, another] = keys
  if (another !== undefined) refuse(at, `There are ${keys.length} private keys; give one.`)
  if (key !== undefined && !certificate.value.checkPrivateKey(key.value))
    refuse(at, `The private key does not fit ${inWords(certificate)}.`)
  return {
    certificate: facts,
    pem: certificate.value.toString(),
    key: key === undefined ? null : pemOfKey(key.value),
  }
}

// ── Chains ──────────────────────────────────────────────────────────────────

function withoutRepeats(certificates: readonly Found<X509Certificate>[]): Found<X509Certificate>[] {
  const byHash = new Map(certificates.map((each) => [fingerprintOf(each.value), each]))
  return [...byHash.values()]
}

function leafOf(certificates: readonly Found<X509Certificate>[], key: KeyObject, at: string) {
  const leaf = certificates.find(({ value }) => value.checkPrivateKey(key))
  if (leaf !== undefined) return leaf
  const [only] = certificates
  if (only !== undefined && certificates.length === 1)
    refuse(at, `The private key does not fit ${inWords(only)}.`)
  refuse(at, `The private key fits none of the ${certificates.length} certificates.`)
}

function onlyLeaf(certificates: readonly Found<X509Certificate>[], at: string) {
  const leaves = certificates.filter(
    (each) => !certificates.some((other) => other !== each && isIssuedBy(other.value, each.value)),
  )
  const [leaf, another] = leaves
  if (leaf !== undefined && another === undefined) return leaf
  refuse(at, `There are several chains, that of ${leaves.map(inWords).join(' and that of ')}; give one.`)
}

// A root is not sent: whoever trusts it has it.
function chainFrom(leaf: Found<X509Certificate>, given: readonly Found<X509Certificate>[], at: string) {
  const chain = [leaf]
  const rest = new Set(given.filter((each) => each !== leaf))
  for (let last = leaf; ; ) {
    const next = [...rest].find(({ value }) => isIssuedBy(last.value, value))
    if (next === undefined) break
    rest.delete(next)
    if (!isIssuedBy(next.value, next.value)) chain.push(next)
    last = next
  }
  const [stray] = rest
  if (stray !== undefined) refuse(at, `${inWords(stray)} does not belong to the chain of ${inWords(leaf)}.`)
  return chain
}

function inWords({ name, value }: Found<X509Certificate>): string {
  return `${name} (${value.subject?.replaceAll('\n', ', ') || 'without a subject'})`
}

function factsFor(found: Found<X509Certificate>, at: string): CertificateFacts {
  try {
    return factsOf(found.value)
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    refuse(at, `${inWords(found)} ${error.message}.`)
  }
}

function pemOfKey(key: KeyObject): Secret {
  return new Secret(key.export({ type: 'pkcs8', format: 'pem' }).toString())
}

// ── Forms ───────────────────────────────────────────────────────────────────

type Use = 'keystore' | 'authority'

async function read({ text, base64, password }: Content, at: string, use: Use): Promise<Material> {
  if (text === undefined) {
    const bytes = Buffer.from(base64 ?? '', 'base64')
    return readBytes(bytes, password, at)
  }
  if (/["']?kind["']?\s*:/.test(text)) return readSecret(text, password, at, use)
  return readPem(text, password, at)
}

function placeOf({ text }: Content, pointer: string): string {
  return `${pointer}/${text === undefined ? 'base64' : 'text'}`
}

async function readBytes(bytes: Buffer, password: string | undefined, at: string): Promise<Material> {
  const text = bytes.toString('latin1')
  if (text.includes('-----BEGIN ')) return readPem(text, password, at)
  const certificate = certificateIn(bytes)
  if (certificate !== undefined)
    return { certificates: [{ value: certificate, name: 'the certificate' }], keys: [] }
  return readContainer(bytes, password, at)
}

const containerFaults = {
  unreadable: 'This is neither a certificate nor a PKCS#12 file, or the file is damaged.',
  algorithm: 'The PKCS#12 file is encrypted in a way that is not known here.',
  deadline: 'The PKCS#12 file takes too long to open: its password is hashed too often.',
  memory: 'The PKCS#12 file takes too much memory to open.',
} as const

async function readContainer(bytes: Buffer, password: string | undefined, at: string): Promise<Material> {
  const found = await readPkcs12(bytes, password ?? '')
  if ('fault' in found) {
    if (found.fault !== 'password') refuse(at, containerFaults[found.fault])
    const detail = password === undefined ? 'needs a password.' : 'does not open with that password.'
    refuse(passwordOf(at), `The PKCS#12 file ${detail}`)
  }
  const { certificates, keys } = found
  return {
    certificates: certificates.map((der, index) => {
      const name = nameOf('certificate', index, certificates.length)
      const value = certificateIn(Buffer.from(der))
      if (value === undefined) refuse(at, `${capital(name)} cannot be read.`)
      return { value, name }
    }),
    keys: keys.map((der, index) => {
      const name = nameOf('private key', index, keys.length)
      return { value: keyIn({ der: Buffer.from(der) }, undefined, name, at), name }
    }),
  }
}

function certificateIn(bytes: Buffer | string): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

function keyIn(
  given: { der: Buffer } | { pem: string },
  password: string | undefined,
  name: string,
  at: string,
): KeyObject {
  const passphrase = password === undefined ? {} : { passphrase: password }
  try {
    return createPrivateKey(
      'der' in given
        ? { key: given.der, format: 'der', type: 'pkcs8' }
        : { key: given.pem, format: 'pem', ...passphrase },
    )
  } catch (error) {
    const isEncrypted = 'pem' in given && /ENCRYPTED/.test(given.pem)
    if (!isEncrypted) refuse(at, `${capital(name)} cannot be read.`)
    if (password === undefined) refuse(passwordOf(at), `${capital(name)} is encrypted; give its password.`)
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/UNSUPPORTED/.test(code)) refuse(at, `${capital(name)} is encrypted in a way that is not known here.`)
    refuse(passwordOf(at), `${capital(name)} does not open with that password.`)
  }
}

// ── PEM ─────────────────────────────────────────────────────────────────────

interface Block {
  readonly label: string
  readonly pem: string
  readonly line: number
}

const certificateLabels = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])
/** Beside others these say nothing that the key does not say. */
const silentLabels = new Set(['EC PARAMETERS', 'DH PARAMETERS'])
const otherLabels: Readonly<Record<string, string>> = {
  'CERTIFICATE REQUEST': 'a certificate request, not a certificate: have it signed first',
  'NEW CERTIFICATE REQUEST': 'a certificate request, not a certificate: have it signed first',
  'PUBLIC KEY': 'a public key, not a certificate',
  'X509 CRL': 'a revocation list, not a certificate',
  PKCS7: 'a PKCS#7 bundle; give its certificates as PEM',
}

function readPem(text: string, password: string | undefined, at: string): Material {
  const blocks = blocksIn(text, at)
  const other = blocks.find(({ label }) => !isKnown(label))
  if (other !== undefined) {
    const what = otherLabels[other.label] ?? `something called ${other.label}`
    refuse(at, `In line ${other.line} there is ${what}.`, other.line)
  }
  const certificates = blocks.filter(({ label }) => certificateLabels.has(label))
  const keys = blocks.filter(({ label }) => isKey(label))
  return {
    certificates: certificates.map((block, index) => {
      const name = nameOf('certificate', index, certificates.length, block.line)
      // Beyond the certificate such a block says what it is trusted for, which is said here by other means.
      const value = certificateIn(block.pem)
      if (value === undefined) refuse(at, `${capital(name)} cannot be read.`, block.line)
      return { value, name }
    }),
    keys: keys.map((block, index) => {
      const name = nameOf('private key', index, keys.length, block.line)
      return { value: keyIn({ pem: block.pem }, password, name, at), name }
    }),
  }
}

function isKey(label: string): boolean {
  return /^(?:[A-Z0-9]+ )?PRIVATE KEY$/.test(label)
}

function isKnown(label: string): boolean {
  return certificateLabels.has(label) || isKey(label) || silentLabels.has(label)
}

function blocksIn(text: string, at: string): Block[] {
  const blocks: Block[] = []
  const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const [opening, label = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    const closing = `-----END ${label}-----`
    const end = text.indexOf(closing, match.index)
    const next = text.indexOf('-----BEGIN ', match.index + opening.length)
    if (end < 0 || (next >= 0 && next < end))
      refuse(at, `What begins in line ${line} as ${label} does not end.`, line)
    begin.lastIndex = end + closing.length
    blocks.push({ label, line, pem: `${text.slice(match.index, end)}${closing}\n` })
  }
  if (blocks.length === 0) refuse(at, 'This is neither PEM nor a Secret of Kubernetes.')
  return blocks
}

// ── Secrets of Kubernetes ───────────────────────────────────────────────────

const kubernetesSecret = z.looseObject({
  apiVersion: z.literal('v1', { error: () => 'must be v1' }),
  kind: z.literal('Secret'),
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
})

/** Where a Secret has what: those of cert-manager and of kubernetes.io/tls, and truststores. */
const entryNames: Readonly<Record<Use, readonly string[]>> = {
  keystore: ['tls.crt', 'tls.key'],
  authority: ['ca.crt'],
}

async function readSecret(
  text: string,
  password: string | undefined,
  at: string,
  use: Use,
): Promise<Material> {
  const entries = entriesOf(theSecretIn(text, at), at)
  const names = entryNames[use].filter((name) => entries.has(name))
  // A Secret that holds a CA of one's own has it where others have a leaf.
  const wanted = use === 'authority' && names.length === 0 ? ['tls.crt', 'tls.key'] : names
  const pem = wanted.flatMap((name) => entries.get(name)?.toString('utf8') ?? [])
  if (pem.length > 0) return readPem(pem.join('\n'), password, at)
  const container = entries.get('keystore.p12')
  if (container !== undefined) return readContainer(container, password, at)
  refuse(at, `The Secret has neither ${entryNames[use].join(' and ')} nor keystore.p12.`)
}

function theSecretIn(text: string, at: string): z.output<typeof kubernetesSecret> {
  const { documents, faults } = readDocuments({ file: '', text })
  const [fault] = faults
  if (fault !== undefined) refuse(at, `The document cannot be read: ${fault.detail}`, fault.line)
  const secrets = documents.filter(({ value }) => kindOf(value) === 'Secret')
  const [secret, another] = secrets
  if (secret === undefined) refuse(at, 'The document is not a Secret of Kubernetes.')
  if (another !== undefined) refuse(at, `There are ${secrets.length} Secrets; give one.`)
  const parsed = kubernetesSecret.safeParse(secret.value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  refuse(at, `The Secret does not fit: ${issue?.path.join('.')} ${issue?.message}`)
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
}

function entriesOf(
  { data, stringData }: z.output<typeof kubernetesSecret>,
  at: string,
): ReadonlyMap<string, Buffer> {
  const decoded = Object.entries(data).map(([name, text]) => {
    const bare = text.replace(/\s+/g, '')
    if (!z.base64().safeParse(bare).success) refuse(at, `${name} of the Secret is not base64.`)
    return [name, Buffer.from(bare, 'base64')] as const
  })
  // What stands in both counts as stringData has it, as in Kubernetes.
  return new Map([
    ...decoded,
    ...Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text)] as const),
  ])
}

// ── Words ───────────────────────────────────────────────────────────────────

function nameOf(what: string, index: number, count: number, line?: number): string {
  const place = line === undefined ? '' : ` in line ${line}`
  return count === 1 ? `the ${what}${place}` : `${what} ${index + 1} of ${count}${place}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function passwordOf(at: string): string {
  return `${at.slice(0, at.lastIndexOf('/'))}/password`
}

function refuse(pointer: string, detail: string, line?: number): never {
  const fault: Fault = { pointer, detail: capital(detail), ...(line === undefined ? {} : { line }) }
  throw new Problem('certificate.unreadable', fault.detail, { faults: [fault] })
}
