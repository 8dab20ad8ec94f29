import type { LegView } from '#domain/leg.ts'
import { ascending } from '#domain/listing.ts'
import type { NetworkClass } from '#domain/network.ts'
import type { Topology } from '#domain/topology.ts'
import type { End } from './drawing.ts'
import {
  cardHeight,
  firewallHeightMin,
  gatewayHeightMin,
  headHeight,
  portPitch,
  rowHeight,
} from './measures.ts'

/** What is to be drawn and how large it is, before anything has a place. */

export interface Card {
  readonly id: string
  readonly end: End
  readonly partyId: string | null
  /** Null stands in the internal lane, outside every network. */
  readonly networkId: string | null
  readonly name: string
  readonly height: number
  readonly apiIds: readonly string[]
}
export interface Firewall {
  readonly id: string
  readonly networkId: string
  readonly end: End
  readonly height: number
}
export interface GatewayShape {
  readonly id: string
  readonly networkId: string | null
  readonly name: string
  readonly height: number
}
export interface NetworkShape {
  readonly id: string
  readonly name: string
  readonly class: NetworkClass
  /** The surrounding network of the same class; one of another class stands in another lane. */
  readonly parentId: string | null
}
/** A leg between two drawn things. */
export interface LegShape {
  readonly id: string
  readonly end: End
  /** Away from the gateway and towards it. */
  readonly far: string
  readonly near: string
  /** The row of the far card, when it has rows. */
  readonly apiId: string | null
}

export interface Structure {
  readonly networks: readonly NetworkShape[]
  readonly cards: readonly Card[]
  readonly firewalls: readonly Firewall[]
  readonly gateways: readonly GatewayShape[]
  readonly legs: readonly LegShape[]
}

/** The card of APIs that nobody provides yet. */
export const unprovided = 'card:unprovided'
export const cardId = (partyId: string) => `card:${partyId}`
export const gatewayId = (id: string) => `gateway:${id}`
export const firewallId = (end: End, networkId: string) => `firewall:${end}:${networkId}`

/** The same for the same things, in whatever order they are given. */
export function structureOf(given: Topology): Structure {
  const topology = inOrder(given)
  const providers = new Map(topology.apis.map(({ id, providerId }) => [id, providerId]))
  const legs = topology.legs.map((leg) => legShape(leg, providers.get(leg.to.id) ?? null))
  const ports = portsOf(legs)
  return {
    networks: networkShapes(topology),
    cards: [...consumerCards(topology, ports.far), ...providerCards(topology)],
    firewalls: firewallsOf(legs, ports.far),
    gateways: topology.gateways.map(({ id, name, networkId }) => {
      const [inbound, outbound] = [ports.in(gatewayId(id)), ports.out(gatewayId(id))]
      const height = Math.min(600, Math.max(gatewayHeightMin, 14 * Math.max(inbound, outbound)))
      return { id, name, networkId, height }
    }),
    legs,
  }
}

/** How many legs end at a thing: away from the gateway, and at a gateway on either side of it. */
function portsOf(legs: readonly LegShape[]) {
  const far = Map.groupBy(legs, (leg) => leg.far)
  const near = Map.groupBy(legs, (leg) => `${leg.near} ${leg.end}`)
  return {
    far: (id: string) => far.get(id)?.length ?? 0,
    in: (id: string) => near.get(`${id} consumers`)?.length ?? 0,
    out: (id: string) => near.get(`${id} providers`)?.length ?? 0,
  }
}

function inOrder(topology: Topology): Topology {
  const byName = <T extends { name: string; id: string }>(all: readonly T[]) =>
    all.toSorted((a, b) => ascending(a.name, b.name) || ascending(a.id, b.id))
  return {
    ...topology,
    networks: byName(topology.networks),
    parties: byName(topology.parties),
    gateways: byName(topology.gateways),
    apis: topology.apis.toSorted((a, b) => ascending(a.basePath, b.basePath) || ascending(a.id, b.id)),
    legs: topology.legs.toSorted((a, b) => ascending(a.id, b.id)),
  }
}

function networkShapes({ networks }: Topology): NetworkShape[] {
  const classOf = new Map(networks.map((network) => [network.id, network.class]))
  return networks.map(({ id, name, class: cls, parentId }) => ({
    id,
    name,
    class: cls,
    parentId: parentId !== null && classOf.get(parentId) === cls ? parentId : null,
  }))
}

function consumerCards({ parties }: Topology, ports: (id: string) => number): Card[] {
  return parties
    .filter(({ kind }) => kind === 'consumer')
    .map(({ id, name, networkId }) => ({
      id: cardId(id),
      end: 'consumers',
      partyId: id,
      networkId,
      name,
      height: Math.max(cardHeight, portPitch * ports(cardId(id))),
      apiIds: [],
    }))
}

function providerCards({ parties, apis }: Topology): Card[] {
  const provided = Map.groupBy(apis, ({ providerId }) => providerId)
  const card = (partyId: string | null, name: string, networkId: string | null): Card => {
    const apiIds = (provided.get(partyId) ?? []).map(({ id }) => id)
    const height = apiIds.length === 0 ? cardHeight : headHeight + rowHeight * apiIds.length
    const id = partyId === null ? unprovided : cardId(partyId)
    return { id, end: 'providers', partyId, networkId, name, height, apiIds }
  }
  const cards = parties
    .filter(({ kind }) => kind === 'provider')
    .map(({ id, name, networkId }) => card(id, name, networkId))
  return provided.has(null) ? [...cards, card(null, '', null)] : cards
}

function firewallsOf(legs: readonly LegShape[], ports: (id: string) => number): Firewall[] {
  const ids = new Set(legs.flatMap(({ far, near }) => [far, near]).filter((id) => id.startsWith('firewall:')))
  return [...ids].map((id) => {
    const [, end, networkId = ''] = id.split(':')
    return {
      id,
      networkId,
      end: end === 'providers' ? 'providers' : 'consumers',
      height: Math.max(firewallHeightMin, portPitch * ports(id)),
    }
  })
}

function legShape(leg: LegView, providerId: string | null): LegShape {
  const end: End = leg.side === 'inbound' ? 'consumers' : 'providers'
  const shape = ({ kind, id }: LegView['from']) => {
    if (kind === 'gateway') return gatewayId(id)
    if (kind === 'firewall') return firewallId(end, id)
    if (kind === 'consumer') return cardId(id)
    return providerId ? cardId(providerId) : unprovided
  }
  const [far, near] = end === 'consumers' ? [leg.from, leg.to] : [leg.to, leg.from]
  return {
    id: leg.id,
    end,
    far: shape(far),
    near: shape(near),
    apiId: far.kind === 'api' ? far.id : null,
  }
}
