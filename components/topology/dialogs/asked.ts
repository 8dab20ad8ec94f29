import type { PartyKind } from '#domain/party.ts'
import type { ApiView, GatewayView, NetworkView, PartyView } from '#domain/stored.ts'
import type { FindingView, FlowView } from '#domain/topology.ts'

/** Which dialog is asked for, and about what. Without a subject something new is made. */
export type Asked =
  | { readonly kind: 'network'; readonly network?: NetworkView; readonly focus?: 'firewall' }
  | { readonly kind: 'party'; readonly partyKind: PartyKind; readonly party?: PartyView }
  | { readonly kind: 'flow'; readonly consumerId?: string; readonly apiId?: string }
  | { readonly kind: 'provider'; readonly api: ApiView }
  | { readonly kind: 'place'; readonly gateway: GatewayView }
  | { readonly kind: 'accept'; readonly finding: FindingView }
  | { readonly kind: 'withdraw'; readonly finding: FindingView }
  | { readonly kind: 'delete-network'; readonly network: NetworkView }
  | { readonly kind: 'delete-party'; readonly party: PartyView }
  | { readonly kind: 'delete-flow'; readonly flow: FlowView; readonly title: string }
