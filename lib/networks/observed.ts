import { type Observed, observed } from '#domain/peer.ts'
import { db } from '../db.ts'

/** Whom and what the organisation's nodes have seen; null while none says anything. */
export async function readObserved(organisationId: string): Promise<Observed | null> {
  const [watched, peers, callers, agreements] = await Promise.all([
    watchedApis(organisationId),
    db().observedPeer.findMany({
      where: { organisationId },
      orderBy: [{ instanceId: 'asc' }, { side: 'asc' }, { who: 'asc' }],
    }),
    db().observedCaller.findMany({
      where: { organisationId },
      orderBy: [{ instanceId: 'asc' }, { clientId: 'asc' }],
    }),
    db().observedAgreement.findMany({
      where: { organisationId },
      orderBy: [{ instanceId: 'asc' }, { side: 'asc' }, { version: 'asc' }, { cipher: 'asc' }],
    }),
  ])
  if (watched.length === 0 && peers.length === 0) return null
  return observed.parse({
    apis: Object.fromEntries(
      watched.map(({ instanceId, since, publishedAt }) => [
        instanceId,
        { since: since.toISOString(), publishedAt: publishedAt?.toISOString() ?? null },
      ]),
    ),
    peers: peers.map(inWords),
    callers: callers.map((row) => ({ ...inWords(row), clientId: row.clientId || null })),
    agreements: agreements.map((row) => ({
      ...inWords(row),
      version: row.version || null,
      cipher: row.cipher || null,
    })),
  })
}

function inWords<T extends { instanceId: string; firstSeenAt: Date; lastSeenAt: Date }>(row: T) {
  const { instanceId, firstSeenAt, lastSeenAt, ...rest } = row
  return {
    ...rest,
    apiId: instanceId,
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
  }
}

/** With the time of the head revision of their gateway. */
function watchedApis(organisationId: string) {
  return db().$queryRaw<{ instanceId: string; since: Date; publishedAt: Date | null }[]>`
    SELECT watched."instanceId", watched."since", revision."createdAt" AS "publishedAt"
    FROM "ObservedApi" watched
    JOIN "ApiInstance" instance ON instance."id" = watched."instanceId"
    JOIN "Gateway" gateway ON gateway."id" = instance."gatewayId"
    LEFT JOIN "Revision" revision ON revision."gatewayId" = gateway."id" AND revision."number" = gateway."headRevision"
    WHERE watched."organisationId" = ${organisationId}::uuid
    ORDER BY watched."instanceId"`
}
