import { z } from 'zod'
import { acceptance } from '#domain/acceptance.ts'
import { Problem } from '#domain/problem.ts'
import type { FindingAcceptance } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, transaction } from '../db.ts'
import type { AcceptanceInput } from './input.ts'
import { lockTrust } from './lock.ts'
import { recordTrust } from './record.ts'
import { toAcceptance } from './stored.ts'

export const acceptanceRecord = acceptance.extend({
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
})
type AcceptanceRecord = z.infer<typeof acceptanceRecord>

/** Accepted findings, those that return first before the others; those that have returned are among them. */
export async function listAcceptances(actor: Actor): Promise<AcceptanceRecord[]> {
  requirePermission(actor, 'topology.read')
  const rows = await db().findingAcceptance.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: [{ until: 'asc' }, { id: 'asc' }],
  })
  return rows.map(recordOf)
}

/** Somebody answers for a finding until a day. Accepting it again takes the place of what was said before. */
export async function acceptFinding(actor: Actor, input: AcceptanceInput): Promise<AcceptanceRecord> {
  requirePermission(actor, 'topology.write')
  const { organisationId } = actor
  const until = new Date(input.until)
  if (until <= new Date()) {
    const detail = 'Give a day that is still to come.'
    throw new Problem('request.invalid', detail, { faults: [{ pointer: '/until', detail }] })
  }
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const where = { organisationId_findingId: { organisationId, findingId: input.findingId } }
    const before = await tx.findingAcceptance.findUnique({ where })
    const data = { ...input, until, createdAt: new Date(), createdBy: actor.name }
    const row = await tx.findingAcceptance.upsert({
      where,
      create: { ...data, organisationId },
      update: data,
    })
    await recordTrust(tx, actor, {
      action: 'finding.accept',
      kind: 'acceptance',
      id: row.id,
      ...(before ? { before: toAcceptance(before) } : {}),
      after: toAcceptance(row),
    })
    return recordOf(row)
  })
}

/** Nobody answers for the finding any more: it is back at once. */
export function withdrawAcceptance(actor: Actor, id: string): Promise<void> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const row = await tx.findingAcceptance.findFirst({ where: { id, organisationId: actor.organisationId } })
    if (!row) throw new Problem('not-found', 'There is no such acceptance.')
    await tx.findingAcceptance.delete({ where: { id } })
    await recordTrust(tx, actor, {
      action: 'finding.withdraw',
      kind: 'acceptance',
      id,
      before: toAcceptance(row),
    })
  })
}

function recordOf(row: FindingAcceptance): AcceptanceRecord {
  const { createdAt, createdBy } = row
  return { ...toAcceptance(row), createdAt: createdAt.toISOString(), createdBy }
}
