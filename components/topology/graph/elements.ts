import { type Edge, type Node, Position } from 'reactflow'
import type {
  Box,
  Drawing,
  DrawnCard,
  DrawnFirewall,
  DrawnGateway,
  DrawnLane,
  DrawnLeg,
  DrawnNetwork,
} from '../layout/drawing.ts'
import type { Highlight } from '../highlight.ts'
import type { Model } from '../model.ts'
import { boxOf } from './stops.ts'

/** The drawing as React Flow takes it. Nodes carry places only; what they say comes from the model. */

export type LaneNode = Node<{ lane: DrawnLane }, 'lane'>
export type NetworkNode = Node<{ network: DrawnNetwork }, 'network'>
export type CardNode = Node<{ card: DrawnCard }, 'card'>
export type GatewayNode = Node<{ gateway: DrawnGateway }, 'gateway'>
export type FirewallNode = Node<{ firewall: DrawnFirewall }, 'firewall'>
export type TopologyNode = LaneNode | NetworkNode | CardNode | GatewayNode | FirewallNode
export type LegEdge = Edge<{ leg: DrawnLeg }, 'leg'>

// Lines lie above lanes and networks, and below what they connect.
const level = { lane: 0, network: 1, dimmedLine: 10, line: 20, solid: 30 } as const

// Lines know their own way, so one handle of each sort at any place will do; React Flow asks for them.
const handles = [
  { type: 'source' as const, position: Position.Right, x: 0, y: 0 },
  { type: 'target' as const, position: Position.Left, x: 0, y: 0 },
]

function placed({ x, y, width, height }: Box) {
  // Known sizes spare React Flow the measuring, and its minimap and fitting work at once.
  return { position: { x, y }, width, height, measured: { width, height }, handles, focusable: false }
}

/** Lanes first, then everything in reading order, since the order here is the order in the document. */
export function nodesOf(drawing: Drawing): TopologyNode[] {
  const lanes = drawing.lanes.map(
    (lane): TopologyNode => ({
      id: `lane:${lane.class}`,
      type: 'lane',
      data: { lane },
      zIndex: level.lane,
      ...placed(lane.box),
    }),
  )
  const rest: TopologyNode[] = [
    ...drawing.networks.map(
      (network): TopologyNode => ({
        id: `network:${network.id}`,
        type: 'network',
        data: { network },
        zIndex: level.network,
        ...placed(network.box),
      }),
    ),
    ...drawing.cards.map(
      (card): TopologyNode => ({
        id: card.id,
        type: 'card',
        data: { card },
        zIndex: level.solid,
        ...placed(card.box),
      }),
    ),
    ...drawing.gateways.map(
      (gateway): TopologyNode => ({
        id: `gateway:${gateway.id}`,
        type: 'gateway',
        data: { gateway },
        zIndex: level.solid,
        ...placed(gateway.box),
      }),
    ),
    ...drawing.firewalls.map(
      (firewall): TopologyNode => ({
        id: firewall.id,
        type: 'firewall',
        data: { firewall },
        zIndex: level.solid,
        ...placed(firewall.box),
      }),
    ),
  ]
  const inOrder = rest.toSorted((a, b) => a.position.y - b.position.y || a.position.x - b.position.x)
  return [...lanes, ...inOrder]
}

export function edgesOf(drawing: Drawing, model: Model, highlight: Highlight | null): LegEdge[] {
  return drawing.legs.flatMap((leg): LegEdge[] => {
    const view = model.legs.get(leg.id)
    if (!view) return []
    return [
      {
        id: leg.id,
        type: 'leg',
        source: boxOf(view, 'from', model),
        target: boxOf(view, 'to', model),
        data: { leg },
        focusable: false,
        zIndex: highlight && !highlight.legs.has(leg.id) ? level.dimmedLine : level.line,
      },
    ]
  })
}
