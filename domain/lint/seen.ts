import type { ObservedAgreement, ObservedCaller, PeerView } from '../peer.ts'
import type { ApiView } from '../stored.ts'
import type { World } from './world.ts'

/** With the time of its declaration where that is known. */
type Flow = World['flows'][number]

/** What nodes have seen of one API, beside who is declared for it. */
export interface Seen {
  readonly api: ApiView
  /** Null while no node watches it. */
  readonly since: string | null
  /** Null where nothing of it is to be served. */
  readonly publishedAt: string | null
  readonly peers: readonly PeerView[]
  readonly callers: readonly ObservedCaller[]
  readonly agreements: readonly ObservedAgreement[]
  readonly flows: readonly Flow[]
}

/** Of every API; none while no node says anything. */
export function seenOf({ observed, stored, flows }: World): Seen[] {
  if (!observed) return []
  const byApi = <T extends { readonly apiId: string }>(all: readonly T[]) =>
    Map.groupBy(all, ({ apiId }) => apiId)
  const peers = byApi(observed.peers)
  const callers = byApi(observed.callers)
  const agreements = byApi(observed.agreements)
  const times = new Map(stored.flows.map(({ id, declaredAt }) => [id, declaredAt]))
  const declared = byApi(
    flows.map((flow): Flow => {
      const declaredAt = times.get(flow.id)
      return declaredAt === undefined ? flow : { ...flow, declaredAt }
    }),
  )
  return stored.apis.map((api) => ({
    api,
    since: observed.apis[api.id]?.since ?? null,
    publishedAt: observed.apis[api.id]?.publishedAt ?? null,
    peers: peers.get(api.id) ?? [],
    callers: callers.get(api.id) ?? [],
    agreements: agreements.get(api.id) ?? [],
    flows: declared.get(api.id) ?? [],
  }))
}

/**
 * Whether whoever shows a certificate that is known for none of these consumers cannot be one of them: each says by
 * what its certificates are known, and comes to the gateway itself. A firewall shows a certificate of its own.
 */
export function nobodyElse(flows: readonly Flow[], { at, legById }: World): boolean {
  return flows.every(({ consumerId, legs: [first = ''] }) => {
    const consumer = at.parties.get(consumerId)
    const isDirect = legById.get(first)?.to.kind === 'gateway'
    return consumer !== undefined && consumer.identities.length > 0 && isDirect
  })
}
