import type { z } from 'zod'
import { findingTitle } from '#diagram/looks.ts'
import { Problem } from '#domain/problem.ts'
import type { newThread, Thread, ThreadSubject } from '#domain/review.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { toThread, withComments } from './stored.ts'

const threadsMax = 500

/** Comments by what they are about, those with the newest beginning first. */
export async function listThreads(actor: Actor): Promise<Thread[]> {
  requirePermission(actor, 'reviews.read')
  const rows = await db().thread.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: threadsMax,
    include: withComments,
  })
  return rows.map(toThread)
}

/** Begins a thread with its first comment. */
export async function beginThread(
  actor: Actor,
  { subject, text }: z.output<typeof newThread>,
): Promise<Thread> {
  requirePermission(actor, 'reviews.write')
  const about = await subjectIn(actor, subject)
  return transaction(async (tx) => {
    const { organisationId } = actor
    const { id } = await tx.thread.create({
      data: {
        organisationId,
        subjectKind: about.kind,
        subjectId: about.id,
        subjectName: about.name,
        legId: about.legId,
      },
      select: { id: true },
    })
    return addTo(tx, actor, id, text, 'thread.create')
  })
}

/** What is commented on must stand there now: nothing is written into the past. */
async function subjectIn(
  actor: Actor,
  { kind, id }: { kind: ThreadSubject['kind']; id: string },
): Promise<ThreadSubject> {
  const { legs, findings } = await readTopology(actor)
  if (kind === 'leg') {
    const leg = legs.find((each) => each.id === id)
    if (leg) return { kind, id, name: `${leg.from.name} to ${leg.to.name}`, legId: id }
  } else {
    const finding = findings.find((each) => each.id === id)
    if (finding) {
      const name = `${findingTitle[finding.code]}: ${finding.about.name}`
      return { kind, id, name, legId: finding.legIds[0] ?? null }
    }
  }
  throw new Problem('not-found', `There is no such ${kind} in the topology of now.`)
}

export function addComment(actor: Actor, threadId: string, text: string): Promise<Thread> {
  requirePermission(actor, 'reviews.write')
  return transaction(async (tx) => {
    await threadIn(tx, actor, threadId)
    return addTo(tx, actor, threadId, text, 'thread.comment.add')
  })
}

async function addTo(tx: Tx, actor: Actor, threadId: string, text: string, action: string): Promise<Thread> {
  const { organisationId, id: authorId, name: authorName } = actor
  await tx.comment.create({ data: { organisationId, threadId, text, authorId, authorName } })
  return recorded(tx, actor, threadId, action, { text })
}

/** Says that what a thread is about is settled, or that it is not. */
export function resolveThread(actor: Actor, threadId: string, resolved: boolean): Promise<Thread> {
  requirePermission(actor, 'reviews.write')
  return transaction(async (tx) => {
    const before = await threadIn(tx, actor, threadId)
    if ((before.resolvedAt !== null) === resolved) return before
    const data = resolved
      ? { resolvedAt: new Date(), resolvedBy: actor.name }
      : { resolvedAt: null, resolvedBy: null }
    await tx.thread.update({ where: { id: threadId }, data })
    return recorded(tx, actor, threadId, resolved ? 'thread.resolve' : 'thread.reopen', {})
  })
}

async function threadIn(tx: Tx, actor: Actor, id: string): Promise<Thread> {
  const row = await tx.thread.findFirst({
    where: { id, organisationId: actor.organisationId },
    include: withComments,
  })
  if (!row) throw new Problem('not-found', 'There is no such thread.')
  return toThread(row)
}

async function recorded(tx: Tx, actor: Actor, id: string, action: string, after: object): Promise<Thread> {
  const thread = await threadIn(tx, actor, id)
  await audit(tx, actor, {
    action,
    subjectKind: 'thread',
    subjectId: id,
    after: { subject: thread.subject, ...after },
  })
  await announceChange(tx, actor.organisationId, { topic: 'reviews', id })
  return thread
}
