import type { LegView } from '#domain/leg.ts'
import type { Drawing } from '#diagram/layout/drawing.ts'
import { headHeight, networkHead } from '#diagram/layout/measures.ts'
import { cardId, firewallId, gatewayId } from '#diagram/layout/structure.ts'
import type { Model } from '#diagram/model.ts'
import type { Stop } from '../neighbour.ts'
import type { Selection } from '#diagram/highlight.ts'

/** A place that the keyboard can stand on: it names itself and can be chosen. */
export interface GraphStop extends Stop {
  readonly selection: Selection
  readonly name: string
}

export const stopId = ({ kind, id }: Selection) => `${kind}:${id}`
/** The id in the document of the button that a stop is. */
export const domId = (stop: string) => `topology-${stop}`

/** Every stop in reading order: rows from the top, each from the left. */
export function stopsOf(drawing: Drawing, model: Model): GraphStop[] {
  const stop = (selection: Selection, box: Stop['box'], name: string | undefined): GraphStop[] =>
    name === undefined ? [] : [{ id: stopId(selection), selection, box, name }]
  const all = [
    ...drawing.networks.flatMap(({ id, box }) =>
      stop({ kind: 'network', id }, titleBox(box, drawing.width), model.networks.get(id)?.name),
    ),
    ...drawing.cards.flatMap(({ partyId, box, rows }) => [
      ...(partyId
        ? stop(
            { kind: 'party', id: partyId },
            rows.length > 0 ? { ...box, height: headHeight } : box,
            model.parties.get(partyId)?.name,
          )
        : []),
      ...rows.flatMap((row) =>
        stop({ kind: 'api', id: row.apiId }, row.box, model.apis.get(row.apiId)?.name),
      ),
    ]),
    ...drawing.gateways.flatMap(({ id, box }) =>
      stop({ kind: 'gateway', id }, box, model.gateways.get(id)?.name),
    ),
  ]
  return all.toSorted((a, b) => a.box.y - b.box.y || a.box.x - b.box.x)
}

// A network's title stands over the column of its cards, so that arrows lead from one to the other.
function titleBox(box: Stop['box'], drawingWidth: number): Stop['box'] {
  const width = Math.min(216, box.width)
  const x = box.x > drawingWidth / 2 ? box.x + box.width - width : box.x
  return { x, y: box.y, width, height: networkHead }
}

/** Where a flow goes on from a stop, or where it comes from: consumers, gateway and APIs, past firewalls. */
export function along(stop: GraphStop, way: 'callers' | 'callees', model: Model): string[] {
  const { kind, id } = stop.selection
  const flows = model.topology.flows.flatMap((flow) => {
    const api = model.apis.get(flow.apiId)
    return api
      ? [{ consumer: flow.consumerId, gateway: api.gatewayId, api: api.id, provider: api.providerId }]
      : []
  })
  const onward = flows.flatMap(({ consumer, gateway, api, provider }) => {
    if (way === 'callees') {
      if (kind === 'party' && consumer === id) return [`gateway:${gateway}`]
      if (kind === 'gateway' && gateway === id) return [`api:${api}`]
      return []
    }
    if (kind === 'gateway' && gateway === id) return [`party:${consumer}`]
    if ((kind === 'api' && api === id) || (kind === 'party' && provider === id)) return [`gateway:${gateway}`]
    return []
  })
  return [...new Set(onward)]
}

/** The drawn box that an end of a leg belongs to, as its id in the drawing. */
export function boxOf(leg: LegView, end: 'from' | 'to', model: Model): string {
  const { kind, id } = leg[end]
  if (kind === 'gateway') return gatewayId(id)
  if (kind === 'firewall') return firewallId(leg.side === 'inbound' ? 'consumers' : 'providers', id)
  if (kind === 'consumer') return cardId(id)
  const providerId = model.apis.get(id)?.providerId
  return providerId ? cardId(providerId) : 'card:unprovided'
}
