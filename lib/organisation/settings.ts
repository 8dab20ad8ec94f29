import type { OrganisationChange, OrganisationView } from '#domain/organisation.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import { announceAllOrders } from '../trust/kept-orders.ts'

const shown = { id: true, name: true, warningDays: true, version: true } as const

export function readOrganisation(actor: Actor): Promise<OrganisationView> {
  requirePermission(actor, 'organisation.read')
  return db().organisation.findUniqueOrThrow({ where: { id: actor.organisationId }, select: shown })
}

/** Says from when on certificates are warned of: everything that is judged from now on goes by it. */
export function changeOrganisation(
  actor: Actor,
  { warningDays }: OrganisationChange,
  ifMatch: number,
): Promise<OrganisationView> {
  requirePermission(actor, 'organisation.write')
  return transaction(async (tx) => {
    const { organisationId: id } = actor
    await tx.$queryRaw`SELECT 1 FROM "Organisation" WHERE "id" = ${id}::uuid FOR UPDATE`
    const before = await tx.organisation.findUniqueOrThrow({ where: { id }, select: shown })
    await requireVersion(tx, actor, { kind: 'organisation', id, version: before.version }, ifMatch)
    const after = await tx.organisation.update({
      where: { id },
      data: { warningDays, version: { increment: 1 } },
      select: shown,
    })
    await audit(tx, actor, {
      action: 'organisation.update',
      subjectKind: 'organisation',
      subjectId: id,
      subjectVersion: after.version,
      before: { warningDays: before.warningDays },
      after: { warningDays },
    })
    // Whatever shows certificates shows them by this.
    for (const topic of ['trust', 'topology', 'gateways'] as const)
      await announceChange(tx, id, { topic, id })
    await announceAllOrders(tx, id)
    return after
  })
}
