import { type LegView, readingsOf } from '#domain/leg.ts'
import { ascending } from '#domain/listing.ts'
import type { PeerView } from '#domain/peer.ts'
import type { FlowView } from '#domain/topology.ts'
import type { Model } from './model.ts'
import { matchText } from './seen.ts'

/** Who was really seen at the far ends of legs. */

/** With which party it is, in words. */
export type SeenPeer = PeerView & { readonly match: string }

/**
 * Who was seen at the far end of a leg, the latest first: of all APIs on it, or as far as it may belong to one flow.
 * Null where no node can see: none reports, or it is beyond a firewall.
 */
export function peersOn(model: Model, leg: LegView, flow?: FlowView): SeenPeer[] | null {
  const { observed } = model.topology
  const apiIds = new Set(readingsOf(leg).flatMap((reading) => reading.apiIds))
  if (!observed || apiIds.size === 0) return null
  return observed.peers
    .filter(({ apiId, side }) => side === leg.side && apiIds.has(apiId))
    .filter((peer) => flow === undefined || mayBelongTo(flow, peer))
    .toSorted((a, b) => ascending(b.lastSeenAt, a.lastSeenAt))
    .map((peer) => ({ ...peer, match: matchText(model, peer) }))
}

// A peer that is another consumer is none of this flow's; one that nobody knows may be.
function mayBelongTo({ apiId, consumerId }: FlowView, peer: PeerView): boolean {
  if (peer.apiId !== apiId) return false
  if (peer.side === 'outbound') return true
  if (peer.partyId !== null) return peer.partyId === consumerId
  return peer.possibleIds.length === 0 || peer.possibleIds.includes(consumerId)
}

/** Each subject and issuer once, as it was seen last. */
export function eachOnce(peers: readonly SeenPeer[]): SeenPeer[] {
  const latest = new Map<string, SeenPeer>()
  for (const peer of peers) {
    const key = `${peer.subject}\n${peer.issuer}`
    const known = latest.get(key)
    if (!known || known.lastSeenAt < peer.lastSeenAt) latest.set(key, peer)
  }
  return [...latest.values()].toSorted((a, b) => ascending(b.lastSeenAt, a.lastSeenAt))
}
