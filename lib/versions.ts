import { Problem } from '#domain/problem.ts'
import type { Actor } from './actor.ts'
import type { Tx } from './db.ts'

/**
 * Refuses a write that was made against an older version (If-Match), and says from the audit trail
 * what was changed since, by whom.
 */
export async function requireVersion(
  tx: Tx,
  actor: Actor,
  subject: { kind: string; id: string; version: number },
  ifMatch: number,
): Promise<void> {
  if (ifMatch === subject.version) return
  const since = await tx.auditEntry.findMany({
    where: {
      organisationId: actor.organisationId,
      subjectKind: subject.kind,
      subjectId: subject.id,
      subjectVersion: { gt: ifMatch },
      outcome: 'done',
    },
    orderBy: { sequence: 'asc' },
    select: { at: true, actorName: true, action: true, before: true, after: true },
  })
  throw new Problem('write.stale', `You changed version ${ifMatch}; version ${subject.version} is current.`, {
    extra: { currentVersion: subject.version, changes: since },
  })
}
