import { ascending, listed } from '#domain/listing.ts'
import type { ObservedAgreement, PeerView, Recognition } from '#domain/peer.ts'
import type { FlowView } from '#domain/topology.ts'
import type { Model } from './model.ts'

/** Whom and what nodes have seen, in words. */

const recognisedBy: Record<Recognition, string> = {
  certificate: 'the fingerprint of its certificate',
  subject: 'the subject of its certificate',
  name: 'a name of its certificate',
  client: 'its key or token',
}

/** Which party a peer is, as far as that is known. */
export function matchText(model: Model, { partyId, recognisedBy: by, possibleIds }: PeerView): string {
  const name = (id: string) => model.parties.get(id)?.name ?? 'a party that is gone'
  if (partyId !== null && by !== null) return `matched to ${name(partyId)} by ${recognisedBy[by]}`
  if (possibleIds.length > 0)
    return `may be ${listed(possibleIds.map(name)).replace(/ and (?=[^,]*$)/, ' or ')}`
  return 'matched to no party'
}

export function agreementText({ version, cipher, isMutual }: ObservedAgreement): string {
  if (version === null) return 'no TLS'
  const verified = isMutual ? 'both ends verified' : 'one way'
  return [`TLS ${version}`, cipher, verified].filter(Boolean).join(', ')
}

export interface Sighting {
  readonly at: string
  /** What it was recognised by. */
  readonly by: string
}

/** When the consumer of a flow was seen last; null where nobody was recognised as that. */
export function sightingOf(model: Model, { apiId, consumerId }: FlowView): Sighting | null {
  const { observed } = model.topology
  const peers = observed?.peers ?? []
  const callers = observed?.callers ?? []
  const sightings = [
    ...peers.flatMap(({ side, apiId: of, partyId, recognisedBy: by, lastSeenAt: at }) =>
      side === 'inbound' && of === apiId && partyId === consumerId && by !== null
        ? [{ at, by: recognisedBy[by] }]
        : [],
    ),
    ...callers.flatMap(({ apiId: of, clientId, lastSeenAt: at }) =>
      of === apiId && clientId === consumerId ? [{ at, by: recognisedBy.client }] : [],
    ),
  ]
  return sightings.toSorted((a, b) => ascending(b.at, a.at))[0] ?? null
}

/** The same for a table; empty while no node watches the API. */
export function sightingText(model: Model, flow: FlowView): string {
  const sighting = sightingOf(model, flow)
  if (sighting) return `${sighting.at.slice(0, 10)}, by ${sighting.by}`
  const since = model.topology.observed?.apis[flow.apiId]?.since
  return since === undefined ? '' : `not recognised since ${since.slice(0, 10)}`
}
