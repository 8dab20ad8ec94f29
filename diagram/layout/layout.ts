import type { ELK } from 'elkjs/lib/elk-api.js'
import type { Topology } from '#domain/topology.ts'
import type { Arrangement } from '#domain/stored.ts'
import type { Drawing } from './drawing.ts'
import { graphOf, type Heights, heightsBy, type OrderGraph, orderOf } from './order.ts'
import { place } from './place.ts'
import { route } from './route.ts'
import { type Structure, structureOf } from './structure.ts'

/** A topology before its things are in order, which is the costly part of drawing it. */
export interface Unordered {
  readonly structure: Structure
  readonly graph: OrderGraph
  readonly byHand: Arrangement
}

export function unordered(topology: Topology): Unordered {
  const structure = structureOf(topology)
  return { structure, graph: graphOf(structure), byHand: topology.arrangement }
}

/** Draws the topology: its heights order, the lanes give the places. Equal topologies give equal drawings. */
export function drawIn({ structure, graph, byHand }: Unordered, heights: Heights): Drawing {
  const { placed, columns } = place(structure, { ranks: orderOf(graph, heights), byHand })
  return { ...placed, width: columns.width, legs: route(structure, placed, columns) }
}

/** The same with the order from ELK. */
export async function layOut(elk: Pick<ELK, 'layout'>, topology: Topology): Promise<Drawing> {
  const whole = unordered(topology)
  return drawIn(whole, await heightsBy(elk, whole.graph))
}

/** Equal for topologies that are drawn alike, so that new figures alone never move anything. */
export function shapeOf(topology: Topology): string {
  return JSON.stringify([
    topology.networks.map(({ id, name, class: cls, parentId, firewall }) => [
      id,
      name,
      cls,
      parentId,
      firewall !== null,
    ]),
    topology.parties.map(({ id, name, networkId }) => [id, name, networkId]),
    topology.gateways.map(({ id, networkId }) => [id, networkId]),
    topology.apis.map(({ id, providerId }) => [id, providerId]),
    topology.legs.map(({ id }) => id),
    topology.arrangement,
  ])
}
