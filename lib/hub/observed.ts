import type { Report } from '#contract/events.ts'
import type { AgreementReport, CallerReport } from '#domain/node-report.ts'
import type { Tx } from '../db.ts'
import { againSeconds, keptDays, notePeers, type Who } from './observed-peers.ts'

/** Of one API; there may be any number of tokens' clients, and of suites that nodes of other versions name. */
const callersOfApiMax = 5_000
const agreementsOfApiMax = 100

/** Notes whom and what a node has seen, for as long as it tells something. */
export async function noteSeen(
  tx: Tx,
  who: Who,
  { peers = [], callers = [], agreements = [] }: Pick<Report, 'peers' | 'callers' | 'agreements'>,
  seenAt: Date,
): Promise<void> {
  await notePeers(tx, who, peers, seenAt)
  await noteCallers(tx, who, callers, seenAt)
  await noteAgreements(tx, who, agreements, seenAt)
}

async function noteCallers(
  tx: Tx,
  { organisationId, gatewayId }: Who,
  callers: readonly CallerReport[],
  seenAt: Date,
): Promise<void> {
  if (callers.length === 0) return
  const rows = JSON.stringify(callers)
  const written = await tx.$queryRaw<{ isNew: boolean }[]>`
    INSERT INTO "ObservedCaller" AS known ("organisationId", "instanceId", "clientId", "firstSeenAt", "lastSeenAt")
    SELECT DISTINCT ${organisationId}::uuid, instance."id", coalesce(caller."clientId", ''), ${seenAt}::timestamptz, ${seenAt}::timestamptz
    FROM jsonb_to_recordset(${rows}::jsonb) AS caller("apiId" text, "clientId" text)
    JOIN "ApiInstance" instance ON instance."id"::text = caller."apiId"
      AND instance."organisationId" = ${organisationId}::uuid AND instance."gatewayId" = ${gatewayId}::uuid
    ORDER BY 2, 3
    ON CONFLICT ("instanceId", "clientId") DO UPDATE SET "lastSeenAt" = excluded."lastSeenAt"
    WHERE known."lastSeenAt" < excluded."lastSeenAt" - make_interval(secs => ${againSeconds})
    RETURNING xmax = 0 AS "isNew"`
  if (!written.some(({ isNew }) => isNew)) return
  await tx.$executeRaw`
    DELETE FROM "ObservedCaller" WHERE "organisationId" = ${organisationId}::uuid AND (
      "lastSeenAt" < ${seenAt}::timestamptz - make_interval(days => ${keptDays})
      OR ("instanceId", "clientId") IN (
        SELECT "instanceId", "clientId" FROM (
          SELECT "instanceId", "clientId",
            row_number() OVER (PARTITION BY "instanceId" ORDER BY "lastSeenAt" DESC) AS place
          FROM "ObservedCaller" WHERE "organisationId" = ${organisationId}::uuid) ranked
        WHERE place > ${callersOfApiMax}))`
}

async function noteAgreements(
  tx: Tx,
  { organisationId, gatewayId }: Who,
  agreements: readonly AgreementReport[],
  seenAt: Date,
): Promise<void> {
  if (agreements.length === 0) return
  const rows = JSON.stringify(agreements)
  const written = await tx.$queryRaw<{ isNew: boolean }[]>`
    INSERT INTO "ObservedAgreement" AS known
      ("organisationId", "instanceId", "side", "version", "cipher", "isMutual", "firstSeenAt", "lastSeenAt")
    SELECT DISTINCT ${organisationId}::uuid, instance."id", agreed."side", coalesce(agreed."version", ''),
      coalesce(agreed."cipher", ''), agreed."isMutual", ${seenAt}::timestamptz, ${seenAt}::timestamptz
    FROM jsonb_to_recordset(${rows}::jsonb) AS agreed("apiId" text, "side" text, "version" text, "cipher" text,
      "isMutual" boolean)
    JOIN "ApiInstance" instance ON instance."id"::text = agreed."apiId"
      AND instance."organisationId" = ${organisationId}::uuid AND instance."gatewayId" = ${gatewayId}::uuid
    ORDER BY 2, 3, 4, 5, 6
    ON CONFLICT ("instanceId", "side", "version", "cipher", "isMutual")
      DO UPDATE SET "lastSeenAt" = excluded."lastSeenAt"
    WHERE known."lastSeenAt" < excluded."lastSeenAt" - make_interval(secs => ${againSeconds})
    RETURNING xmax = 0 AS "isNew"`
  if (!written.some(({ isNew }) => isNew)) return
  await tx.$executeRaw`
    DELETE FROM "ObservedAgreement" WHERE "organisationId" = ${organisationId}::uuid AND (
      "lastSeenAt" < ${seenAt}::timestamptz - make_interval(days => ${keptDays})
      OR ("instanceId", "side", "version", "cipher", "isMutual") IN (
        SELECT "instanceId", "side", "version", "cipher", "isMutual" FROM (
          SELECT "instanceId", "side", "version", "cipher", "isMutual",
            row_number() OVER (PARTITION BY "instanceId" ORDER BY "lastSeenAt" DESC) AS place
          FROM "ObservedAgreement" WHERE "organisationId" = ${organisationId}::uuid) ranked
        WHERE place > ${agreementsOfApiMax}))`
}
