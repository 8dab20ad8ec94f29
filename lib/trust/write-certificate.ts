import { randomUUID } from 'node:crypto'
import { durationMs } from '#dialects/cert-manager/duration.ts'
import { certificate as certificateResource } from '#dialects/cert-manager/resources.ts'
import { faultsOf, readDocuments } from '#dialects/flex/document.ts'
import type { CertificateKind } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { Secret } from '#domain/secret.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import type { CertificateChange, CertificateInput } from './input.ts'
import { issue, makeKey, makeRequest, publicKeyOf } from './issue.ts'
import { readKeystore } from './keystore.ts'
import { announceOrders } from './kept-orders.ts'
import { lockTrust } from './lock.ts'
import { certificateKeyPurpose } from './material.ts'
import { certificateIn } from './read.ts'
import { defined, recordTrust, refuseTakenName, refuseUsed } from './record.ts'
import { sealerOf } from './sealing.ts'
import { openAuthority } from './write-authority.ts'
import { auditedKept, orderOfNodes } from './write-kept.ts'

const dayMs = 86_400_000

/** A version that is to be, with its key in memory. */
export interface NewVersion {
  readonly state: 'current' | 'requested'
  readonly chain: string | null
  readonly key: Secret | null
  readonly request: string | null
  readonly issuerId: string | null
}

/** Adds a certificate: one that there is or is issued here, a request, one that nodes keep, or one of cert-manager's. */
export async function createCertificate(actor: Actor, input: CertificateInput): Promise<CertificateRecord> {
  requirePermission(actor, 'trust.write')
  switch (input.source) {
    case 'import': {
      const { name, kind, rotationWindowDays } = input
      const { pem, key } = await readKeystore(input.content)
      const entry = { name, kind, rotationWindowDays, renewalMethod: 'manual' }
      return add(actor, entry, async () => versionOf(pem, key))
    }
    case 'issue': {
      const { name, kind, rotationWindowDays } = input
      const entry = { name, kind, rotationWindowDays, renewalMethod: 'built-in' }
      return add(actor, entry, (tx) => issued(tx, actor, input))
    }
    case 'request': {
      const { name, kind, rotationWindowDays } = input
      const key = makeKey()
      const subject = subjectOf(input)
      const request = await makeRequest({ subject, names: input.names }, key)
      const entry = { name, kind, rotationWindowDays, renewalMethod: 'manual' }
      return add(actor, entry, async () => ({
        state: 'requested',
        chain: null,
        key,
        request,
        issuerId: null,
      }))
    }
    case 'nodes': {
      const { name, kind, rotationWindowDays, authorityId } = input
      const { commonName } = subjectOf(input)
      const renewalMethod = authorityId === null ? 'manual' : 'built-in'
      const entry = { name, kind, rotationWindowDays, renewalMethod }
      const order = (tx: Tx, id: string) => orderOfNodes(tx, actor, id, input, commonName)
      return add(actor, entry, async () => null, order)
    }
    case 'cert-manager':
      return add(actor, entryOf(input.document), async () => null)
  }
}

interface Entry {
  readonly name: string
  readonly kind: CertificateKind
  readonly rotationWindowDays: number | null
  readonly renewalMethod: string
}

function add(
  actor: Actor,
  entry: Entry,
  makeVersion: (tx: Tx) => Promise<NewVersion | null>,
  orderIt: (tx: Tx, id: string) => Promise<void> = async () => undefined,
): Promise<CertificateRecord> {
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    await requireFreeName(tx, actor, entry.name, null)
    const version = await makeVersion(tx)
    const { id } = await tx.certificate.create({ data: { organisationId, ...entry }, select: { id: true } })
    if (version !== null) await addVersion(tx, actor, id, version)
    await orderIt(tx, id)
    const made = await certificateIn(tx, organisationId, id)
    await recordTrust(tx, actor, {
      action: 'certificate.create',
      kind: 'certificate',
      id,
      version: made.version,
      after: auditedCertificate(made),
    })
    return made
  })
}

export function versionOf(chain: string, key: Secret | null, issuerId: string | null = null): NewVersion {
  return { state: 'current', chain, key, request: null, issuerId }
}

/** Adds a version with the next number; what was shown before is kept, so that one can go back to it. */
export async function addVersion(
  tx: Tx,
  actor: Actor,
  certificateId: string,
  { state, chain, key, request, issuerId }: NewVersion,
): Promise<void> {
  const { organisationId } = actor
  const last = await tx.certificateVersion.findFirst({
    where: { certificateId, organisationId },
    orderBy: { number: 'desc' },
    select: { number: true },
  })
  if (state === 'current') {
    await tx.certificateVersion.updateMany({
      where: { certificateId, organisationId, state: 'current' },
      data: { state: 'previous' },
    })
  }
  const id = randomUUID()
  const sealer = await sealerOf(tx, organisationId)
  await tx.certificateVersion.create({
    data: {
      id,
      organisationId,
      certificateId,
      number: (last?.number ?? 0) + 1,
      state,
      chain,
      keySealed: key && sealer.seal(key.reveal(), certificateKeyPurpose(id)),
      request,
      issuerId,
      createdBy: actor.name,
    },
  })
}

type Issuing = Extract<CertificateInput, { source: 'issue' }>

