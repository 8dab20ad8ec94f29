import { z } from 'zod'
import { type Role, roles } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import { audit } from '../audit.ts'
import type { Tx } from '../db.ts'
import { env } from '../env.ts'

/** What an issuer says of the person who signed in. */
export const profile = z.object({
  sub: z.string().min(1).max(255),
  name: z.string().max(200).optional().catch(undefined),
  preferred_username: z.string().max(200).optional().catch(undefined),
  email: z.string().max(254).optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
  hexgate_role: z.enum(roles).optional().catch(undefined),
})
export type Profile = z.output<typeof profile>

export interface Admitted {
  userId: string
  name: string
  organisationId: string
}

/**
 * Finds or makes the user behind a login, and the organisation that they enter. A person without a membership
 * gets one in two cases only: the bundled provider names a role, or nobody is a member of the one organisation yet.
 */
export async function admit(tx: Tx, person: Profile): Promise<Admitted> {
  const user = await upsertUser(tx, person)
  const membership = await tx.membership.findFirst({
    where: { userId: user.id, revokedAt: null },
    orderBy: { createdAt: 'asc' },
  })
  if (membership) return { userId: user.id, name: user.name, organisationId: membership.organisationId }
  const first = await firstMembership(tx, user.id, person)
  if (!first) {
    throw new Problem('access.no-membership', 'Ask an administrator of your organisation to add you.')
  }
  await tx.membership.create({ data: { ...first, userId: user.id } })
  await audit(
    tx,
    { kind: 'user', ...user, organisationId: first.organisationId },
    {
      action: 'member.join',
      subjectKind: 'member',
      subjectId: user.id,
      after: { role: first.role },
    },
  )
  return { userId: user.id, name: user.name, organisationId: first.organisationId }
}

async function upsertUser(tx: Tx, person: Profile): Promise<{ id: string; name: string }> {
  // An address that the issuer has not verified is a claim of the person, and members are added by it.
  const email = person.email_verified === true ? (person.email?.toLowerCase() ?? null) : null
  const name = person.name ?? person.preferred_username ?? email ?? person.sub
  const issuer = env().OIDC_ISSUER
  return tx.user.upsert({
    where: { issuer_subject: { issuer, subject: person.sub } },
    create: { issuer, subject: person.sub, name, email },
    update: { name, email },
    select: { id: true, name: true },
  })
}

async function firstMembership(
  tx: Tx,
  userId: string,
  person: Profile,
): Promise<{ organisationId: string; role: Role } | null> {
  // Two first logins at once must not both find the organisation empty.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('first-member', 0))`
  // Whoever was removed stays removed, whatever a claim says.
  if ((await tx.membership.count({ where: { userId } })) > 0) return null
  const organisations = await tx.organisation.findMany({
    orderBy: { createdAt: 'asc' },
    take: 2,
    select: { id: true, _count: { select: { memberships: true } } },
  })
  const [organisation] = organisations
  if (!organisation) return null
  if (env().HEXGATE_BUNDLED_STS) {
    return person.hexgate_role ? { organisationId: organisation.id, role: person.hexgate_role } : null
  }
  const isFirst = organisations.length === 1 && organisation._count.memberships === 0
  return isFirst ? { organisationId: organisation.id, role: 'admin' } : null
}
