import { ascending } from './listing.ts'
import type { PartyKind } from './party.ts'
import { Identities } from './party-identity.ts'
import type { Observed, ObservedPeer, ObservedView, PeerView, Side } from './peer.ts'
import type { PartyView } from './stored.ts'

/** Finds out which party each peer is, as far as what parties declare and the keys that they use say it. */
export function recognise(observed: Observed, parties: readonly PartyView[]): ObservedView {
  const known = { inbound: knownOf(parties, 'consumer'), outbound: knownOf(parties, 'provider') }
  return { ...observed, peers: observed.peers.map((peer) => recognised(peer, known)) }
}

interface Known {
  readonly identities: Identities
  readonly ids: ReadonlySet<string>
}

function knownOf(parties: readonly PartyView[], wanted: PartyKind): Known {
  const all = parties.filter(({ kind }) => kind === wanted)
  return { identities: new Identities(all), ids: new Set(all.map(({ id }) => id)) }
}

function recognised(peer: ObservedPeer, known: Record<Side, Known>): PeerView {
  const { identities, ids } = known[peer.side]
  const found = identities.of(peer)
  // Whose certificate it is says more than whose key came over it, which a firewall passes on for many.
  if (found) return named(peer, found.by, found.ids)
  return named(
    peer,
    'client',
    peer.clientIds.filter((id) => ids.has(id)),
  )
}

function named(
  peer: ObservedPeer,
  by: NonNullable<PeerView['recognisedBy']>,
  ids: readonly string[],
): PeerView {
  const [only = null, ...others] = ids
  if (others.length > 0)
    return { ...peer, partyId: null, recognisedBy: null, possibleIds: ids.toSorted(ascending) }
  return { ...peer, partyId: only, recognisedBy: only === null ? null : by, possibleIds: [] }
}
