import type { PeerReport } from '#domain/node-report.ts'
import type { Tx } from '../db.ts'

export interface Who {
  readonly organisationId: string
  readonly gatewayId: string
}

/** What goes on is written again so seldom; another chain of a peer at once. */
export const againSeconds = 60
/** What was not seen for so long says nothing any more. */
export const keptDays = 90
/** Callers may come with any number of names. */
const peersOfApiMax = 1_000
/** More than so many clients behind one certificate tell no more of whose it is. */
const clientsOfPeerMax = 10

/**
 * Notes whom a node has seen. Somebody with the same names is the same one, whatever the chain: what is kept is how
 * they were seen last.
 */
export async function notePeers(
  tx: Tx,
  { organisationId, gatewayId }: Who,
  peers: readonly PeerReport[],
  seenAt: Date,
): Promise<void> {
  if (peers.length === 0) return
  const rows = JSON.stringify([...together(peers).values()])
  const written = await tx.$queryRaw<{ instanceId: string; isNew: boolean }[]>`
    INSERT INTO "ObservedPeer" AS known
      ("organisationId", "instanceId", "side", "who", "subject", "issuer", "names", "sha256", "anchorSha256",
        "clientIds", "firstSeenAt", "lastSeenAt")
    SELECT ${organisationId}::uuid, instance."id", peer."side", peer."who", peer."subject", peer."issuer",
      peer."names", peer."sha256", peer."anchorSha256", peer."clientIds", ${seenAt}, ${seenAt}
    FROM jsonb_to_recordset(${rows}::jsonb) AS peer("apiId" text, "side" text, "who" text, "subject" text,
      "issuer" text, "names" jsonb, "sha256" text, "anchorSha256" text, "clientIds" text[])
    JOIN "ApiInstance" instance ON instance."id"::text = peer."apiId"
      AND instance."organisationId" = ${organisationId}::uuid AND instance."gatewayId" = ${gatewayId}::uuid
    ORDER BY instance."id", peer."side", peer."who"
    ON CONFLICT ("instanceId", "side", "who") DO UPDATE SET
      "subject" = excluded."subject", "issuer" = excluded."issuer", "names" = excluded."names",
      "sha256" = excluded."sha256", "anchorSha256" = excluded."anchorSha256",
      "clientIds" = ARRAY(SELECT DISTINCT unnest(known."clientIds" || excluded."clientIds") LIMIT ${clientsOfPeerMax}),
      "lastSeenAt" = excluded."lastSeenAt"
    WHERE known."lastSeenAt" < excluded."lastSeenAt" - make_interval(secs => ${againSeconds})
      OR known."issuer" <> excluded."issuer"
      OR known."sha256" IS DISTINCT FROM excluded."sha256"
      OR NOT known."clientIds" @> excluded."clientIds" AND cardinality(known."clientIds") < ${clientsOfPeerMax}
      OR known."anchorSha256" IS DISTINCT FROM excluded."anchorSha256"
    RETURNING "instanceId", xmax = 0 AS "isNew"`
  if (written.some(({ isNew }) => isNew)) await forget(tx, organisationId, seenAt)
}

async function forget(tx: Tx, organisationId: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM "ObservedPeer" WHERE "organisationId" = ${organisationId}::uuid AND (
      "lastSeenAt" < ${now}::timestamptz - make_interval(days => ${keptDays})
      OR ("instanceId", "side", "who") IN (
        SELECT "instanceId", "side", "who" FROM (
          SELECT "instanceId", "side", "who",
            row_number() OVER (PARTITION BY "instanceId" ORDER BY "lastSeenAt" DESC) AS place
          FROM "ObservedPeer" WHERE "organisationId" = ${organisationId}::uuid) ranked
        WHERE place > ${peersOfApiMax}))`
}

/** Of one that has come with two chains in between, the later one of the report counts; clients are put together. */
function together(peers: readonly PeerReport[]) {
  const found = new Map<string, PeerReport & { who: string; clientIds: string[] }>()
  for (const { clientId, ...peer } of peers) {
    const who = whoIs(peer)
    const key = `${peer.side} ${peer.apiId} ${who}`
    const before = found.get(key)?.clientIds ?? []
    const clientIds = [...new Set([...before, ...(clientId === undefined ? [] : [clientId])])]
    found.set(key, { ...peer, who, clientIds: clientIds.slice(0, clientsOfPeerMax) })
  }
  return found
}

function whoIs({ names, subject }: PeerReport): string {
  const named = names.map(({ type, value }) => `${type}:${value}`).toSorted()
  return named.length > 0 ? named.join() : subject
}
