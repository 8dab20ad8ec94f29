import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js'
import { cardWidth, firewallWidth, gatewayWidth } from './measures.ts'
import type { Structure } from './structure.ts'

/** How high each thing would stand if only crossing lines mattered: the order inside lanes and networks follows it. */
export type Order = ReadonlyMap<string, number>

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

/** Asks ELK for the order with few crossings. Equal structures give equal orders. */
export async function orderBy(elk: Pick<ELK, 'layout'>, structure: Structure): Promise<Order> {
  const { cards, firewalls, gateways, legs } = structure
  const size = (width: number) => (each: { id: string; height: number }) => ({
    id: each.id,
    width,
    height: each.height,
  })
  const graph: ElkNode = {
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
  const placed = await elk.layout(graph)
  return new Map((placed.children ?? []).map(({ id, y = 0, height = 0 }) => [id, y + height / 2]))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
