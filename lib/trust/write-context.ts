import { type Fault, Problem } from '#domain/problem.ts'
import type { ContextRecord, Published, TrustImpact } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx, transaction } from '../db.ts'
import { changeContexts } from '../publish/contexts.ts'
import { requireVersion } from '../versions.ts'
import { impactOf } from './impact.ts'
import type { ContextChange, ContextInput } from './input.ts'
import { lockTrust } from './lock.ts'
import { contextItems, materialFault } from './material.ts'
import { contextIn } from './read.ts'
import { recordTrust, refuseTakenName, refuseUsed } from './record.ts'

/** Adds a context that APIs may take their certificates from. */
export function createContext(actor: Actor, input: ContextInput): Promise<ContextRecord> {
  requirePermission(actor, 'trust.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    await requireFreeName(tx, actor, input.name, null)
    await requireParts(tx, organisationId, input)
    const { authorityIds, ...rest } = input
    const authorities = { create: authorityIds.map((authorityId) => ({ organisationId, authorityId })) }
    const { id } = await tx.mtlsContext.create({ data: { ...rest, organisationId, authorities } })
    await requireUsable(tx, organisationId, id)
    const made = await contextIn(tx, organisationId, id)
    await recordTrust(tx, actor, {
      action: 'context.create',
      kind: 'context',
      id,
      version: made.version,
      after: audited(made),
    })
    return made
  })
}

/** Changes a context and has every gateway that serves by it take it at once; where it could not be, nothing changes. */
export function changeContext(
  actor: Actor,
  id: string,
  change: ContextChange,
  ifMatch: number,
): Promise<{ context: ContextRecord; published: Published[] }> {
  requirePermission(actor, 'trust.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await contextIn(tx, organisationId, id)
    await requireVersion(tx, actor, { kind: 'context', id, version: before.version }, ifMatch)
    if (change.name !== undefined) await requireFreeName(tx, actor, change.name, id)
    await requireParts(tx, organisationId, change)
    const note = `mTLS context ${before.name} changed`
    const { made, published } = await changeContexts(tx, actor, note, async () => ({
      made: await changeOne(tx, actor, before, change),
      contextIds: [id],
    }))
    return { context: made, published }
  })
}

/** Changes one context, inside of what else is changed. */
export async function changeOne(
  tx: Tx,
  actor: Actor,
  before: ContextRecord,
  change: ContextChange,
): Promise<ContextRecord> {
  const { organisationId } = actor
  const { id } = before
  await store(tx, organisationId, id, change)
  await requireUsable(tx, organisationId, id)
  const after = await contextIn(tx, organisationId, id)
  await recordTrust(tx, actor, {
    action: 'context.update',
    kind: 'context',
    id,
    version: after.version,
    before: audited(before),
    after: audited(after),
  })
  return after
}

async function store(
  tx: Tx,
  organisationId: string,
  id: string,
  { name, class: cls, keystoreId, authorityIds }: ContextChange,
): Promise<void> {
  if (authorityIds !== undefined) {
    await tx.contextAuthority.deleteMany({ where: { organisationId, contextId: id } })
    const data = authorityIds.map((authorityId) => ({ organisationId, contextId: id, authorityId }))
    await tx.contextAuthority.createMany({ data })
  }
  await tx.mtlsContext.update({
    where: { id },
    data: {
      ...(name === undefined ? {} : { name }),
      ...(cls === undefined ? {} : { class: cls }),
      ...(keystoreId === undefined ? {} : { keystoreId }),
      version: { increment: 1 },
    },
  })
}

/** Removes a context that no API and no firewall uses, neither as drafted nor as deployed. */
export function deleteContext(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'trust.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    // Waits for whoever is saving a policy that names it, and for deployments.
    await tx.$queryRaw`SELECT 1 FROM "Gateway" WHERE "organisationId" = ${organisationId}::uuid ORDER BY "id" FOR UPDATE`
    await tx.$queryRaw`SELECT 1 FROM "MtlsContext" WHERE "id" = ${id}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
    const before = await contextIn(tx, organisationId, id)
    await requireVersion(tx, actor, { kind: 'context', id, version: before.version }, ifMatch)
    refuseUsed(before.name, before.usedBy)
    await tx.mtlsContext.delete({ where: { id } })
    await recordTrust(tx, actor, {
      action: 'context.delete',
      kind: 'context',
      id,
      version: before.version + 1,
      before: audited(before),
    })
  })
}

/** Whom a change of a context reaches, as things are deployed now. */
export async function readContextImpact(actor: Actor, id: string): Promise<TrustImpact> {
  requirePermission(actor, 'trust.read')
  await contextIn(db(), actor.organisationId, id)
  return impactOf(db(), actor.organisationId, [id])
}

async function requireFreeName(tx: Tx, actor: Actor, name: string, self: string | null): Promise<void> {
  const taken = await tx.mtlsContext.findFirst({ where: { organisationId: actor.organisationId, name } })
  refuseTakenName('context', taken, name, self)
}

async function requireParts(
  tx: Tx,
  organisationId: string,
  { authorityIds = [], keystoreId = null }: Pick<ContextChange, 'authorityIds' | 'keystoreId'>,
): Promise<void> {
  const found = await tx.authority.findMany({
    where: { organisationId, id: { in: authorityIds } },
    select: { id: true },
  })
  const known = new Set(found.map(({ id }) => id))
  const faults: Fault[] = authorityIds.flatMap((id, index) =>
    known.has(id) ? [] : [{ pointer: `/authorityIds/${index}`, detail: 'There is no such CA.' }],
  )
  const fault = keystoreId === null ? undefined : await keystoreFault(tx, organisationId, keystoreId)
  if (fault !== undefined) faults.push({ pointer: '/keystoreId', detail: fault })
  if (faults.length > 0) throw new Problem('context.refused', faults[0]?.detail ?? '', { faults })
}

async function keystoreFault(tx: Tx, organisationId: string, id: string): Promise<string | undefined> {
  const certificate = await tx.certificate.findFirst({
    where: { id, organisationId },
    select: { name: true, kind: true, versions: { where: { state: { in: ['current', 'requested'] } } } },
  })
  if (!certificate) return 'There is no such certificate.'
  const { name, kind, versions } = certificate
  if (kind === 'ca') return `${name} is that of a CA, which nobody shows to the far side.`
  const current = versions.find(({ state }) => state === 'current')
  return current && current.keySealed === null
    ? `The key of ${name} is not here, so it cannot be shown.`
    : undefined
}

async function requireUsable(tx: Tx, organisationId: string, id: string): Promise<void> {
  const [item] = await contextItems(tx, organisationId, [id])
  const detail = item && materialFault(item)
  if (detail === undefined) return
  throw new Problem('context.refused', detail, { faults: [{ pointer: '/keystoreId', detail }] })
}

function audited({ name, class: cls, authorityIds, keystoreId }: ContextRecord) {
  return { name, class: cls, authorityIds, keystoreId }
}
