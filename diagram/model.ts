import { severities } from '#domain/finding.ts'
import type { LegView } from '#domain/leg.ts'
import type { ApiView, GatewayView, NetworkView, PartyView } from '#domain/stored.ts'
import type { FindingView, FlowView, Topology } from '#domain/topology.ts'

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
  /** How many flows each API has. */
  readonly flowsOfApi: ReadonlyMap<string, number>
  readonly findingsOfLeg: ReadonlyMap<string, readonly FindingView[]>
  readonly findingsOfFlow: ReadonlyMap<string, readonly FindingView[]>
  /** By what they are about: `api:…`. */
  readonly findingsAbout: ReadonlyMap<string, readonly FindingView[]>
}

export function modelOf(topology: Topology): Model {
  const flowsOfLeg = new Map<string, FlowView[]>(topology.legs.map(({ id }) => [id, []]))
  for (const flow of topology.flows) for (const leg of flow.legs) flowsOfLeg.get(leg)?.push(flow)
  const flowsOfApi = new Map<string, number>()
  for (const { apiId } of topology.flows) flowsOfApi.set(apiId, (flowsOfApi.get(apiId) ?? 0) + 1)
  return {
    topology,
    networks: byId(topology.networks),
    parties: byId(topology.parties),
    gateways: byId(topology.gateways),
    apis: byId(topology.apis),
    flows: byId(topology.flows),
    legs: byId(topology.legs),
    flowsOfLeg,
    flowsOfApi,
    findingsOfLeg: findingsBy(topology.findings, ({ legIds }) => legIds),
    findingsOfFlow: findingsBy(topology.findings, ({ flowIds }) => flowIds),
    findingsAbout: findingsBy(topology.findings, ({ about }) => [`${about.kind}:${about.id}`]),
  }
}

function byId<T extends { id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]))
}

function findingsBy(
  findings: readonly FindingView[],
  touched: (finding: FindingView) => readonly string[],
): ReadonlyMap<string, readonly FindingView[]> {
  const found = new Map<string, FindingView[]>()
  for (const finding of findings)
    for (const id of touched(finding)) {
      const others = found.get(id)
      if (others) others.push(finding)
      else found.set(id, [finding])
    }
  return found
}

/** Nobody answers for it. */
export function isOpen({ accepted }: FindingView): boolean {
  return accepted === null
}

/** Each once: open ones before those that somebody answers for, the gravest first. */
export function inOrder(findings: Iterable<FindingView>): FindingView[] {
  const weight = (finding: FindingView) =>
    (isOpen(finding) ? 0 : severities.length) + severities.indexOf(finding.severity)
  return [...new Set(findings)].toSorted((a, b) => weight(a) - weight(b))
}

/** The findings on any of these legs. */
export function findingsOn(model: Model, legIds: Iterable<string>): FindingView[] {
  return inOrder([...legIds].flatMap((id) => model.findingsOfLeg.get(id) ?? []))
}

/** The findings that a flow is touched by, which are not all those of its legs: other APIs' traffic takes them too. */
export function findingsOfFlow(model: Model, flowId: string): FindingView[] {
  return inOrder(model.findingsOfFlow.get(flowId) ?? [])
}

/** What is said of an API itself and of the flows to it. */
export function findingsOfApi(model: Model, apiId: string): FindingView[] {
  const flows = model.topology.flows.filter((flow) => flow.apiId === apiId)
  return inOrder([
    ...(model.findingsAbout.get(`api:${apiId}`) ?? []),
    ...flows.flatMap(({ id }) => model.findingsOfFlow.get(id) ?? []),
  ])
}

/** The gravest open finding about an API that lies on none of its legs, where the map would not show it. */
export function looseFinding(model: Model, apiId: string): FindingView | undefined {
  const about = model.findingsAbout.get(`api:${apiId}`) ?? []
  return inOrder(about).find((finding) => isOpen(finding) && finding.legIds.length === 0)
}

/** The gateway that an API stands at. */
export function gatewayOf(model: Model, api: ApiView): GatewayView | undefined {
  return model.gateways.get(api.gatewayId)
}

export function networkOf(model: Model, party: PartyView): NetworkView | undefined {
  return model.networks.get(party.networkId)
}
