import type { Observed } from '#domain/peer.ts'
import type { PastRows } from './past-rows.ts'

type SeenRows = Pick<
  PastRows,
  'ApiInstance' | 'ObservedApi' | 'ObservedPeer' | 'ObservedCaller' | 'ObservedAgreement'
>

/** Whom and what nodes had seen by then, to the day; null while none had said anything. */
export function observedIn(
  rows: SeenRows,
  at: Date,
  /** By gateway, when what it was to serve was published. */
  publishedAt: ReadonlyMap<string, string>,
): Observed | null {
  if (rows.ObservedApi.length === 0 && rows.ObservedPeer.length === 0) return null
  const gateways = new Map(rows.ApiInstance.map(({ id, gatewayId }) => [id, gatewayId]))
  return {
    apis: Object.fromEntries(
      rows.ObservedApi.map(({ instanceId, since }) => [
        instanceId,
        { since, publishedAt: publishedAt.get(gateways.get(instanceId) ?? '') ?? null },
      ]),
    ),
    peers: rows.ObservedPeer.map((row) => lastSeenBy(at, row)),
    callers: rows.ObservedCaller.map(({ clientId, ...row }) => ({
      ...lastSeenBy(at, row),
      clientId: clientId || null,
    })),
    agreements: rows.ObservedAgreement.map(({ version, cipher, firstSeenAt, ...row }) => ({
      ...lastSeenBy(at, { ...row, firstSeenAt }),
      firstSeenAt,
      version: version || null,
      cipher: cipher || null,
    })),
  }
}

// A row lasts for as long as something is seen day by day, so by then it had been seen that day, or the day before.
function lastSeenBy<T extends { firstSeenAt: string; until: string }>(at: Date, row: T) {
  const { firstSeenAt, until, ...rest } = row
  const day = `${at.toISOString().slice(0, 10)}T00:00:00.000Z`
  const last = until < day ? until : day
  return { ...rest, lastSeenAt: last > firstSeenAt ? last : firstSeenAt }
}
