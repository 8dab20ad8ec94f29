import { grants } from '#domain/access.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'

/** What the frame around every page shows: who looks, at which organisation. */
export async function readAccount(actor: Actor) {
  const organisation = await db().organisation.findUniqueOrThrow({
    where: { id: actor.organisationId },
    select: {
      name: true,
      warningDays: true,
      environments: {
        select: { name: true, _count: { select: { gateways: true } } },
        orderBy: { name: 'asc' },
      },
    },
  })
  // An environment without a gateway holds nothing that could be looked at.
  const inUse = organisation.environments.filter(({ _count }) => _count.gateways > 0)
  return {
    name: actor.name,
    role: actor.role,
    organisation: organisation.name,
    warningDays: organisation.warningDays,
    environments: inUse.map(({ name }) => name),
    permissions: [...grants[actor.role]],
  }
}
