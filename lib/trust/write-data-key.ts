import type { DataKeyList, Resealing } from '#domain/data-key.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, transaction } from '../db.ts'
import { replaceSealingKey, rewrapKeys } from './data-keys.ts'
import { masterKeys } from './master-keys.ts'
import { resealAll } from './reseal.ts'

/** Who read a sealed text before it was sealed anew may open it for so long. */
const keptMs = 60 * 60_000

/** The organisation's data keys, newest first, and the master keys that this process knows. */
export async function listDataKeys(actor: Actor): Promise<DataKeyList> {
  requirePermission(actor, 'secrets.rotate')
  const rows = await db().dataKey.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
  })
  return {
    masterKeys: masterKeys().map(({ id }) => id),
    dataKeys: rows.map(({ id, masterKeyId, createdAt, retiredAt }) => ({
      id,
      masterKeyId,
      createdAt: createdAt.toISOString(),
      retiredAt: retiredAt?.toISOString() ?? null,
    })),
  }
}

/**
 * Wraps the data keys under the master key that stands first, and seals what lay under a master key itself. No other
 * master key is needed for the organisation's secrets then.
 */
export async function rewrapDataKeys(actor: Actor): Promise<Resealing> {
  requirePermission(actor, 'secrets.rotate')
  const rewrapped = await transaction((tx) => rewrapKeys(tx, actor.organisationId))
  return finish(actor, 'data-key.rewrap', rewrapped)
}

/** Makes a data key and seals everything under it, while the portal goes on. Repeat it where it was cut off. */
export async function renewDataKey(actor: Actor): Promise<Resealing> {
  requirePermission(actor, 'secrets.rotate')
  await transaction((tx) => replaceSealingKey(tx, actor.organisationId))
  return finish(actor, 'data-key.renew', 0)
}

async function finish(actor: Actor, action: string, rewrapped: number): Promise<Resealing> {
  const { organisationId } = actor
  const outcome = { rewrapped, ...(await resealAll(organisationId)) }
  await transaction(async (tx) => {
    if (outcome.unreadable === 0) {
      const retiredAt = { lt: new Date(Date.now() - keptMs) }
      await tx.dataKey.deleteMany({ where: { organisationId, retiredAt } })
    }
    await audit(tx, actor, {
      action,
      subjectKind: 'organisation',
      subjectId: organisationId,
      after: { ...outcome, masterKeyId: masterKeys()[0].id },
    })
  })
  return outcome
}
