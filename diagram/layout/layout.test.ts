import Elk from 'elkjs/lib/elk.bundled.js'
import { describe, expect, it } from 'vitest'
import { madeUp } from '#domain/testing/made-up.ts'
import { type Box, type Drawing, hexagonRoom } from './drawing.ts'
import { layOut, shapeOf } from './layout.ts'

const elk = new Elk()

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

const holds = (outer: Box, inner: Box) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height

function overlaps(boxes: readonly { id: string; box: Box }[]): string[] {
  const found: string[] = []
  for (const [index, a] of boxes.entries())
    for (const b of boxes.slice(index + 1)) if (overlap(a.box, b.box)) found.push(`${a.id} and ${b.id}`)
  return found
}

const room = ({ id, hexagon: { x, y } }: Drawing['legs'][number]) => ({
  id: `hexagon of ${id}`,
  box: {
    x: x - hexagonRoom.left,
    y: y - hexagonRoom.above,
    width: hexagonRoom.left + hexagonRoom.right,
    height: hexagonRoom.above + hexagonRoom.below,
  },
})

const sizes = [
  { parties: 0, flows: 0 },
  { parties: 1, flows: 0 },
  { parties: 8, flows: 9 },
  { parties: 20, flows: 40, gateways: 2 },
  { parties: 60, flows: 200, gateways: 3 },
]

