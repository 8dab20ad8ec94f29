import type { z } from 'zod'
import { grants } from '#domain/access.ts'
import type { identity, loginSession } from '#domain/member.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, transaction } from '../db.ts'
import { idleMs, publicSessionId } from './cookie.ts'

/** Who asks, in which organisation, and what they may do there. */
export async function readIdentity(actor: Actor): Promise<z.input<typeof identity>> {
  const organisation = await db().organisation.findUniqueOrThrow({
    where: { id: actor.organisationId },
    select: { id: true, slug: true, name: true },
  })
  const { kind, id, name, role, scopes } = actor
  return {
    kind,
    id,
    name,
    role,
    permissions: [...grants[role]],
    scopes: scopes && [...scopes],
    organisation,
  }
}

/** The logins of the person who asks that are still good, the newest first; machines have none. */
export async function listOwnSessions(actor: Actor): Promise<z.input<typeof loginSession>[]> {
  const rows = await liveSessions(actor)
  return rows.map((row) => ({
    id: publicSessionId(row.id),
    current: row.id === actor.sessionId,
    signedInAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    endsAt: row.expiresAt.toISOString(),
  }))
}

/** Ends one of the logins of the person who asks. */
export async function endOwnSession(publicId: string, actor: Actor): Promise<void> {
  const row = (await liveSessions(actor)).find(({ id }) => publicSessionId(id) === publicId)
  if (!row) throw new Problem('not-found', 'You have no such session.')
  await transaction(async (tx) => {
    await tx.session.update({ where: { id: row.id }, data: { revokedAt: new Date() } })
    await audit(tx, actor, { action: 'session.end', subjectKind: 'session', subjectId: publicId })
  })
}

async function liveSessions(actor: Actor) {
  if (actor.kind !== 'user') return []
  const now = Date.now()
  return db().session.findMany({
    where: {
      userId: actor.id,
      revokedAt: null,
      expiresAt: { gt: new Date(now) },
      lastSeenAt: { gt: new Date(now - idleMs) },
    },
    orderBy: { createdAt: 'desc' },
  })
}
