import { type LegView, readingsOf } from '#domain/leg.ts'
import type { ApiView, PartyView } from '#domain/stored.ts'
import type { FindingView, FlowView } from '#domain/topology.ts'
import { type FlowFilter, isFiltered, passes } from './filter.ts'
import type { Selection } from './highlight.ts'
import { findingsOfFlow, findingsOn, inOrder, type Model } from './model.ts'

/** What one line of a table is about: a flow, or a party or an API that no flow touches. */
export interface Line {
  /** What it leads to. */
  readonly of: Selection
  readonly consumer?: PartyView | undefined
  readonly provider?: PartyView | undefined
  readonly api?: ApiView | undefined
  readonly flow?: FlowView
  readonly legs: readonly LegView[]
  readonly findings: readonly FindingView[]
}

/** Every flow that passes and, where nothing is filtered, whoever has none. */
export function linesOf(model: Model, filter: FlowFilter): Line[] {
  const flows = model.topology.flows.filter((flow) => passes(model, flow, filter))
  const lines = flows.map((flow) => lineOf(model, flow))
  return isFiltered(filter) ? lines : [...lines, ...alone(model)]
}

function lineOf(model: Model, flow: FlowView): Line {
  const api = model.apis.get(flow.apiId)
  return {
    of: { kind: 'flow', id: flow.id },
    flow,
    api,
    consumer: model.parties.get(flow.consumerId),
    provider: providerOf(model, api),
    legs: flow.legs.flatMap((id) => model.legs.get(id) ?? []),
    findings: findingsOfFlow(model, flow.id),
  }
}

function providerOf(model: Model, api: ApiView | undefined): PartyView | undefined {
  return api?.providerId ? model.parties.get(api.providerId) : undefined
}

function alone(model: Model): Line[] {
  const { parties, apis, flows } = model.topology
  const consuming = new Set(flows.map(({ consumerId }) => consumerId))
  const consumed = new Set(flows.map(({ apiId }) => apiId))
  const providing = new Set(apis.map(({ providerId }) => providerId))
  const nothing = { legs: [], findings: [] }
  return [
    ...apis.filter(({ id }) => !consumed.has(id)).map((api) => lineOfApi(model, api)),
    ...parties.flatMap((party): Line[] => {
      const of: Selection = { kind: 'party', id: party.id }
      if (party.kind === 'consumer')
        return consuming.has(party.id) ? [] : [{ of, consumer: party, ...nothing }]
      return providing.has(party.id) ? [] : [{ of, provider: party, ...nothing }]
    }),
  ]
}

function lineOfApi(model: Model, api: ApiView): Line {
  const legs = model.topology.legs.filter((leg) =>
    readingsOf(leg).some(({ apiIds }) => apiIds.includes(api.id)),
  )
  const onLegs = findingsOn(
    model,
    legs.map(({ id }) => id),
  )
  return {
    of: { kind: 'api', id: api.id },
    api,
    provider: providerOf(model, api),
    legs,
    findings: inOrder([...(model.findingsAbout.get(`api:${api.id}`) ?? []), ...onLegs]),
  }
}
