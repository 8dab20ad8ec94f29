import { contextOf } from '#domain/context.ts'
import { type LegView, readingsOf } from '#domain/leg.ts'

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
