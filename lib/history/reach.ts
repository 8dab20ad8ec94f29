import type { PastReach } from '#domain/past.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'

/** How far back the past reaches, and which moments before that are kept all the same. */

export interface Reach {
  readonly keptDays: number
  readonly version: number
  /** Null while nothing has stood anywhere. */
  readonly since: Date | null
  /** Whether something that had ended was cut. */
  readonly isCut: boolean
  readonly held: readonly Date[]
}

// As the schema has it.
const usual = { keptDays: 1095, cutAt: null, held: [], version: 1 }

export async function reachOf(tx: Tx, organisationId: string): Promise<Reach> {
  const [first, row] = await Promise.all([
    tx.pastRow.aggregate({
      where: { organisationId, kind: { not: 'Organisation' } },
      _min: { validFrom: true },
    }),
    tx.pastReach.findUnique({ where: { organisationId } }),
  ])
  const { keptDays, cutAt, held, version } = row ?? usual
  const began = first._min.validFrom
  return {
    keptDays,
    version,
    since: began && cutAt && cutAt > began ? cutAt : began,
    isCut: cutAt !== null,
    held,
  }
}

/** Whether everything that stood there at that moment is known. */
export function reaches({ since, held }: Reach, at: Date): boolean {
  if (since !== null && at >= since) return true
  return held.some((moment) => moment.getTime() === at.getTime())
}

export async function readReach(actor: Actor): Promise<PastReach> {
  requirePermission(actor, 'organisation.read')
  return viewOf(await reachOf(db(), actor.organisationId))
}

function viewOf({ keptDays, since, held, version }: Reach): PastReach {
  return { keptDays, since: since?.toISOString() ?? null, held: held.length, version }
}

/** Says for how long what has ended is kept. What is gone already does not come back. */
export async function changeReach(
  actor: Actor,
  { keptDays }: { keptDays: number },
  ifMatch: number,
): Promise<PastReach> {
  requirePermission(actor, 'organisation.write')
  return transaction(async (tx) => {
    const { organisationId } = actor
    const before = await lockedReach(tx, organisationId)
    const subject = { kind: 'past', id: organisationId }
    await requireVersion(tx, actor, { ...subject, version: before.version }, ifMatch)
    await tx.pastReach.update({
      where: { organisationId },
      data: { keptDays, version: { increment: 1 } },
    })
    await audit(tx, actor, {
      action: 'past.update',
      subjectKind: subject.kind,
      subjectId: subject.id,
      subjectVersion: before.version + 1,
      before: { keptDays: before.keptDays },
      after: { keptDays },
    })
    return viewOf(await reachOf(tx, organisationId))
  })
}

/** Makes the row where there is none, and holds it until the end of the transaction. */
export async function lockedReach(tx: Tx, organisationId: string) {
  await tx.$executeRaw`INSERT INTO "PastReach" ("organisationId") VALUES (${organisationId}::uuid) ON CONFLICT DO NOTHING`
  await tx.$queryRaw`SELECT 1 FROM "PastReach" WHERE "organisationId" = ${organisationId}::uuid FOR UPDATE`
  return tx.pastReach.findUniqueOrThrow({ where: { organisationId } })
}
