import { X509Certificate } from 'node:crypto'
import { Problem } from '#domain/problem.ts'
import type { CertificateRecord, Published } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { type Tx, transaction } from '../db.ts'
import { changeContexts, type ContextChange } from '../publish/contexts.ts'
import { requireVersion } from '../versions.ts'
import type { VersionInput } from './input.ts'
import { issue, makeKey, makeRequest, publicKeyOf } from './issue.ts'
import { type Content, readKeystore } from './keystore.ts'
import { knownCas, lackingIn } from './known-cas.ts'
import { lockTrust } from './lock.ts'
import { certificateKeyPurpose } from './material.ts'
import { certificateIn } from './read.ts'
import { recordTrust } from './record.ts'
import { openerOf } from './sealing.ts'
import { openAuthority } from './write-authority.ts'
import { addVersion, auditedCertificate, type NewVersion, versionOf } from './write-certificate.ts'

/** A certificate after it was changed, and where that is served since. */
export interface Rotated {
  readonly certificate: CertificateRecord
  readonly published: Published[]
}

type Step = (tx: Tx, before: CertificateRecord) => Promise<void>

/** Changes what a certificate shows, and has every gateway show it at once. */
async function rotate(
  actor: Actor,
  id: string,
  ifMatch: number,
  action: string,
  note: (name: string) => string,
  step: Step,
): Promise<Rotated> {
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await certificateIn(tx, organisationId, id)
    await requireVersion(tx, actor, { kind: 'certificate', id, version: before.version }, ifMatch)
    const { made, published } = await changeContexts(tx, actor, note(before.name), () =>
      changeShown(tx, actor, before, action, step),
    )
    return { certificate: made, published }
  })
}

/** Changes what a certificate shows, inside of what else is changed. */
export async function changeShown(
  tx: Tx,
  actor: Actor,
  before: CertificateRecord,
  action: string,
  step: Step,
): Promise<ContextChange<CertificateRecord>> {
  const { id } = before
  if (before.kept !== null) {
    const words = `The nodes of ${before.kept.gatewayName} make the keys of ${before.name}; have them renew it.`
    throw new Problem('certificate.refused', words)
  }
  await step(tx, before)
  await tx.certificate.update({ where: { id }, data: { version: { increment: 1 } } })
  const after = await certificateIn(tx, actor.organisationId, id)
  await recordTrust(tx, actor, {
    action,
    kind: 'certificate',
    id,
    version: after.version,
    before: auditedCertificate(before),
    after: auditedCertificate(after),
  })
  return { made: after, contextIds: before.usedBy.map((context) => context.id) }
}

/**
 * Puts another version in the place of the one that is shown, in one step: one that is brought, or one that the CA
 * here issues which issued the one before. That one is kept until it is retired.
 */
export async function rotateCertificate(
  actor: Actor,
  id: string,
  input: VersionInput,
  ifMatch: number,
): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  const brought = input.source === 'import' ? await readKeystore(input.content) : null
  return rotate(actor, id, ifMatch, 'certificate.rotate', noteOf, async (tx, before) => {
    const version =
      brought !== null
        ? versionOf(brought.pem, brought.key)
        : await reissued(tx, actor, before, {
            ...(input.source === 'issue' && { lifetimeDays: input.lifetimeDays }),
          })
    requireKey(before, version.key !== null)
    await addVersion(tx, actor, id, version)
  })
}

const noteOf = (name: string) => `Certificate ${name} renewed`

// Nodes show what they have the key of.
function requireKey({ usedBy, name }: CertificateRecord, hasKey: boolean): void {
  if (hasKey || usedBy.length === 0) return
  const contexts = usedBy.map((context) => context.name).join(', ')
  const detail = `${name} needs its key: ${contexts} ${usedBy.length === 1 ? 'shows' : 'show'} it.`
  throw new Problem('certificate.refused', detail, { faults: [{ pointer: '/content', detail }] })
}

const dayMs = 86_400_000

interface Reissue {
  readonly lifetimeDays?: number | undefined
  /** Another CA than the one that issued what is shown. */
  readonly issuerId?: string
}

/** A version with the same names and as long a life, of the CA that issued the one before or of another. */
export async function reissued(
  tx: Tx,
  actor: Actor,
  { name, kind, chain: [leaf], pem, versions }: CertificateRecord,
  { lifetimeDays, issuerId: other }: Reissue = {},
): Promise<NewVersion> {
  const issuerId = other ?? versions.find(({ state }) => state === 'current')?.issuerId ?? null
  if (!leaf || issuerId === null) {
    const detail = `${name} was not issued by a CA here; bring another version, or make a request for one.`
    throw new Problem('certificate.refused', detail, { faults: [{ pointer: '/source', detail }] })
  }
  const authority = await openAuthority(tx, actor.organisationId, issuerId, '/source')
  const key = makeKey()
  const lifetimeMs =
    lifetimeDays === undefined ? Date.parse(leaf.notAfter) - Date.parse(leaf.notBefore) : lifetimeDays * dayMs
  const wish = { kind, subject: new X509Certificate(pem), names: leaf.names, lifetimeMs }
  return versionOf((await issue(wish, publicKeyOf(key), authority)) + authority.chain, key, issuerId)
}

