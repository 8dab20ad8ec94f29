import { z } from 'zod'
import type { PlacingFault } from '#contract/placing.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { listener } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import type { InstanceChange } from '#domain/catalog.ts'
import { mainUpstream, type Routing } from '#domain/routing.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'
import { env } from '../env.ts'
import { namedListeners } from '../publish/compile.ts'
import {
  refuseClashes,
  requireRoom,
  type StandingApi,
  standingAt,
  standingWith,
} from '../publish/standing.ts'

/** Where an API is to answer, and which one it is. */
export interface Place {
  gatewayId: string
  host: string
  basePath: string
  /** Null for an API that is not in the catalog yet. */
  api: { id: string | null; name: string; version: string }
}

/** Behind every id of an item that there is, so that what is new is named first. */
const newcomer = 'api:~'

/** Refuses an upstream that must not be reached. */
export function requireUpstream(upstreamUrl: string): void {
  const refusal = upstreamRefusal(upstreamUrl, { loopback: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES })
  if (refusal === null) return
  const faults = [{ pointer: '/upstreamUrl', detail: refusal }]
  throw new Problem('instance.upstream-forbidden', refusal, { faults })
}

/** Refuses a place for one more API at which others are in its way. */
export async function requireFreePlace(tx: Tx, organisationId: string, place: Place): Promise<void> {
  const { gatewayId, host, basePath, api } = place
  const before = await standingAt(tx, organisationId, gatewayId)
  const { id, name, version } = api
  const added = {
    id: newcomer,
    catalogId: id ?? '',
    name,
    version,
    host,
    basePath,
    enabled: true,
    policies: [],
  }
  refuseClashes(before, standingWith(before, added), newcomer, pointerInInstance)
}

/** Refuses to move an API, or to switch it on, where others are in its way. */
export function requireRoomThere(
  tx: Tx,
  organisationId: string,
  instance: { id: string; gatewayId: string },
  { host, basePath, enabled, routing }: InstanceChange,
): Promise<void> {
  const moved = ({ listeners, ...api }: StandingApi): StandingApi => {
    const named = routing === undefined ? listeners && { listeners } : namedListeners(routing.listenerIds)
    return { ...api, ...named, host, basePath, enabled }
  }
  return requireRoom(tx, organisationId, instance, moved, pointerInInstance)
}

/** Where a form of an instance says what is at fault. The TLS of an API is chosen by its host. */
function pointerInInstance({ member, index }: PlacingFault): string {
  if (member === 'listeners') return `/routing/listenerIds/${index ?? 0}`
  return member === 'basePath' ? '/basePath' : '/host'
}

/** Refuses listeners that the gateway does not have, and endpoints that must not be reached. */
export async function requireRoutes(
  tx: Tx,
  organisationId: string,
  gatewayId: string,
  { listenerIds, upstream, destinations }: Routing,
): Promise<void> {
  const gateway = await tx.gateway.findFirstOrThrow({ where: { id: gatewayId, organisationId } })
  const known = new Set(
    z
      .array(listener)
      .parse(gateway.listeners)
      .map(({ id }) => id),
  )
  const listenerFaults = listenerIds.flatMap((id, index) =>
    known.has(id)
      ? []
      : [{ pointer: `/routing/listenerIds/${index}`, detail: `The gateway has no listener called ${id}.` }],
  )
  if (listenerFaults.length > 0)
    throw new Problem('request.invalid', listenerFaults[0]?.detail ?? '', { faults: listenerFaults })
  const named = destinations.findIndex(({ name }) => name === mainUpstream)
  if (named >= 0) {
    const detail = `${mainUpstream} is what policies call the API's own upstream.`
    const faults = [{ pointer: `/routing/destinations/${named}/name`, detail }]
    throw new Problem('request.invalid', detail, { faults })
  }
  const endpoints = [
    ...upstream.endpoints.map(({ url }, index) => ({
      url,
      pointer: `/routing/upstream/endpoints/${index}/url`,
    })),
    ...destinations.flatMap((destination, at) =>
      destination.endpoints.map(({ url }, index) => ({
        url,
        pointer: `/routing/destinations/${at}/endpoints/${index}/url`,
      })),
    ),
  ]
  const faults = endpoints.flatMap(({ url, pointer }) => {
    const detail = upstreamRefusal(url, { loopback: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES })
    return detail === null ? [] : [{ pointer, detail }]
  })
  if (faults.length > 0) throw new Problem('instance.upstream-forbidden', faults[0]?.detail ?? '', { faults })
}

/** Runs a write; what the database's own uniqueness refuses, because another write came first, is a problem too. */
export async function namingTheTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== 'P2002') throw error
    const on = JSON.stringify(error.meta ?? {})
    if (on.includes('ApiVersion')) {
      throw new Problem('api.version-taken', 'Somebody imported that version just now.')
    }
    throw new Problem('name.taken', 'Somebody took that name just now.')
  }
}
