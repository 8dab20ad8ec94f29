import type { z } from 'zod'
import type { Role } from '#domain/access.ts'
import type { newServiceAccount, ServiceAccountView } from '#domain/member.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, transaction } from '../db.ts'
import { env } from '../env.ts'

interface Row {
  id: string
  clientId: string
  name: string
  role: Role
  createdAt: Date
}

function view({ id, clientId, name, role, createdAt }: Row): ServiceAccountView {
  return { id, clientId, name, role, since: createdAt.toISOString() }
}

/** The machines of the organisation, by name. */
export async function listServiceAccounts(actor: Actor): Promise<ServiceAccountView[]> {
  requirePermission(actor, 'organisation.read')
  const rows = await db().serviceAccount.findMany({
    where: { organisationId: actor.organisationId, revokedAt: null },
    orderBy: { name: 'asc' },
  })
  return rows.map(view)
}

/** Lets a client of the issuer act in the organisation. Its secret stays between it and the issuer. */
export async function addServiceAccount(
  wish: z.output<typeof newServiceAccount>,
  actor: Actor,
): Promise<ServiceAccountView> {
  requirePermission(actor, 'organisation.write')
  const { organisationId } = actor
  const issuer = env().OIDC_ISSUER
  return transaction(async (tx) => {
    const where = { issuer_clientId: { issuer, clientId: wish.clientId } }
    const known = await tx.serviceAccount.findUnique({ where })
    // A client acts in one organisation; whose it is elsewhere is nobody's business here.
    if (known && (known.revokedAt === null || known.organisationId !== organisationId)) {
      throw new Problem('name.taken', 'That client id is in use already.')
    }
    const row = await tx.serviceAccount.upsert({
      where,
      create: { ...wish, issuer, organisationId },
      update: { name: wish.name, role: wish.role, revokedAt: null },
    })
    const { id, clientId, name, role } = row
    await audit(tx, actor, { ...subject('service-account.add', id), after: { clientId, name, role } })
    return view(row)
  })
}

/** Takes a machine's access away; its next request is refused, whatever its token says. */
export async function removeServiceAccount(id: string, actor: Actor): Promise<void> {
  requirePermission(actor, 'organisation.write')
  const { organisationId } = actor
  await transaction(async (tx) => {
    const { count } = await tx.serviceAccount.updateMany({
      where: { id, organisationId, revokedAt: null },
      data: { revokedAt: new Date() },
    })
    if (count === 0) throw new Problem('not-found', 'There is no such service account.')
    await audit(tx, actor, subject('service-account.remove', id))
  })
}

function subject(action: string, subjectId: string) {
  return { action, subjectKind: 'service-account', subjectId }
}
