import { grants } from '#domain/access.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'

/** What the frame around every page shows: who looks, at which organisation. */
export async function readAccount(actor: Actor) {
  const organisation = await db().organisation.findUniqueOrThrow({
    where: { id: actor.organisationId },
    select: { name: true, environments: { select: { name: true }, orderBy: { name: 'asc' } } },
  })
  return {
    name: actor.name,
    role: actor.role,
    organisation: organisation.name,
    environments: organisation.environments.map(({ name }) => name),
    permissions: [...grants[actor.role]],
  }
}
