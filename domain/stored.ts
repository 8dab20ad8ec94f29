import { z } from 'zod'
import type { Acceptance } from './acceptance.ts'
import { type Watch, watch } from './certificate.ts'
import { environmentKinds } from './gateway.ts'
import { locations, networkClasses } from './network.ts'
import type { NetworkPolicySet } from './network-policy.ts'
import { owners, partyKinds } from './party.ts'
import type { Observed, Side } from './peer.ts'
import { mainUpstream } from './routing.ts'
import {
  type AuthorityView,
  type CertificateView,
  type ContextView,
  type InboundSide,
  inboundSide,
  type OutboundSide,
  outboundSide,
} from './trust.ts'

/** What the topology is made of, before anything is derived from it. */

const id = z.string()
const version = z.int()

export const networkView = z.object({
  id,
  name: z.string(),
  class: z.enum(networkClasses),
  location: z.enum(locations),
  parentId: id.nullable(),
  firewall: z.string().nullable(),
  firewallContextId: id.nullable().describe('The external context that the firewall ends'),
  version,
})

export const partyView = z.object({
  id,
  name: z.string(),
  kind: z.enum(partyKinds),
  owner: z.enum(owners),
  team: z.string().nullable().describe('Who answers for it; null where nobody has said'),
  networkId: id,
  identities: z
    .array(z.string())
    .describe('What its certificates are known by: names, whole subjects, SHA-256 fingerprints'),
  version,
})

export const gatewayView = z.object({
  id,
  name: z.string(),
  networkId: id.nullable(),
  environment: z.string(),
  environmentKind: z.enum(environmentKinds),
  listeners: z.array(z.object({ id, protocol: z.string(), address: z.string(), port: z.int() })),
  revision: z.int(),
  nodes: z
    .object({
      total: z.int(),
      online: z.int(),
      degraded: z.int(),
      current: z.int(),
      failedHandshakesPerSecond: z
        .number()
        .nullable()
        .describe('With clients; null when no node has reported lately'),
    })
    .nullable()
    .describe('Null where none was there, or none was kept yet'),
  version,
})

// Of the past no more is known than that it was deployed.
export const deployments = ['not-deployed', 'waiting', 'partly', 'serving', 'deployed'] as const
export type Deployment = (typeof deployments)[number]

const upstreamView = z.object({
  name: z.string(),
  urls: z.array(z.string()),
  outbound: outboundSide.nullable(),
})

export const apiView = z.object({
  /** The instance: this API version at this gateway. */
  id,
  apiId: id,
  name: z.string(),
  label: z.string(),
  gatewayId: id,
  providerId: id.nullable(),
  host: z.string().describe('Lower-case, * for any'),
  basePath: z.string(),
  listenerIds: z.array(id).describe('Listeners of the gateway that it is for; none means all'),
  upstreamUrl: z.string(),
  inbound: inboundSide.nullable().describe('TLS towards clients; null where no policy says anything of it'),
  upstreams: z
    .array(upstreamView)
    .describe('Everywhere that its requests may go, with TLS of its own for each'),
  watch: watch.nullable().describe('When to warn of its certificates; null for what is usual here'),
  enabled: z.boolean(),
  version,
  deployment: z.enum(deployments),
  /** From the nodes' latest reports; null when no node has reported lately. */
  traffic: z
    .object({
      requestsPerSecond: z.number(),
      errorsPerSecond: z.number(),
      refusedPerSecond: z.number(),
      latencyMs: z
        .object({ p50: z.number(), p99: z.number() })
        .nullable()
        .describe('Of the slowest node; null without answers in its last interval'),
    })
    .nullable(),
  failedHandshakes: z
    .array(z.object({ upstream: z.string(), code: z.string(), perSecond: z.number() }))
    .nullable()
    .describe('Of the gateway with upstreams, by upstream and why; null when no node has reported lately'),
})

export type NetworkView = z.infer<typeof networkView>
export type PartyView = z.infer<typeof partyView>
export type GatewayView = z.infer<typeof gatewayView>
export type ApiView = z.infer<typeof apiView>
export type UpstreamView = z.infer<typeof upstreamView>
export type Listener = GatewayView['listeners'][number]

/** What was put by hand on the map: by drawn box, which one it is from the top among those that it stands with. */
export const arrangement = z.record(z.string(), z.int())
export type Arrangement = Readonly<z.infer<typeof arrangement>>

export interface StoredFlow {
  readonly id: string
  readonly consumerId: string
  readonly apiId: string
  /** Where it is known. */
  readonly declaredAt?: string
}

export interface Stored {
  readonly networks: readonly NetworkView[]
  readonly parties: readonly PartyView[]
  readonly gateways: readonly GatewayView[]
  readonly apis: readonly ApiView[]
  readonly flows: readonly StoredFlow[]
  readonly contexts: readonly ContextView[]
  readonly authorities: readonly AuthorityView[]
  readonly certificates: readonly CertificateView[]
  /** When the organisation wants to be warned of certificates. */
  readonly watch: Watch
  readonly networkPolicies: readonly NetworkPolicySet[]
  /** Null while no node says whom it sees. */
  readonly observed: Observed | null
  readonly acceptances: readonly Acceptance[]
  readonly arrangement: Arrangement
}

/** What is stored, findable by id. */
export function indexOf(stored: Stored) {
  return {
    networks: byId(stored.networks),
    parties: byId(stored.parties),
    gateways: byId(stored.gateways),
    apis: byId(stored.apis),
    authorities: byId(stored.authorities),
    certificates: byId(stored.certificates),
  }
}
export type Index = ReturnType<typeof indexOf>

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]))
}

/** TLS of an API in one direction: towards its clients, or towards one of its upstreams. */
export interface Spoken {
  readonly side: Side
  /** Tells the sides of an API apart. */
  readonly which: string
  /** As a sentence calls the far end. */
  readonly towards: string
  readonly tls: InboundSide | OutboundSide
}

export function spokenBy({ inbound, upstreams }: Pick<ApiView, 'inbound' | 'upstreams'>): Spoken[] {
  return [
    ...(inbound
      ? [{ side: 'inbound', which: 'inbound', towards: 'its clients', tls: inbound } as const]
      : []),
    ...upstreams.flatMap(({ name, outbound }): Spoken[] => {
      if (!outbound) return []
      const towards = name === mainUpstream ? 'its upstream' : `its upstream ${name}`
      return [{ side: 'outbound', which: `outbound:${name}`, towards, tls: outbound }]
    }),
  ]
}

/** When certificates of APIs are to be warned of: as each says, or as is usual here. */
export function watchesOf(
  apis: readonly Pick<ApiView, 'watch'>[],
  usual: Watch,
): readonly [Watch, ...Watch[]] {
  const [first = usual, ...rest] = apis.map((api) => api.watch ?? usual)
  return [first, ...rest]
}
