import { type Edge, type Node, type NodeHandle, Position } from 'reactflow'
import type { Highlight, Selection } from '#diagram/highlight.ts'
import type {
  Box,
  Drawing,
  DrawnCard,
  DrawnFirewall,
  DrawnGateway,
  DrawnLane,
  DrawnLeg,
  DrawnNetwork,
} from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import { boxOf } from './stops.ts'

/** The drawing as React Flow takes it. Nodes carry places only; what they say comes from the model. */

export type LaneNode = Node<{ lane: DrawnLane }, 'lane'>
export type NetworkNode = Node<{ network: DrawnNetwork }, 'network'>
export type CardNode = Node<{ card: DrawnCard }, 'card'>
export type GatewayNode = Node<{ gateway: DrawnGateway }, 'gateway'>
export type FirewallNode = Node<{ firewall: DrawnFirewall }, 'firewall'>
export type CaptionNode = Node<{ text: string }, 'caption'>
export type TopologyNode = CaptionNode | LaneNode | NetworkNode | CardNode | GatewayNode | FirewallNode
export type LegEdge = Edge<{ leg: DrawnLeg }, 'leg'>

// Lines lie above lanes and networks, and below what they connect.
const level = { lane: 0, network: 1, dimmedLine: 10, line: 20, solid: 30 } as const

function placed({ x, y, width, height }: Box) {
  return {
    position: { x, y },
    width,
    height,
    // Known sizes and ends spare React Flow the measuring, for which it would draw all of a large map once.
    measured: { width, height },
    handles: endsOf(width, height),
    focusable: false,
  }
}

// Where handles are, as far as anybody must know before they are drawn.
function endsOf(width: number, height: number): NodeHandle[] {
  return [
    { type: 'target', position: Position.Left, x: 0, y: height / 2 },
    { type: 'source', position: Position.Right, x: width, y: height / 2 },
  ]
}

/** What moves with a node; null for what stays where it is. */
export function movedWith(node: TopologyNode): Selection | null {
  switch (node.type) {
    case 'card': {
      const { partyId } = node.data.card
      return partyId === null ? null : { kind: 'party', id: partyId }
    }
    case 'gateway':
      return { kind: 'gateway', id: node.data.gateway.id }
    case 'network':
      return { kind: 'network', id: node.data.network.id }
    default:
      return null
  }
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
  return [...captionsOf(drawing), ...lanes, ...inOrder]
}

// What the columns hold, under the lowest lane.
function captionsOf({ cards, gateways, height }: Drawing): TopologyNode[] {
  const columns = [
    { text: 'Consumers', box: cards.find(({ end }) => end === 'consumers')?.box },
    { text: 'Gateway', box: gateways[0]?.box },
    { text: 'Providers', box: cards.find(({ end }) => end === 'providers')?.box },
  ]
  return columns.flatMap(({ text, box }): TopologyNode[] =>
    box
      ? [
          {
            id: `caption:${text}`,
            type: 'caption',
            data: { text },
            zIndex: level.lane,
            ...placed({ ...box, y: height + 6, height: 16 }),
          },
        ]
      : [],
  )
}

// The hexagon of a leg has its words. React Flow's own are the ids of both ends, unless it gets null, which its types
// do not know.
const noWords = null as unknown as string

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
        ariaRole: 'group',
        ariaLabel: noWords,
        zIndex: highlight && !highlight.legs.has(leg.id) ? level.dimmedLine : level.line,
      },
    ]
  })
}
