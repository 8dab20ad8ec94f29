import type { Report } from '#contract/events.ts'
import type { Tx } from '../db.ts'
import type { Who } from './observed-peers.ts'

/** The hash of what a node watches, `blind` for one that does not say who calls; null before it has said anything. */
export type Watch = string | null

const blind = 'blind'

export function watchOf({ callers, appliedHash }: Pick<Report, 'callers' | 'appliedHash'>): Watch {
  return callers === undefined ? blind : appliedHash
}

/**
 * Notes that a node watches the APIs of what it serves, from now on where none did before. One that does not say who
 * calls serves them as well: until it is renewed nobody can be called unseen.
 */
export async function noteWatch(
  tx: Tx,
  { organisationId, gatewayId }: Who,
  watch: Watch,
  now: Date,
): Promise<void> {
  if (watch === null) return
  if (watch === blind) {
    await tx.observedApi.deleteMany({ where: { organisationId, instance: { gatewayId } } })
    return
  }
  // A manifest has a megabyte where there are thousands of APIs: it is opened once, and not for each of them.
  await tx.$executeRaw`
    WITH named AS MATERIALIZED (
      SELECT jsonb_object_keys("manifest" -> 'items') AS "id" FROM (
        SELECT "manifest" FROM "Revision"
        WHERE "organisationId" = ${organisationId}::uuid AND "gatewayId" = ${gatewayId}::uuid AND "hash" = ${watch}
        LIMIT 1) served),
    apis AS MATERIALIZED (SELECT substr("id", 5)::uuid AS "id" FROM named WHERE "id" LIKE 'api:%')
    INSERT INTO "ObservedApi" ("instanceId", "organisationId", "since")
    SELECT instance."id", instance."organisationId", ${now}::timestamptz
    FROM apis JOIN "ApiInstance" instance ON instance."id" = apis."id"
    WHERE instance."organisationId" = ${organisationId}::uuid AND instance."gatewayId" = ${gatewayId}::uuid
      AND NOT EXISTS (SELECT 1 FROM "ObservedApi" watched WHERE watched."instanceId" = instance."id")
    ORDER BY instance."id"
    ON CONFLICT ("instanceId") DO NOTHING`
}