/** Puts CAs that are known here behind a chain that comes without them; leaf and key stay as they are. */
export function completeChain(actor: Actor, id: string, ifMatch: number): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  const note = (name: string) => `Chain of ${name} completed`
  return rotate(actor, id, ifMatch, 'certificate.chain.complete', note, async (tx, before) => {
    const { organisationId } = actor
    const lacking = lackingIn(before.chain, await knownCas(tx, organisationId))
    if (lacking.length === 0) refuse(`Nobody here knows what the chain of ${before.name} comes without.`)
    const where = { certificateId: id, organisationId, state: 'current' as const }
    const { id: shown, keySealed, issuerId } = await tx.certificateVersion.findFirstOrThrow({ where })
    const opener = await openerOf(tx, organisationId)
    const key = keySealed === null ? null : opener.unseal(keySealed, certificateKeyPurpose(shown))
    const chain = [before.pem.trimEnd(), ...lacking, ''].join('\n')
    await addVersion(tx, actor, id, versionOf(chain, key, issuerId))
  })
}

// ── Requests ────────────────────────────────────────────────────────────────

/** Makes a key and a request with the names of the version that is shown; what is shown stays for now. */
export function requestVersion(actor: Actor, id: string, ifMatch: number): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  return rotate(actor, id, ifMatch, 'certificate.request', noteOf, async (tx, before) => {
    const { name, chain, pem, request } = before
    const [leaf] = chain
    if (request !== null) refuse(`A request for ${name} is out already; cancel it first.`)
    if (!leaf) refuse(`${name} has no version yet whose names a request could have.`)
    const key = makeKey()
    const made = await makeRequest({ subject: new X509Certificate(pem), names: leaf.names }, key)
    await addVersion(tx, actor, id, { state: 'requested', chain: null, key, request: made, issuerId: null })
  })
}

/** Takes back the certificate that was asked for: with the key that waited for it, it is shown from now on. */
export async function completeRequest(
  actor: Actor,
  id: string,
  given: Content,
  ifMatch: number,
): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  const { pem, key: brought } = await readKeystore(given)
  return rotate(actor, id, ifMatch, 'certificate.complete', noteOf, async (tx, before) => {
    const { organisationId } = actor
    const waiting = await tx.certificateVersion.findFirst({
      where: { certificateId: id, organisationId, state: 'requested' },
    })
    if (waiting?.keySealed == null) refuse(`No request for ${before.name} is out.`)
    const opener = await openerOf(tx, organisationId)
    const key = opener.unseal(waiting.keySealed, certificateKeyPurpose(waiting.id))
    // Read again, with the key: whether it fits, and which of several certificates is the leaf.
    if (brought !== null) refuse('Give the certificate alone: its key is here.')
    const { pem: chain } = await readKeystore({ text: pem + key.reveal() }, '/content')
    await tx.certificateVersion.updateMany({
      where: { certificateId: id, organisationId, state: 'current' },
      data: { state: 'previous' },
    })
    await tx.certificateVersion.update({ where: { id: waiting.id }, data: { state: 'current', chain } })
  })
}

/** Gives up the request that is out, and its key. */
export function cancelRequest(actor: Actor, id: string, ifMatch: number): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  return rotate(actor, id, ifMatch, 'certificate.request.cancel', noteOf, async (tx, { name, request }) => {
    if (request === null) refuse(`No request for ${name} is out.`)
    const { organisationId } = actor
    await tx.certificateVersion.deleteMany({
      where: { certificateId: id, organisationId, state: 'requested' },
    })
  })
}

// ── Earlier versions ────────────────────────────────────────────────────────

/** Shows an earlier version again. */
export function restoreVersion(actor: Actor, id: string, number: number, ifMatch: number): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  const note = (name: string) => `Certificate ${name} goes back to version ${number}`
  return rotate(actor, id, ifMatch, 'certificate.restore', note, async (tx, before) => {
    const version = versionIn(before, number)
    if (version.state !== 'previous') refuse(`Version ${number} of ${before.name} is ${version.state}.`)
    requireKey(before, version.hasKey)
    await showVersion(tx, actor, id, number)
  })
}

/** Shows a version in the place of the one that is shown. */
export async function showVersion(tx: Tx, { organisationId }: Actor, id: string, number: number) {
  const where = { certificateId: id, organisationId }
  await tx.certificateVersion.updateMany({
    where: { ...where, state: 'current' },
    data: { state: 'previous' },
  })
  await tx.certificateVersion.updateMany({ where: { ...where, number }, data: { state: 'current' } })
}

/** Destroys the key of an earlier version: nobody goes back to it. */
export function retireVersion(actor: Actor, id: string, number: number, ifMatch: number): Promise<Rotated> {
  requirePermission(actor, 'trust.write')
  return rotate(actor, id, ifMatch, 'certificate.retire', noteOf, async (tx, before) => {
    const { organisationId } = actor
    const version = versionIn(before, number)
    if (version.state !== 'previous') refuse(`Version ${number} of ${before.name} is ${version.state}.`)
    await tx.certificateVersion.updateMany({
      where: { certificateId: id, organisationId, number },
      data: { state: 'retired', keySealed: null },
    })
  })
}

function versionIn({ versions, name }: CertificateRecord, number: number) {
  const version = versions.find((each) => each.number === number)
  if (!version) throw new Problem('not-found', `${name} has no version ${number}.`)
  return version
}

function refuse(detail: string): never {
  throw new Problem('certificate.refused', detail)
}
