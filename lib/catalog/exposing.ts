import { z } from 'zod'
import { upstreamRefusal } from '#domain/address.ts'
import { listener } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import { mainUpstream, type Routing } from '#domain/routing.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'
import { env } from '../env.ts'

/** Where an API answers, and where its requests go. */
export interface Place {
  gatewayId: string
  host: string
  basePath: string
  upstreamUrl: string
}

/** Refuses a place that is taken, or an upstream that must not be reached. `exceptId` is who stands there now. */
export async function requireFreePlace(
  tx: Tx,
  organisationId: string,
  place: Place,
  exceptId?: string,
): Promise<void> {
  const refusal = upstreamRefusal(place.upstreamUrl, { loopback: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES })
  if (refusal) {
    const faults = [{ pointer: '/upstreamUrl', detail: refusal }]
    throw new Problem('instance.upstream-forbidden', refusal, { faults })
  }
  const { gatewayId, host, basePath } = place
  const other = await tx.apiInstance.findFirst({
    where: { organisationId, gatewayId, host, basePath, ...(exceptId ? { id: { not: exceptId } } : {}) },
    select: { apiVersion: { select: { api: { select: { id: true, name: true } } } } },
  })
  if (other) throw pathTaken(place, other.apiVersion.api)
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

function pathTaken({ host, basePath }: Place, api: { id: string; name: string }): Problem {
  const where = host === '*' ? basePath : `${host}${basePath}`
  const detail = `${api.name} answers at ${where} already.`
  const faults = [{ pointer: '/basePath', detail }]
  return new Problem('instance.path-taken', detail, { faults, extra: { apiId: api.id, apiName: api.name } })
}

/** Runs a write; what the database's own uniqueness refuses, because another write came first, is a problem too. */
export async function namingTheTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== 'P2002') throw error
    const on = JSON.stringify(error.meta ?? {})
    if (on.includes('ApiInstance')) {
      throw new Problem('instance.path-taken', 'Another API came to answer there just now.')
    }
    if (on.includes('ApiVersion')) {
      throw new Problem('api.version-taken', 'Somebody imported that version just now.')
    }
    throw new Problem('name.taken', 'Somebody took that name just now.')
  }
}
