import { contextOf } from './context.ts'
import { type LegView, readingsOf } from './leg.ts'
import type { Side } from './peer.ts'
import type { ApiView, StoredFlow } from './stored.ts'

/** What takes its trust from where: the legs, flows, APIs and consumers behind a context or one side of an API. */

export interface Use {
  readonly legIds: ReadonlySet<string>
  readonly flowIds: ReadonlySet<string>
  readonly apiIds: ReadonlySet<string>
  readonly consumerIds: ReadonlySet<string>
  readonly gatewayIds: ReadonlySet<string>
  /** In which directions of the gateway: inbound shows a server's certificate, outbound a client's. */
  readonly sides: ReadonlySet<Side>
}

export interface Uses {
  readonly ofContext: (contextId: string) => Use
  readonly ofSide: (apiId: string, side: Side) => Use
}

type FlowsOfLeg = ReadonlyMap<string, readonly StoredFlow[]>

/** Goes over all legs once, so that every context and side can be asked for at no cost. */
export function usesOf(legs: readonly LegView[], flowsOfLeg: FlowsOfLeg, apis: readonly ApiView[]): Uses {
  const gatewayOf = new Map(apis.map(({ id, gatewayId }) => [id, gatewayId]))
  const contexts = new Map<string, Growing>()
  const sides = new Map<string, Growing>()
  for (const leg of legs) {
    const all = flowsOfLeg.get(leg.id) ?? []
    for (const { actual, apiIds } of readingsOf(leg)) {
      const context = contextOf(actual)
      const mine = new Set(apiIds)
      const taken = apiIds.length === 0 ? all : all.filter(({ apiId }) => mine.has(apiId))
      if (context) add(grown(contexts, context.id), leg, taken, apiIds, gatewayOf)
      const perApi = Map.groupBy(taken, ({ apiId }) => apiId)
      for (const apiId of apiIds) {
        const use = grown(sides, sideName(apiId, leg.side))
        add(use, leg, perApi.get(apiId) ?? [], [apiId], gatewayOf)
      }
    }
  }
  return {
    ofContext: (contextId) => contexts.get(contextId) ?? unused,
    ofSide: (apiId, side) => sides.get(sideName(apiId, side)) ?? unused,
  }
}

/** The flows that take each leg. */
export function flowsByLeg<F extends { readonly legs: readonly string[] }>(
  flows: readonly F[],
): ReadonlyMap<string, readonly F[]> {
  const byLeg = new Map<string, F[]>()
  for (const flow of flows)
    for (const leg of flow.legs) {
      const others = byLeg.get(leg)
      if (others) others.push(flow)
      else byLeg.set(leg, [flow])
    }
  return byLeg
}

/** Several uses as one. */
export function allOf(uses: readonly Use[]): Use {
  return {
    legIds: union(uses.map(({ legIds }) => legIds)),
    flowIds: union(uses.map(({ flowIds }) => flowIds)),
    apiIds: union(uses.map(({ apiIds }) => apiIds)),
    consumerIds: union(uses.map(({ consumerIds }) => consumerIds)),
    gatewayIds: union(uses.map(({ gatewayIds }) => gatewayIds)),
    sides: union(uses.map(({ sides }) => sides)),
  }
}

function union<T>(sets: readonly ReadonlySet<T>[]): Set<T> {
  return new Set(sets.flatMap((set) => [...set]))
}

function growing() {
  return {
    legIds: new Set<string>(),
    flowIds: new Set<string>(),
    apiIds: new Set<string>(),
    consumerIds: new Set<string>(),
    gatewayIds: new Set<string>(),
    sides: new Set<Side>(),
  }
}
type Growing = ReturnType<typeof growing>
const unused: Use = growing()

function grown(uses: Map<string, Growing>, name: string): Growing {
  const use = uses.get(name) ?? growing()
  uses.set(name, use)
  return use
}

function sideName(apiId: string, side: Side): string {
  return `${side} ${apiId}`
}

function add(
  use: Growing,
  leg: LegView,
  flows: readonly StoredFlow[],
  apiIds: readonly string[],
  gatewayOf: ReadonlyMap<string, string>,
): void {
  use.legIds.add(leg.id)
  use.sides.add(leg.side)
  for (const { id, consumerId } of flows) {
    use.flowIds.add(id)
    use.consumerIds.add(consumerId)
  }
  for (const apiId of [...apiIds, ...flows.map((flow) => flow.apiId)]) {
    use.apiIds.add(apiId)
    const gateway = gatewayOf.get(apiId)
    if (gateway !== undefined) use.gatewayIds.add(gateway)
  }
}
