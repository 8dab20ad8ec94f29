import Elk from 'elkjs/lib/elk.bundled.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { madeUp } from '#domain/testing/made-up.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import { layOut } from '#diagram/layout/layout.ts'
import { modelOf } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { movedWith, nodesOf } from './elements.ts'
import { isInView } from './first-view.ts'
import { landingOf, movedBoxes } from './moving.ts'

const topology = madeUp(4, { parties: 60, flows: 80, gateways: 3 })
const model = modelOf(topology)
const elk = new Elk()
let drawing: Drawing
beforeAll(async () => {
  drawing = await layOut(elk, topology)
})

/** Everything that can be moved, from the top. */
function movable(): { selection: Selection; top: number; height: number }[] {
  return nodesOf(drawing).flatMap((node) => {
    const selection = movedWith(node)
    return selection ? [{ selection, top: node.position.y, height: node.height ?? 0 }] : []
  })
}

describe('a thing that is dragged', () => {
  it('stays where it is when it is dropped where it stood', () => {
    expect(movable().length).toBeGreaterThan(topology.parties.length)
    for (const { selection, top } of movable())
      expect(landingOf(drawing, model, selection, top)?.boxes ?? null).toBeNull()
  })

  it('lands first or last among those that it stands with, however far it is dragged', () => {
    for (const { selection } of movable()) {
      const [up, down] = [-1e6, 1e6].map((top) => landingOf(drawing, model, selection, top)?.boxes)
      for (const [boxes, place] of [
        [up, 0],
        [down, -1],
      ] as const)
        if (boxes) expect(boxes.at(place)).toMatch(new RegExp(`:${selection.id}$`))
    }
  })

  it('a little over its neighbour, lands where the arrow key puts it', () => {
    let moved = 0
    for (const { selection, height } of movable()) {
      const below = movedBoxes(drawing, model, selection, 'down')
      if (!below) continue
      const next = below[below.findIndex((id) => id.endsWith(`:${selection.id}`)) - 1]
      const box = [
        ...drawing.cards,
        ...drawing.gateways.map((each) => ({ ...each, id: `gateway:${each.id}` })),
        ...drawing.networks.map((each) => ({ ...each, id: `network:${each.id}` })),
      ].find(({ id }) => id === next)?.box
      if (!box) throw new Error(`${next} is not drawn`)
      const landing = landingOf(drawing, model, selection, box.y + box.height / 2 - height / 2 + 1)
      expect(landing?.boxes).toEqual(below)
      expect(landing?.y).toBeGreaterThan(box.y + box.height / 2)
      moved++
    }
    expect(moved).toBeGreaterThan(10)
  })

  it('is drawn where it landed', async () => {
    const { selection } =
      movable().find((each) => landingOf(drawing, model, each.selection, 1e6)?.boxes) ?? {}
    if (!selection) throw new Error('nothing can be moved')
    const boxes = landingOf(drawing, model, selection, 1e6)?.boxes ?? []
    const arrangement = Object.fromEntries(boxes.map((id, position) => [id, position]))
    const after = await layOut(elk, { ...topology, arrangement })
    const inOrder = nodesOf(after).flatMap(({ id }) => (boxes.includes(id) ? [id] : []))
    expect(inOrder).toEqual(boxes)
  })
})

it('a view shows nothing of a drawing that lies beside it', () => {
  const room = { width: 100, height: 100 }
  const small = { width: 200, height: 200 }
  expect(isInView(small, room, { x: -100, y: -100, zoom: 1 })).toBe(true)
  expect(isInView(small, room, { x: -100, y: -100, zoom: 0.5 })).toBe(false)
  expect(isInView(small, room, { x: 100, y: 0, zoom: 1 })).toBe(false)
})
