import { gap } from '#diagram/layout/measures.ts'
import { cardId } from '#diagram/layout/structure.ts'
import type { Box, Drawing } from '#diagram/layout/drawing.ts'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'

/** Putting things of the map in another order by hand: among those in the same network, or under the same one. */

export type Way = 'up' | 'down'

/** The boxes in their new order from the top, or null where it cannot go further, or not at all. */
export function movedBoxes(
  drawing: Drawing,
  model: Model,
  { kind, id }: Selection,
  way: Way,
): string[] | null {
  const mates = matesOf(drawing, model, kind, id).toSorted((a, b) => a.box.y - b.box.y)
  const from = mates.findIndex((mate) => mate.of === id)
  const to = from + (way === 'up' ? -1 : 1)
  const [here, there] = [mates[from], mates[to]]
  if (!here || !there) return null
  return mates.map((mate, index) => (index === from ? there : index === to ? here : mate).boxId)
}

/** Where something that is dragged would come to stand. */
export interface Landing {
  readonly name: string
  /** Where it stands as yet. */
  readonly from: Box
  /** The boxes in their new order from the top; null where it would stay where it is. */
  readonly boxes: string[] | null
  /** The middle of the gap that it would go into. */
  readonly y: number
}

/** Where a thing lands whose box is dropped with its top at `top`; null for what cannot be moved. */
export function landingOf(
  drawing: Drawing,
  model: Model,
  { kind, id }: Selection,
  top: number,
): Landing | null {
  const mates = matesOf(drawing, model, kind, id).toSorted((a, b) => a.box.y - b.box.y)
  const from = mates.findIndex((mate) => mate.of === id)
  const own = mates[from]
  if (!own) return null
  const others = mates.filter((mate) => mate !== own)
  const middle = (box: Box, y = box.y) => y + box.height / 2
  const to = others.filter(({ box }) => middle(box) < middle(own.box, top)).length
  const boxes = others.toSpliced(to, 0, own).map(({ boxId }) => boxId)
  const name = namesOf(model, kind).get(id)?.name ?? ''
  return {
    name,
    from: own.box,
    boxes: to === from ? null : boxes,
    y: gapBefore(others, to) ?? middle(own.box),
  }
}

function gapBefore(others: readonly Mate[], index: number): number | null {
  const [above, below] = [others[index - 1]?.box, others[index]?.box]
  if (above) return above.y + above.height + gap / 2
  return below ? below.y - gap / 2 : null
}

function namesOf({ parties, gateways, networks }: Model, kind: Selection['kind']) {
  return kind === 'party' ? parties : kind === 'gateway' ? gateways : networks
}

interface Mate {
  readonly of: string
  readonly boxId: string
  readonly box: Box
}

function matesOf(drawing: Drawing, model: Model, kind: Selection['kind'], id: string): Mate[] {
  switch (kind) {
    case 'party': {
      const own = model.parties.get(id)
      return drawing.cards.flatMap(({ partyId, box }): Mate[] => {
        const party = partyId === null ? undefined : model.parties.get(partyId)
        const isMate = party && party.kind === own?.kind && party.networkId === own.networkId
        return isMate ? [{ of: party.id, boxId: cardId(party.id), box }] : []
      })
    }
    case 'gateway': {
      const networkId = model.gateways.get(id)?.networkId
      return drawing.gateways.flatMap(({ id: of, box }): Mate[] =>
        model.gateways.get(of)?.networkId === networkId ? [{ of, boxId: `gateway:${of}`, box }] : [],
      )
    }
    case 'network': {
      const own = model.networks.get(id)
      const place = drawing.networks.find((each) => each.id === id)?.box
      return drawing.networks.flatMap(({ id: of, box }): Mate[] => {
        const network = model.networks.get(of)
        // Wide ones stand above narrow ones, and narrow ones in columns of their own, whoever moves them.
        const isMate =
          network?.class === own?.class &&
          network?.parentId === own?.parentId &&
          box.x === place?.x &&
          box.width === place.width
        return isMate ? [{ of, boxId: `network:${of}`, box }] : []
      })
    }
    default:
      return []
  }
}
