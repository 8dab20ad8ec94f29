import type { z } from 'zod'
import type { Role } from '#domain/access.ts'
import type { Member, newMember } from '#domain/member.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, type Tx, transaction } from '../db.ts'
import { env } from '../env.ts'

const shown = {
  id: true,
  role: true,
  createdAt: true,
  user: { select: { name: true, email: true } },
} as const

interface Row {
  id: string
  role: Role
  createdAt: Date
  user: { name: string; email: string | null }
}

function view({ id, role, createdAt, user }: Row): Member {
  return { id, role, name: user.name, email: user.email, since: createdAt.toISOString() }
}

/** The people of the organisation, by name. */
export async function listMembers(actor: Actor): Promise<Member[]> {
  requirePermission(actor, 'organisation.read')
  const rows = await db().membership.findMany({
    where: { organisationId: actor.organisationId, revokedAt: null },
    orderBy: { user: { name: 'asc' } },
    select: shown,
  })
  return rows.map(view)
}

/** Lets somebody in who has signed in once, by the address that the issuer has verified. */
export async function addMember(wish: z.output<typeof newMember>, actor: Actor): Promise<Member> {
  requirePermission(actor, 'organisation.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const people = await tx.user.findMany({
      where: { issuer: env().OIDC_ISSUER, email: wish.email.toLowerCase() },
      take: 2,
    })
    const [person] = people
    if (!person || people.length > 1) {
      throw new Problem('not-found', 'Nobody with that address has signed in yet. Ask them to sign in once.')
    }
    const known = await tx.membership.findUnique({
      where: { organisationId_userId: { organisationId, userId: person.id } },
    })
    if (known && !known.revokedAt) throw new Problem('name.taken', `${person.name} is a member already.`)
    const row = await tx.membership.upsert({
      where: { organisationId_userId: { organisationId, userId: person.id } },
      create: { organisationId, userId: person.id, role: wish.role },
      update: { role: wish.role, revokedAt: null },
      select: shown,
    })
    await audit(tx, actor, {
      ...subject('members.add', row.id),
      after: { name: person.name, role: wish.role },
    })
    return view(row)
  })
}

/** Gives a member another role. */
export async function changeRole(id: string, role: Role, actor: Actor): Promise<Member> {
  requirePermission(actor, 'organisation.write')
  return transaction(async (tx) => {
    const before = await ownMember(tx, id, actor)
    const row = await tx.membership.update({ where: { id }, data: { role }, select: shown })
    await keepAnAdmin(tx, actor)
    await audit(tx, actor, {
      ...subject('members.change-role', id),
      before: { role: before.role },
      after: { role },
    })
    return view(row)
  })
}

/** Takes somebody's membership away; their next request is refused. */
export async function removeMember(id: string, actor: Actor): Promise<void> {
  requirePermission(actor, 'organisation.write')
  await transaction(async (tx) => {
    const before = await ownMember(tx, id, actor)
    await tx.membership.update({ where: { id }, data: { revokedAt: new Date() } })
    await keepAnAdmin(tx, actor)
    await audit(tx, actor, { ...subject('members.remove', id), before: { role: before.role } })
  })
}

async function ownMember(tx: Tx, id: string, { organisationId }: Actor) {
  // Two administrators who remove each other at once must not both succeed.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`members:${organisationId}`}, 0))`
  const row = await tx.membership.findFirst({ where: { id, organisationId, revokedAt: null } })
  if (!row) throw new Problem('not-found', 'There is no such member.')
  return row
}

async function keepAnAdmin(tx: Tx, { organisationId }: Actor): Promise<void> {
  const left = await tx.membership.count({ where: { organisationId, role: 'admin', revokedAt: null } })
  if (left === 0) throw new Problem('in-use', 'An organisation needs at least one administrator.')
}

function subject(action: string, subjectId: string) {
  return { action, subjectKind: 'member', subjectId }
}
