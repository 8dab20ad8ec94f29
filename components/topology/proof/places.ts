import { contextOf } from '#domain/context.ts'
import { type LegView, readingsOf } from '#domain/leg.ts'
import type { ProbeTarget } from '#domain/probe.ts'
import type { ApiView } from '#domain/stored.ts'
import type { Model } from '#diagram/model.ts'

/** Where a client on a leg knocks: an API, or the context that ends the leg. */
export type DoorChoice =
  | { readonly kind: 'api'; readonly instanceId: string; readonly name: string }
  | { readonly kind: 'context'; readonly contextId: string; readonly name: string }

export function keyOfDoor(door: DoorChoice): string {
  return door.kind === 'api' ? door.instanceId : door.contextId
}

/** Every way in at the end of a leg, each once. Towards upstreams there is none of ours. */
export function doorsOf(leg: LegView): DoorChoice[] {
  if (leg.side !== 'inbound') return []
  const doors = readingsOf(leg).flatMap((reading): DoorChoice[] => {
    const { actual, declaredBy } = reading
    const asks = actual.state === 'mutual' || actual.state === 'permissive'
    if (declaredBy?.kind === 'api' && asks)
      return [{ kind: 'api', instanceId: declaredBy.id, name: declaredBy.name }]
    const context = contextOf(actual)
    return context ? [{ kind: 'context', contextId: context.id, name: context.name }] : []
  })
  return [...new Map(doors.map((door) => [keyOfDoor(door), door])).values()]
}

/** Something on a leg that the gateway's nodes can connect to. */
export interface ProbeChoice {
  readonly key: string
  readonly gatewayId: string
  readonly label: string
  readonly hint: string
  readonly target: ProbeTarget
}

/** What nodes of the gateway at the near end of a leg can look at; none of a leg where no node stands. */
export function probesOf(model: Model, leg: LegView): ProbeChoice[] {
  const ids = new Set(model.flowsOfLeg.get(leg.id)?.map(({ apiId }) => apiId))
  for (const { apiIds } of readingsOf(leg)) for (const apiId of apiIds) ids.add(apiId)
  const apis = [...ids].flatMap((apiId) => model.apis.get(apiId) ?? [])
  if (leg.side === 'inbound' && leg.to.kind === 'gateway')
    return distinct(apis.flatMap((api) => listenersOf(model, api)))
  if (leg.side === 'outbound' && leg.from.kind === 'gateway') return distinct(apis.flatMap(upstreamsOf))
  return []
}

function listenersOf(model: Model, api: ApiView): ProbeChoice[] {
  const gateway = model.gateways.get(api.gatewayId)
  const isFor = (id: string) => api.listenerIds.length === 0 || api.listenerIds.includes(id)
  return (gateway?.listeners ?? []).flatMap(({ id, protocol, port }): ProbeChoice[] => {
    if (!isFor(id) || (protocol === 'http' && api.inbound !== null)) return []
    const named = protocol === 'https' && !api.host.includes('*') ? { serverName: api.host } : {}
    const hint = `${protocol}, port ${port}${named.serverName ? `, asked for ${named.serverName}` : ''}`
    const target: ProbeTarget = { kind: 'listener', listenerId: id, ...named }
    return [{ ...keyed(api.gatewayId, target), label: `Listener ${id}`, hint }]
  })
}

function upstreamsOf(api: ApiView): ProbeChoice[] {
  return api.upstreams.flatMap(({ name, urls }) =>
    urls.map((url) => {
      const target: ProbeTarget = { kind: 'upstream', instanceId: api.id, upstream: name, url }
      return {
        ...keyed(api.gatewayId, target),
        label: url,
        hint: `${name} upstream of ${api.name} ${api.label}`,
      }
    }),
  )
}

function keyed(gatewayId: string, target: ProbeTarget): Pick<ProbeChoice, 'key' | 'gatewayId' | 'target'> {
  return { key: JSON.stringify([gatewayId, target]), gatewayId, target }
}

function distinct(choices: readonly ProbeChoice[]): ProbeChoice[] {
  return [...new Map(choices.map((choice) => [choice.key, choice])).values()]
}
