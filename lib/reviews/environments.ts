import type { EnvironmentView } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'

const shown = { id: true, name: true, kind: true, demandsSignOff: true, version: true } as const

export async function readEnvironment(actor: Actor, id: string): Promise<EnvironmentView> {
  requirePermission(actor, 'gateways.read')
  const where = { id, organisationId: actor.organisationId }
  const row = await db().environment.findFirst({ where, select: shown })
  if (!row) throw new Problem('not-found', 'There is no such environment.')
  return row
}

/** Says whether what is deployed in an environment must be signed off first. */
export function changeEnvironment(
  actor: Actor,
  id: string,
  { demandsSignOff }: { demandsSignOff: boolean },
  ifMatch: number,
): Promise<EnvironmentView> {
  requirePermission(actor, 'organisation.write')
  return transaction(async (tx) => {
    const { organisationId } = actor
    await tx.$queryRaw`SELECT 1 FROM "Environment" WHERE "id" = ${id}::uuid FOR UPDATE`
    const before = await tx.environment.findFirst({ where: { id, organisationId } })
    if (!before) throw new Problem('not-found', 'There is no such environment.')
    await requireVersion(tx, actor, { kind: 'environment', id, version: before.version }, ifMatch)
    const row = await tx.environment.update({
      where: { id },
      data: { demandsSignOff, version: { increment: 1 } },
      select: shown,
    })
    await audit(tx, actor, {
      action: 'environment.update',
      subjectKind: 'environment',
      subjectId: id,
      subjectVersion: row.version,
      before: { demandsSignOff: before.demandsSignOff },
      after: { demandsSignOff },
    })
    await announceChange(tx, organisationId, { topic: 'gateways', id })
    return row
  })
}
