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
      return drawing.networks.flatMap(({ id: of, box }): Mate[] => {
        const network = model.networks.get(of)
        const isMate = network?.class === own?.class && network?.parentId === own?.parentId
        return isMate ? [{ of, boxId: `network:${of}`, box }] : []
      })
    }
    default:
      return []
  }
}
