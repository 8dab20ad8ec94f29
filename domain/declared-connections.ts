import type { Connection, Errand, NetworkPolicySet, Place } from './network-policy.ts'
import { isMeantFor, type Served, servedByApi } from './reading.ts'
import type { ApiView, GatewayView, PartyView, Stored, StoredFlow } from './stored.ts'

/** What NetworkPolicies must let through for a topology to work: clients in, upstreams, names and key sets out. */

export interface DeclaredConnection extends Connection {
  readonly gatewayId: string
  readonly of: Declared
}

export type Declared =
  | {
      readonly kind: 'client'
      readonly name: string
      readonly apiId: string
      readonly flowIds: readonly string[]
    }
  | { readonly kind: 'upstream'; readonly apiId: string }
  | { readonly kind: 'errand'; readonly errand: Errand }

/** What is looked at of a topology. */
export interface Declaring {
  readonly apis: readonly ApiView[]
  readonly flows: readonly StoredFlow[]
  readonly gateways: ReadonlyMap<string, GatewayView>
  readonly parties: ReadonlyMap<string, PartyView>
  readonly servedOf: (api: ApiView) => readonly Served[]
}

export function declaringOf(stored: Stored): Declaring {
  const served = servedByApi(stored)
  return {
    apis: stored.apis,
    flows: stored.flows,
    gateways: new Map(stored.gateways.map((gateway) => [gateway.id, gateway])),
    parties: new Map(stored.parties.map((party) => [party.id, party])),
    servedOf: ({ id }) => served.get(id) ?? [],
  }
}

/** Where the things of a topology run in a cluster, whatever is applied there. */
export type PlacedInCluster = Omit<NetworkPolicySet, 'policies'>

/** Every connection that the gateways of a set must be able to have. */
export function declaredConnections(set: PlacedInCluster, declaring: Declaring): DeclaredConnection[] {
  return set.gateways.flatMap(({ gatewayId, pod, errands }) => {
    const apis = declaring.apis.filter((api) => api.gatewayId === gatewayId)
    const ids = new Set(apis.map(({ id }) => id))
    const inwards = apis.flatMap((api) =>
      portsOf(api, declaring).flatMap((port) =>
        callersOf(api, set, declaring).map(({ place, of }) => ({ from: place, to: pod, port, of })),
      ),
    )
    const upstreams = set.upstreams
      .filter(({ apiId }) => ids.has(apiId))
      .map(({ apiId, place, port }) => ({
        ...{ from: pod, to: place, port },
        of: { kind: 'upstream', apiId } as const,
      }))
    const others = errands.map((errand) => ({
      ...{ from: pod, to: errand.place, port: errand.port, protocol: errand.protocol },
      of: { kind: 'errand', errand } as const,
    }))
    return [...inwards, ...upstreams, ...others].map((one) => ({
      protocol: 'TCP' as const,
      ...one,
      gatewayId,
    }))
  })
}

// What cannot be served yet, for want of a certificate, is to be reached where it is meant to be.
function portsOf(api: ApiView, { gateways, servedOf }: Declaring): number[] {
  const served = servedOf(api).map(({ listener }) => listener)
  const meant = api.enabled ? (gateways.get(api.gatewayId)?.listeners ?? []) : []
  return (served.length > 0 ? served : meant.filter((one) => isMeantFor(api, one))).map(({ port }) => port)
}

interface Caller {
  readonly place: Place
  readonly of: Extract<Declared, { kind: 'client' }>
}

/** The consumers of an API; where nobody knows whence one comes, or whether there is one, anybody. */
function callersOf({ id: apiId }: ApiView, set: PlacedInCluster, { flows, parties }: Declaring): Caller[] {
  const placeOf = new Map(set.consumers.map(({ partyId, place }) => [partyId, place]))
  const mine = flows.filter((flow) => flow.apiId === apiId)
  const placed = mine.flatMap(({ id, consumerId }): Caller[] => {
    const place = placeOf.get(consumerId)
    const name = parties.get(consumerId)?.name ?? consumerId
    return place ? [{ place, of: { kind: 'client', name, apiId, flowIds: [id] } }] : []
  })
  if (placed.length === mine.length && mine.length > 0) return placed
  const flowIds = mine.filter(({ consumerId }) => !placeOf.has(consumerId)).map(({ id }) => id)
  return [...placed, { place: { kind: 'anybody' }, of: { kind: 'client', name: 'anybody', apiId, flowIds } }]
}
