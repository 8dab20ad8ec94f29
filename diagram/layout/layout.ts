import type { ELK } from 'elkjs/lib/elk-api.js'
import type { Topology } from '#domain/topology.ts'
import type { Drawing } from './drawing.ts'
import { orderBy } from './order.ts'
import { place } from './place.ts'
import { route } from './route.ts'
import { structureOf } from './structure.ts'

/** Draws the topology: ELK orders, the lanes give the places. Equal topologies give equal drawings. */
export async function layOut(elk: Pick<ELK, 'layout'>, topology: Topology): Promise<Drawing> {
  const structure = structureOf(topology)
  const order = await orderBy(elk, structure)
  const { placed, columns } = place(structure, { ranks: order, byHand: topology.arrangement })
  return { ...placed, width: columns.width, legs: route(structure, placed, columns) }
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