describe('the drawing', () => {
  for (const [seed, size] of sizes.entries())
    for (const variant of [1, 2, 3, 4]) {
      it(`of ${size.parties} parties and ${size.flows} flows, ${variant}: nothing lies on anything else`, async () => {
        const topology = madeUp(seed * 10 + variant, size)
        const drawing = await layOut(elk, topology)
        const solid = [...drawing.cards, ...drawing.gateways, ...drawing.firewalls]
        expect(overlaps([...solid, ...drawing.legs.map(room)])).toEqual([])

        const parentOf = new Map(topology.networks.map(({ id, parentId }) => [id, parentId]))
        const classOf = new Map(topology.networks.map((network) => [network.id, network.class]))
        const around = (id: string): string[] => {
          const parent = parentOf.get(id)
          return parent && classOf.get(parent) === classOf.get(id) ? [parent, ...around(parent)] : []
        }
        for (const [index, a] of drawing.networks.entries())
          for (const b of drawing.networks.slice(index + 1)) {
            if (around(a.id).includes(b.id)) expect(holds(b.box, a.box)).toBe(true)
            else if (around(b.id).includes(a.id)) expect(holds(a.box, b.box)).toBe(true)
            else expect(overlap(a.box, b.box), `${a.id} on ${b.id}`).toBe(false)
          }
      })
    }

  it('puts every network into the lane of its class and every party into its network', async () => {
    const topology = madeUp(7, { parties: 40, flows: 80, gateways: 2 })
    const drawing = await layOut(elk, topology)
    const lane = new Map(drawing.lanes.map((each) => [each.class, each.box]))
    const network = new Map(drawing.networks.map((each) => [each.id, each.box]))
    const nowhere: Box = { x: 0, y: 0, width: 0, height: 0 }
    for (const each of topology.networks) {
      expect(holds(lane.get(each.class) ?? nowhere, network.get(each.id) ?? nowhere)).toBe(true)
    }
    for (const party of topology.parties) {
      const card = drawing.cards.find(({ partyId }) => partyId === party.id)
      expect(card && holds(network.get(party.networkId) ?? nowhere, card.box)).toBe(true)
      expect(card?.end).toBe(party.kind === 'consumer' ? 'consumers' : 'providers')
    }
    for (const { id, networkId } of topology.gateways) {
      const box = drawing.gateways.find((each) => each.id === id)?.box ?? nowhere
      const outer = networkId ? network.get(networkId) : lane.get('org-internal')
      expect(holds(outer ?? nowhere, box)).toBe(true)
    }
  })

  it('draws every leg, with its hexagon on the straight part of its line', async () => {
    const topology = madeUp(3, { parties: 60, flows: 150, gateways: 2 })
    const drawing = await layOut(elk, topology)
    expect(drawing.legs.map(({ id }) => id).toSorted()).toEqual(topology.legs.map(({ id }) => id).toSorted())
    for (const { hexagon, straight, path } of drawing.legs) {
      const [a, b] = straight
      expect(hexagon.y).toBe(a.y)
      expect(hexagon.y).toBe(b.y)
      expect(hexagon.x).toBeGreaterThan(Math.min(a.x, b.x))
      expect(hexagon.x).toBeLessThan(Math.max(a.x, b.x))
      expect(path).toMatch(/^M[-\d. ]+(?:L|C)[-\d. ]+(?:L|C)[-\d. ]+$/)
    }
  })

  it('draws no line through a card, a firewall or a gateway that is not its end', async () => {
    const drawing = await layOut(elk, madeUp(5, { parties: 40, flows: 90, gateways: 2 }))
    const solid = [...drawing.cards, ...drawing.gateways, ...drawing.firewalls]
    for (const { id, straight } of drawing.legs) {
      const [a, b] = straight
      const line = { x: Math.min(a.x, b.x) + 1, y: a.y, width: Math.abs(a.x - b.x) - 2, height: 0.5 }
      const crossed = solid.filter(({ box }) => overlap(box, line)).map((each) => each.id)
      expect(crossed, id).toEqual([])
    }
  })

  it('is the same each time for the same topology', async () => {
    const topology = madeUp(11, { parties: 30, flows: 60, gateways: 2 })
    const again = await layOut(elk, structuredClone(topology))
    expect(await layOut(elk, topology)).toEqual(again)
  })

  it('keeps its shape when only figures change', () => {
    const topology = madeUp(2, { parties: 10, flows: 10 })
    const busier = structuredClone(topology)
    for (const api of busier.apis)
      api.traffic = { requestsPerSecond: 9, errorsPerSecond: 0, refusedPerSecond: 0, latencyMs: null }
    expect(shapeOf(busier)).toBe(shapeOf(topology))
    expect(shapeOf(madeUp(3, { parties: 10, flows: 10 }))).not.toBe(shapeOf(topology))
  })

  it('takes 500 parties and 1,500 flows', async () => {
    const topology = madeUp(1, { parties: 500, flows: 1500, gateways: 2 })
    const drawing = await layOut(elk, topology)
    expect(drawing.cards.length).toBeGreaterThanOrEqual(500)
    expect(overlaps([...drawing.cards, ...drawing.gateways, ...drawing.firewalls])).toEqual([])
  })

  it('has things in the order that somebody gave them, and everything else where it was', async () => {
    const topology = madeUp(4, { parties: 40, flows: 60, gateways: 2 })
    const before = await layOut(elk, topology)
    const [networkId, cards] =
      [
        ...Map.groupBy(before.cards, ({ partyId }) => {
          const party = topology.parties.find(({ id }) => id === partyId)
          return party?.kind === 'consumer' ? party.networkId : undefined
        }),
      ].find(([id, group]) => id !== undefined && group.length > 2) ?? []
    const wanted = (cards ?? []).toSorted((a, b) => b.box.y - a.box.y).map(({ id }) => id)
    const arrangement = Object.fromEntries(wanted.map((id, position) => [id, position]))
    const after = await layOut(elk, { ...topology, arrangement })
    const inOrder = after.cards.toSorted((a, b) => a.box.y - b.box.y).map(({ id }) => id)
    expect(networkId).toBeDefined()
    expect(inOrder.filter((id) => wanted.includes(id))).toEqual(wanted)
    expect(after.networks).toEqual(before.networks)
    expect(shapeOf({ ...topology, arrangement })).not.toBe(shapeOf(topology))
  })
})
