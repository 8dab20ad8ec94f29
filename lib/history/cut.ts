import { db, type Tx, transaction } from '../db.ts'
import { log } from '../log.ts'
import { lockedReach, type Reach, reaches, reachOf } from './reach.ts'

/** Cuts what has ended too long ago out of the past, but for what somebody answers for or what is deployed. */

const dayMs = 86_400_000
const hourMs = 3_600_000
/** So many rows at once: a statement must not take seconds. */
const rowsMax = 5_000
/** Of one API, peers and callers that are gone: workloads with a new name each hour must not fill the disk. */
const goneOfApiMax = 5_000

/** Cuts every organisation's past at once, and gives how many rows went. */
export async function cutPast(now = new Date()): Promise<number> {
  const organisations = await db().organisation.findMany({ select: { id: true }, orderBy: { id: 'asc' } })
  let cut = 0
  for (const { id } of organisations) {
    await moveCut(id, now)
    cut += await inBatches(() => deleteEnded(id))
    cut += await inBatches(() => deleteGone(id))
  }
  return cut
}

async function inBatches(deleteSome: () => Promise<number>): Promise<number> {
  let all = 0
  for (;;) {
    const some = await deleteSome()
    all += some
    if (some < rowsMax) return all
  }
}

// Said before it is done: nobody reads a past of which half is gone.
function moveCut(organisationId: string, now: Date): Promise<void> {
  return transaction(async (tx) => {
    const { keptDays } = await lockedReach(tx, organisationId)
    const reach = await reachOf(tx, organisationId)
    const cutAt = new Date(now.getTime() - keptDays * dayMs)
    if (reach.since === null || cutAt <= reach.since) return
    const held = await heldMoments(tx, organisationId, reach, cutAt)
    await tx.pastReach.update({ where: { organisationId }, data: { cutAt, held } })
  })
}

/** When something was signed off, when what was signed off was deployed, and when what is deployed was. */
async function heldMoments(tx: Tx, organisationId: string, reach: Reach, before: Date): Promise<Date[]> {
  const rows = await tx.$queryRaw<{ at: Date }[]>`
    SELECT "createdAt" AS "at" FROM "SignOff" WHERE "organisationId" = ${organisationId}::uuid
    UNION
    SELECT min(past."validFrom") FROM "PastRow" past
    JOIN "Gateway" gateway ON gateway."id"::text = past."rowId"
    LEFT JOIN "Revision" revision ON revision."gatewayId" = gateway."id"
      AND revision."number" = (past."content" ->> 'headRevision')::int
    WHERE past."organisationId" = ${organisationId}::uuid AND past."kind" = 'Gateway'
      AND (gateway."headRevision" = (past."content" ->> 'headRevision')::int
        OR EXISTS (SELECT 1 FROM "SignOff" signed
          WHERE signed."gatewayId" = gateway."id" AND signed."hash" = revision."hash"))
    GROUP BY gateway."id", past."content" ->> 'headRevision'
    ORDER BY 1`
  return rows.map(({ at }) => at).filter((at) => at < before && reaches(reach, at))
}

function deleteEnded(organisationId: string): Promise<number> {
  return db().$executeRaw`
    DELETE FROM "PastRow" WHERE ctid IN (
      SELECT past.ctid FROM "PastRow" past
      JOIN "PastReach" reach ON reach."organisationId" = past."organisationId"
      WHERE past."organisationId" = ${organisationId}::uuid AND past."validTo" <= reach."cutAt"
        AND NOT EXISTS (SELECT 1 FROM unnest(reach."held") AS moment
          WHERE moment >= past."validFrom" AND moment < past."validTo")
      LIMIT ${rowsMax})`
}

function deleteGone(organisationId: string): Promise<number> {
  return db().$executeRaw`
    DELETE FROM "PastRow" WHERE ctid IN (
      SELECT ended."place" FROM (
        SELECT past.ctid AS "place", past."validFrom", past."validTo",
          row_number() OVER (PARTITION BY past."kind", past."content" ->> 'apiId' ORDER BY past."validTo" DESC) AS "number"
        FROM "PastRow" past
        WHERE past."organisationId" = ${organisationId}::uuid AND past."kind" IN ('ObservedPeer', 'ObservedCaller')
          AND past."validTo" IS NOT NULL) ended
      WHERE ended."number" > ${goneOfApiMax}
        AND NOT EXISTS (SELECT 1 FROM "SignOff" signed
          WHERE signed."organisationId" = ${organisationId}::uuid
            AND signed."createdAt" >= ended."validFrom" AND signed."createdAt" < ended."validTo")
      LIMIT ${rowsMax})`
}

/** Cuts once an hour for as long as the portal runs; replicas that do it at the same time do no harm. */
export function cutPastHourly(): { close: () => void } {
  const cut = () =>
    void cutPast().then(
      (rows) => rows > 0 && log.info({ rows }, 'cut what has ended too long ago'),
      (error) => log.warn({ err: error }, 'the past was not cut; trying again in an hour'),
    )
  const timer = setInterval(cut, hourMs)
  return { close: () => clearInterval(timer) }
}
