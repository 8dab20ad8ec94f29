import type { AuditPage, AuditVerification } from '#domain/audit.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { chainBreak } from '../audit.ts'
import { db } from '../db.ts'

export interface AuditWish {
  /** Where the page before ended. */
  cursor?: string | undefined
  limit: number
  outcome?: 'done' | 'refused' | undefined
}

/** A page of the audit trail, newest first. */
export async function readTrail(actor: Actor, { cursor, limit, outcome }: AuditWish): Promise<AuditPage> {
  requirePermission(actor, 'audit.read')
  const rows = await db().auditEntry.findMany({
    where: {
      organisationId: actor.organisationId,
      ...(cursor === undefined ? {} : { sequence: { lt: Number(cursor) } }),
      ...(outcome === undefined ? {} : { outcome }),
    },
    orderBy: { sequence: 'desc' },
    take: limit + 1,
  })
  const page = rows.slice(0, limit)
  return {
    entries: page.map((row) => ({
      sequence: row.sequence,
      at: row.at.toISOString(),
      actorKind: row.actorKind,
      actorName: row.actorName,
      action: row.action,
      subjectKind: row.subjectKind,
      subjectId: row.subjectId,
      outcome: row.outcome,
      before: row.before ?? undefined,
      after: row.after ?? undefined,
    })),
    nextCursor: rows.length > limit ? String(page.at(-1)?.sequence) : null,
  }
}

const stepSize = 1_000

/** Walks the whole trail and says where, if anywhere, it was tampered with. */
export async function verifyTrail(actor: Actor, now = new Date()): Promise<AuditVerification> {
  requirePermission(actor, 'audit.read')
  const { organisationId } = actor
  const walk = chainBreak()
  let entries = 0
  let brokenAt: number | null = null
  for (let after = 0; brokenAt === null; ) {
    const step = await db().auditEntry.findMany({
      where: { organisationId, sequence: { gt: after } },
      orderBy: { sequence: 'asc' },
      take: stepSize,
    })
    const last = step.at(-1)
    if (!last) break
    brokenAt = walk(step)
    entries += step.length
    after = last.sequence
  }
  return { entries, brokenAt, verifiedAt: now.toISOString() }
}
