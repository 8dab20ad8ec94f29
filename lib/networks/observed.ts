import { type Observed, observed } from '#domain/peer.ts'
import { db } from '../db.ts'

/** Whom the organisation's nodes have seen; null while none has seen anybody. */
export async function readObserved(organisationId: string): Promise<Observed | null> {
  const rows = await db().observedPeer.findMany({
    where: { organisationId },
    orderBy: [{ instanceId: 'asc' }, { side: 'asc' }, { who: 'asc' }],
  })
  const [first] = rows.map(({ firstSeenAt }) => firstSeenAt).toSorted((a, b) => a.getTime() - b.getTime())
  if (!first) return null
  return observed.parse({
    since: first.toISOString(),
    peers: rows.map(({ instanceId, lastSeenAt, ...row }) => ({
      ...row,
      apiId: instanceId,
      // Certificates name nobody of the topology by themselves.
      partyId: null,
      lastSeenAt: lastSeenAt.toISOString(),
    })),
  })
}