async function issued(tx: Tx, actor: Actor, input: Issuing): Promise<NewVersion> {
  const { authorityId, kind, names, lifetimeDays } = input
  const authority = await openAuthority(tx, actor.organisationId, authorityId, '/authorityId')
  const key = makeKey()
  const wish = { kind, subject: subjectOf(input), names, lifetimeMs: lifetimeDays * dayMs }
  const leaf = await issue(wish, publicKeyOf(key), authority)
  return versionOf(leaf + authority.chain, key, authorityId)
}

type Wished = Pick<Issuing, 'name' | 'kind' | 'commonName' | 'names'>

/** RFC 5280, appendix A. */
const commonNameMax = 64

// Clients look for the server's name among the alternative names alone (RFC 9525).
function subjectOf({ name, kind, commonName, names }: Wished): { commonName: string } {
  if (kind === 'server' && names.length === 0) {
    const detail = 'A server certificate needs a name by which clients know the server.'
    throw new Problem('certificate.refused', detail, { faults: [{ pointer: '/names', detail }] })
  }
  const dns = names.find(({ type, value }) => type === 'dns' && value.length <= commonNameMax)
  return { commonName: commonName ?? dns?.value ?? name.slice(0, commonNameMax) }
}

/** A Certificate of cert-manager as an entry: its certificates come by its Secret. */
function entryOf(text: string): Entry {
  const { documents, faults } = readDocuments({ file: '', text })
  const wanted = documents.filter(({ value }) => isCertificateDocument(value))
  const [document, another] = wanted
  const [fault] = faults
  if (fault) refuseDocument(fault.detail, fault.line)
  if (!document) refuseDocument('The document holds no Certificate of cert-manager.')
  if (another) refuseDocument(`There are ${wanted.length} Certificates; give one.`)
  const parsed = certificateResource.safeParse(document.value)
  if (!parsed.success) {
    const all = faultsOf(parsed.error, document).map(({ pointer, detail, line, column }) => ({
      pointer: '/document',
      detail: `${pointer} ${detail}`,
      line,
      column,
    }))
    throw new Problem('request.invalid', all[0]?.detail ?? '', { faults: all })
  }
  const { metadata, spec } = parsed.data
  const usages = spec.usages ?? []
  const before = spec.renewBefore === undefined ? undefined : durationMs(spec.renewBefore)
  const isClient = usages.includes('client auth') && !usages.includes('server auth')
  return {
    name: metadata.name,
    kind: spec.isCA === true ? 'ca' : isClient ? 'client' : 'server',
    rotationWindowDays: before === undefined ? null : before / dayMs,
    renewalMethod: 'cert-manager',
  }
}

function isCertificateDocument(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Certificate'
}

function refuseDocument(detail: string, line?: number): never {
  const fault = { pointer: '/document', detail, ...(line === undefined ? {} : { line }) }
  throw new Problem('request.invalid', detail, { faults: [fault] })
}

/** Renames a certificate, or says how it is renewed. What it shows stays. */
export function changeCertificate(
  actor: Actor,
  id: string,
  change: CertificateChange,
  ifMatch: number,
): Promise<CertificateRecord> {
  requirePermission(actor, 'trust.write')
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await certificateIn(tx, actor.organisationId, id)
    await requireVersion(tx, actor, { kind: 'certificate', id, version: before.version }, ifMatch)
    if (change.name !== undefined) await requireFreeName(tx, actor, change.name, id)
    await tx.certificate.update({ where: { id }, data: { ...defined(change), version: { increment: 1 } } })
    if (before.kept !== null) await announceOrders(tx, actor.organisationId, before.kept.gatewayId)
    const after = await certificateIn(tx, actor.organisationId, id)
    await recordTrust(tx, actor, {
      action: 'certificate.update',
      kind: 'certificate',
      id,
      version: after.version,
      before: auditedCertificate(before),
      after: auditedCertificate(after),
    })
    return after
  })
}

/** Removes a certificate that no context shows, with all its versions and keys. */
export function deleteCertificate(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'trust.write')
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await certificateIn(tx, actor.organisationId, id)
    await requireVersion(tx, actor, { kind: 'certificate', id, version: before.version }, ifMatch)
    refuseUsed(before.name, before.usedBy)
    await tx.certificate.delete({ where: { id } })
    if (before.kept !== null) await announceOrders(tx, actor.organisationId, before.kept.gatewayId)
    await recordTrust(tx, actor, {
      action: 'certificate.delete',
      kind: 'certificate',
      id,
      version: before.version + 1,
      before: auditedCertificate(before),
    })
  })
}

async function requireFreeName(tx: Tx, actor: Actor, name: string, self: string | null): Promise<void> {
  const taken = await tx.certificate.findFirst({ where: { organisationId: actor.organisationId, name } })
  refuseTakenName('certificate', taken, name, self)
}

/** A certificate as the audit trail keeps it. */
export function auditedCertificate(record: CertificateRecord) {
  const { name, kind, renewalMethod, rotationWindowDays, chain, hasKey, versions } = record
  const [leaf] = chain
  return {
    name,
    kind,
    renewalMethod,
    rotationWindowDays,
    shows: leaf && {
      number: versions.find(({ state }) => state === 'current')?.number,
      subject: leaf.subject,
      sha256: leaf.sha256,
      notAfter: leaf.notAfter,
      hasKey,
    },
    requested: versions.some(({ state }) => state === 'requested'),
    ...(record.kept === null ? {} : { nodes: auditedKept(record) }),
  }
}
