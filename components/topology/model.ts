import type {
  ApiView,
  FindingView,
  FlowView,
  GatewayView,
  LegView,
  NetworkView,
  PartyView,
  Topology,
} from '#domain/topology.ts'

/** The topology with everything findable by id. */
export interface Model {
  readonly topology: Topology
  readonly networks: ReadonlyMap<string, NetworkView>
  readonly parties: ReadonlyMap<string, PartyView>
  readonly gateways: ReadonlyMap<string, GatewayView>
  readonly apis: ReadonlyMap<string, ApiView>
  readonly flows: ReadonlyMap<string, FlowView>
  readonly legs: ReadonlyMap<string, LegView>
  readonly flowsOfLeg: ReadonlyMap<string, readonly FlowView[]>
  readonly findingsOfLeg: ReadonlyMap<string, readonly FindingView[]>
}

export function modelOf(topology: Topology): Model {
  const flowsOfLeg = new Map<string, FlowView[]>(topology.legs.map(({ id }) => [id, []]))
  for (const flow of topology.flows) for (const leg of flow.legs) flowsOfLeg.get(leg)?.push(flow)
  return {
    topology,
    networks: byId(topology.networks),
    parties: byId(topology.parties),
    gateways: byId(topology.gateways),
    apis: byId(topology.apis),
    flows: byId(topology.flows),
    legs: byId(topology.legs),
    flowsOfLeg,
    findingsOfLeg: Map.groupBy(topology.findings, ({ legId }) => legId),
  }
}

function byId<T extends { id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]))
}

/** The findings on any of these legs, errors first. */
export function findingsOn(model: Model, legIds: Iterable<string>): FindingView[] {
  const found = [...legIds].flatMap((id) => model.findingsOfLeg.get(id) ?? [])
  return found.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
}

/** The gateway that an API stands at. */
export function gatewayOf(model: Model, api: ApiView): GatewayView | undefined {
  return model.gateways.get(api.gatewayId)
}

export function networkOf(model: Model, party: PartyView): NetworkView | undefined {
  return model.networks.get(party.networkId)
}
