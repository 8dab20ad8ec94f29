import { hash } from 'node:crypto'
import { canonicalJson } from '#contract/manifest.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Actor } from './actor.ts'
import type { Tx } from './db.ts'

/** What happened to what. `before` and `after` hold no secrets: they are shown to reviewers. */
export interface AuditEvent {
  action: string
  subjectKind: string
  subjectId: string
  subjectVersion?: number
  outcome?: 'done' | 'refused'
  before?: unknown
  after?: unknown
}

/** As much of an actor as the trail keeps. */
export type AuditedActor = Pick<Actor, 'kind' | 'id' | 'name' | 'organisationId'>

const genesis = '0'.repeat(64)

/**
 * Appends to the organisation's audit trail inside the caller's transaction, so that a change and its entry
 * stand or fall together. Each entry carries the hash of the one before it.
 */
export async function audit(tx: Tx, actor: AuditedActor, event: AuditEvent): Promise<void> {
  // Two transactions must not both follow the same entry; the lock ends with the transaction.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`audit:${actor.organisationId}`}, 0))`
  const last = await tx.auditEntry.findFirst({
    where: { organisationId: actor.organisationId },
    orderBy: { sequence: 'desc' },
    select: { sequence: true, hash: true },
  })
  const entry = {
    organisationId: actor.organisationId,
    sequence: (last?.sequence ?? 0) + 1,
    at: new Date(),
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    action: event.action,
    subjectKind: event.subjectKind,
    subjectId: event.subjectId,
    subjectVersion: event.subjectVersion ?? null,
    outcome: event.outcome ?? 'done',
    before: plain(event.before),
    after: plain(event.after),
    previousHash: last?.hash ?? genesis,
  }
  await tx.auditEntry.create({
    data: {
      ...entry,
      before: entry.before ?? Prisma.DbNull,
      after: entry.after ?? Prisma.DbNull,
      hash: hashOf(entry),
    },
  })
}

interface Hashed {
  organisationId: string
  sequence: number
  at: Date
  actorKind: string
  actorId: string
  actorName: string
  action: string
  subjectKind: string
  subjectId: string
  subjectVersion: number | null
  outcome: string
  before: unknown
  after: unknown
  previousHash: string
}

function hashOf(entry: Hashed): string {
  return hash('sha256', canonicalJson({ ...entry, at: entry.at.toISOString() }))
}

type Stored = Hashed & { hash: string }

/** The first entry whose hash or predecessor does not fit, or null when the whole chain holds. */
export function firstBrokenLink(entries: readonly Stored[]): number | null {
  return chainBreak()(entries)
}

/** Follows a chain that is read piece by piece: each call continues where the one before ended. */
export function chainBreak(): (entries: readonly Stored[]) => number | null {
  let previous = genesis
  let sequence = 1
  return (entries) => {
    for (const { hash: stored, ...entry } of entries) {
      if (
        entry.sequence !== sequence ||
        entry.previousHash !== previous ||
        hashOf(onlyHashed(entry)) !== stored
      ) {
        return entry.sequence
      }
      previous = stored
      sequence += 1
    }
    return null
  }
}

function onlyHashed(entry: Hashed): Hashed {
  const { organisationId, sequence, at, actorKind, actorId, actorName, action } = entry
  const { subjectKind, subjectId, subjectVersion, outcome, before, after, previousHash } = entry
  return {
    organisationId,
    sequence,
    at,
    actorKind,
    actorId,
    actorName,
    action,
    subjectKind,
    subjectId,
    subjectVersion,
    outcome,
    before: before ?? null,
    after: after ?? null,
    previousHash,
  }
}

// As the database gives it back: dates are text, undefined members are gone.
function plain(value: unknown): Prisma.InputJsonValue | null {
  if (value === undefined || value === null) return null
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue
}
