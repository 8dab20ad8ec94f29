import type { z } from 'zod'
import type { Role } from '#domain/access.ts'
import type { Member, newMember } from '#domain/member.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, type Tx, transaction } from '../db.ts'
import { env } from '../env.ts'
import { requireVersion } from '../versions.ts'

const shown = {
  id: true,
  role: true,
  version: true,
  createdAt: true,
  user: { select: { name: true, email: true } },
} as const

interface Row {
  id: string
  role: Role
  version: number
  createdAt: Date
  user: { name: string; email: string | null }
}

function view({ id, role, version, createdAt, user }: Row): Member {
  return { id, role, version, name: user.name, email: user.email, since: createdAt.toISOString() }
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

/** One of the people of the organisation. */
export async function readMember(actor: Actor, id: string): Promise<Member> {
  requirePermission(actor, 'organisation.read')
  const { organisationId } = actor
  const row = await db().membership.findFirst({
    where: { id, organisationId, revokedAt: null },
    select: shown,
  })
  if (!row) throw absent()
  return view(row)
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
      update: { role: wish.role, revokedAt: null, version: { increment: 1 } },
      select: shown,
    })
    await audit(tx, actor, {
      ...subject('member.add', row),
      after: { name: person.name, role: wish.role },
    })
    return view(row)
  })
}

/** Gives a member another role. */
export async function changeRole(id: string, role: Role, actor: Actor, ifMatch: number): Promise<Member> {
  requirePermission(actor, 'organisation.write')
  return transaction(async (tx) => {
    const before = await ownMember(tx, id, actor, ifMatch)
    const data = { role, version: { increment: 1 } }
    const row = await tx.membership.update({ where: { id }, data, select: shown })
    await keepAnAdmin(tx, actor)
    await audit(tx, actor, {
      ...subject('member.role.replace', row),
      before: { role: before.role },
      after: { role },
    })
    return view(row)
  })
}

/** Takes somebody's membership away; their next request is refused. */
export async function removeMember(id: string, actor: Actor, ifMatch: number): Promise<void> {
  requirePermission(actor, 'organisation.write')
  await transaction(async (tx) => {
    const before = await ownMember(tx, id, actor, ifMatch)
    const data = { revokedAt: new Date(), version: { increment: 1 } }
    const row = await tx.membership.update({ where: { id }, data })
    await keepAnAdmin(tx, actor)
    await audit(tx, actor, { ...subject('member.remove', row), before: { role: before.role } })
  })
}

async function ownMember(tx: Tx, id: string, actor: Actor, ifMatch: number) {
  const { organisationId } = actor
  // Two administrators who remove each other at once must not both succeed.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`members:${organisationId}`}, 0))`
  const row = await tx.membership.findFirst({ where: { id, organisationId, revokedAt: null } })
  if (!row) throw absent()
  await requireVersion(tx, actor, { kind: 'member', id, version: row.version }, ifMatch)
  return row
}

function absent(): Problem {
  return new Problem('not-found', 'There is no such member.')
}

async function keepAnAdmin(tx: Tx, { organisationId }: Actor): Promise<void> {
  const left = await tx.membership.count({ where: { organisationId, role: 'admin', revokedAt: null } })
  if (left === 0) throw new Problem('in-use', 'An organisation needs at least one administrator.')
}

function subject(action: string, { id, version }: { id: string; version: number }) {
  return { action, subjectKind: 'member', subjectId: id, subjectVersion: version }
}
