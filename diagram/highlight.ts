import type { FlowView } from '#domain/topology.ts'
import { type FlowFilter, isFiltered, legFits, looksAtLegs, passes, shownBy } from './filter.ts'
import { cardId, firewallId, gatewayId, unprovided } from './layout/structure.ts'
import { isOpen, type Model } from './model.ts'

export const selectionKinds = ['flow', 'party', 'api', 'gateway', 'network', 'leg'] as const
export type SelectionKind = (typeof selectionKinds)[number]

/** One thing of the topology that something is asked about. */
export interface Selection {
  readonly kind: SelectionKind
  readonly id: string
}

/** `flow:4711`, or null where it is nothing of the sort. */
export function readSelection(text: string): Selection | null {
  const colon = text.indexOf(':')
  const kind = selectionKinds.find((each) => each === text.slice(0, colon))
  const id = text.slice(colon + 1)
  return kind && id !== '' ? { kind, id } : null
}

/** The flows that a selection is about. */
export function flowsOf(model: Model, selection: Selection): readonly FlowView[] {
  const { flows } = model.topology
  switch (selection.kind) {
    case 'flow':
      return flows.filter(({ id }) => id === selection.id)
    case 'leg':
      return model.flowsOfLeg.get(selection.id) ?? []
    case 'party':
      return flows.filter(
        ({ consumerId, apiId }) =>
          consumerId === selection.id || model.apis.get(apiId)?.providerId === selection.id,
      )
    case 'api':
      return flows.filter(({ apiId }) => apiId === selection.id)
    case 'gateway':
      return flows.filter(({ apiId }) => model.apis.get(apiId)?.gatewayId === selection.id)
    case 'network':
      return flows.filter((flow) => standsIn(model, flow, selection.id))
  }
}

function standsIn(model: Model, flow: FlowView, networkId: string): boolean {
  const providerId = model.apis.get(flow.apiId)?.providerId
  const ends = [flow.consumerId, ...(providerId ? [providerId] : [])]
  return ends.some((id) => model.parties.get(id)?.networkId === networkId)
}

/** What stands out: legs and drawn boxes by id. Everything else is dimmed. */
export interface Highlight {
  readonly legs: ReadonlySet<string>
  readonly boxes: ReadonlySet<string>
}

/** Null when nothing is chosen and no filter holds, so that nothing is dimmed. */
export function highlightOf(
  model: Model,
  state: FlowFilter & { readonly selection: Selection | null },
): Highlight | null {
  const { selection } = state
  if (selection) return highlightOfSelection(model, selection)
  if (!isFiltered(state)) return null
  const aboutLegs = looksAtLegs(state)
  const legs = new Set<string>()
  for (const flow of model.topology.flows) {
    if (!passes(model, flow, state)) continue
    for (const leg of flow.legs) if (!aboutLegs || legFits(model, leg, flow.apiId, state)) legs.add(leg)
  }
  if (state.focus !== null) addOutbound(model, { kind: 'api', id: state.focus }, legs)
  return { legs, boxes: new Set([...boxesOn(model, legs), ...filteredBoxes(model, state)]) }
}

function highlightOfSelection(model: Model, selection: Selection): Highlight {
  const legs = new Set(selection.kind === 'leg' ? [selection.id] : [])
  for (const flow of flowsOf(model, selection)) for (const leg of flow.legs) legs.add(leg)
  if (selection.kind === 'api' || selection.kind === 'party') addOutbound(model, selection, legs)
  return { legs, boxes: new Set([...boxesOn(model, legs), ...ownBoxes(model, selection)]) }
}

// What stands out by itself: the API in focus, APIs that somebody calls without any flow being declared, and what a
// team answers for, whether or not there is a flow to it.
function filteredBoxes(model: Model, { focus, show, team }: FlowFilter): string[] {
  const code = show === null ? undefined : shownBy[show]
  const found = model.topology.findings.filter((finding) => finding.code === code && isOpen(finding))
  const apiIds = found.flatMap(({ about }) => (about.kind === 'api' ? [about.id] : []))
  const own = team === null ? [] : model.topology.parties.filter((party) => party.team === team)
  return [
    ...[...apiIds, ...(focus === null ? [] : [focus])].map((id) => cardOfApi(model, id)),
    ...own.map(({ id }) => cardId(id)),
  ]
}

// An API that nobody consumes yet still has its way from the gateway.
function addOutbound(model: Model, { id }: Selection, legs: Set<string>): void {
  for (const leg of model.topology.legs) {
    const api = leg.to.kind === 'api' ? model.apis.get(leg.to.id) : undefined
    if (api && (api.id === id || api.providerId === id)) legs.add(leg.id)
  }
}

function boxesOn(model: Model, legs: ReadonlySet<string>): string[] {
  return [...legs].flatMap((id) => {
    const leg = model.legs.get(id)
    if (!leg) return []
    const end = leg.side === 'inbound' ? 'consumers' : 'providers'
    return [leg.from, leg.to].map((stop) => {
      switch (stop.kind) {
        case 'consumer':
          return cardId(stop.id)
        case 'firewall':
          return firewallId(end, stop.id)
        case 'gateway':
          return gatewayId(stop.id)
        case 'api':
          return cardOfApi(model, stop.id)
      }
    })
  })
}

function ownBoxes(model: Model, selection: Selection): string[] {
  switch (selection.kind) {
    case 'party':
      return [cardId(selection.id)]
    case 'gateway':
      return [gatewayId(selection.id)]
    case 'api':
      return [cardOfApi(model, selection.id)]
    case 'network':
      return model.topology.parties
        .filter(({ networkId }) => networkId === selection.id)
        .map(({ id }) => cardId(id))
    default:
      return []
  }
}

function cardOfApi(model: Model, apiId: string): string {
  const providerId = model.apis.get(apiId)?.providerId
  return providerId ? cardId(providerId) : unprovided
}
