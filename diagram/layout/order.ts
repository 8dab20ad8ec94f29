import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import { cardWidth, firewallWidth, gatewayWidth } from './measures.ts'
import type { Structure } from './structure.ts'

/** How high each thing would stand if only crossing lines mattered: the order inside lanes and networks follows it. */
export type Order = ReadonlyMap<string, number>

/** What is to be ordered. Nothing else has a say in it, so equal graphs have equal orders. */
export interface OrderGraph extends ElkNode {
  children: ElkNode[]
  edges: ElkExtendedEdge[]
}

/** The same without names: one height for each child of the graph. */
export type Heights = readonly number[]

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.randomSeed': '1',
  'elk.layered.nodePlacement.strategy': 'SIMPLE',
  'elk.edgeRouting': 'POLYLINE',
  'elk.layered.mergeEdges': 'true',
  // Lines are drawn elsewhere; more rounds cost seconds at 1,500 flows and change little.
  'elk.layered.thoroughness': '3',
}

export function graphOf({ cards, firewalls, gateways, legs }: Structure): OrderGraph {
  const size = (width: number) => (each: { id: string; height: number }) => ({
    id: each.id,
    width,
    height: each.height,
  })
  return {
    id: 'root',
    layoutOptions: options,
    children: [
      ...cards.toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id)).map(size(cardWidth)),
      ...firewalls.map(size(firewallWidth)),
      ...gateways.map(({ id, height }) => ({ id: `gateway:${id}`, width: gatewayWidth, height })),
    ],
    edges: legs.map(({ id, end, far, near }) => ({
      id,
      sources: [end === 'consumers' ? far : near],
      targets: [end === 'consumers' ? near : far],
    })),
  }
}

/** Asks ELK for the heights with few crossings. */
export async function heightsBy(elk: Pick<ELK, 'layout'>, graph: OrderGraph): Promise<Heights> {
  const placed = await elk.layout(graph)
  const heights = new Map((placed.children ?? []).map(({ id, y = 0, height = 0 }) => [id, y + height / 2]))
  return graph.children.map(({ id }) => heights.get(id) ?? 0)
}

export function orderOf(graph: OrderGraph, heights: Heights): Order {
  return new Map(graph.children.map(({ id }, index) => [id, heights[index] ?? 0]))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
