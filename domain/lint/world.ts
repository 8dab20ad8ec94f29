import type { CertificateFacts } from '../certificate.ts'
import type { Finding, Subject } from '../finding.ts'
import type { LegView } from '../leg.ts'
import { listed } from '../listing.ts'
import type { ObservedView } from '../peer.ts'
import type { KnownContext } from '../proof.ts'
import type { Served } from '../reading.ts'
import type { ApiView, GatewayView, Index, NetworkView, Stored, StoredFlow } from '../stored.ts'
import type { Use, Uses } from '../uses.ts'

/** Everything that can be judged: what is stored, and what was derived from it. */
export interface World {
  readonly stored: Stored
  readonly at: Index
  readonly now: Date
  readonly legs: readonly LegView[]
  readonly legById: ReadonlyMap<string, LegView>
  readonly flows: readonly (StoredFlow & { readonly legs: readonly string[] })[]
  readonly flowsOfLeg: ReadonlyMap<string, readonly StoredFlow[]>
  readonly observed: ObservedView | null
  readonly contexts: ReadonlyMap<string, KnownContext>
  readonly uses: Uses
  /** Every CA certificate that the organisation has seen, wherever it lies. */
  readonly issuers: readonly CertificateFacts[]
  /** Where an API is served at its gateway. */
  readonly servedOf: (api: ApiView) => readonly Served[]
}

export function aboutLeg(leg: LegView): Subject {
  return { kind: 'leg', id: leg.id, name: between(leg) }
}

export function aboutApi({ id, name }: ApiView): Subject {
  return { kind: 'api', id, name }
}

export function aboutContext({ id, name }: { id: string; name: string }): Subject {
  return { kind: 'context', id, name }
}

export function between({ from, to }: LegView): string {
  return `${from.name} to ${to.name}`
}

export function touching({
  legIds,
  flowIds,
}: Pick<Use, 'legIds' | 'flowIds'>): Pick<Finding, 'legIds' | 'flowIds'> {
  return { legIds: [...legIds].toSorted(), flowIds: [...flowIds].toSorted() }
}

/** Names of APIs by their ids, for a sentence. */
export function apiNames(ids: Iterable<string>, { at }: World): string {
  return listed([...ids].flatMap((id) => at.apis.get(id)?.name ?? []))
}

/** The network in which the outer end of a leg stands. */
export function farNetwork(leg: LegView, { at }: World): NetworkView | null {
  const far = leg.side === 'inbound' ? leg.from : leg.to
  if (far.kind === 'firewall') return at.networks.get(far.id) ?? null
  const partyId = far.kind === 'consumer' ? far.id : at.apis.get(far.id)?.providerId
  const networkId = partyId == null ? undefined : at.parties.get(partyId)?.networkId
  return (networkId !== undefined && at.networks.get(networkId)) || null
}

/** The gateways that a use reaches. */
export function gatewaysOf(use: Use, { at }: World): GatewayView[] {
  return [...use.gatewayIds].flatMap((id) => at.gateways.get(id) ?? [])
}
