import type { InstanceChange, InstanceWish } from '#domain/catalog.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { manifestOf } from '../publish/draft.ts'
import { lockStanding, lockStandingOf } from '../publish/standing.ts'
import { requireVersion } from '../versions.ts'
import {
  namingTheTaken,
  requireFreePlace,
  requireRoomThere,
  requireRoutes,
  requireUpstream,
} from './exposing.ts'
import { routingOf } from './read.ts'

export async function gatewayFor(
  organisationId: string,
  chosen: string | null | undefined,
): Promise<string | null> {
  if (chosen === null) return null
  const gateways = await db().gateway.findMany({
    where: { organisationId, ...(chosen === undefined ? {} : { id: chosen }) },
    select: { id: true },
    take: 2,
  })
  const [only, another] = gateways
  if (chosen !== undefined && !only) throw new Problem('not-found', 'There is no such gateway.')
  if (another) {
    const detail = 'There are several gateways; name one, or null for none.'
    throw new Problem('request.invalid', detail, { faults: [{ pointer: '/gatewayId', detail }] })
  }
  return only?.id ?? null
}

export async function moveInstance(
  tx: Tx,
  actor: Actor,
  standing: { id: string; versionId: string; upstreamUrl: string },
  target: { versionId: string; upstreamUrl: string },
): Promise<void> {
  const { id, ...before } = standing
  if (before.versionId === target.versionId && before.upstreamUrl === target.upstreamUrl) return
  const { version } = await tx.apiInstance.update({
    where: { id },
    data: { apiVersionId: target.versionId, upstreamUrl: target.upstreamUrl, version: { increment: 1 } },
  })
  await audit(tx, actor, {
    action: 'instance.update',
    subjectKind: 'instance',
    subjectId: id,
    subjectVersion: version,
    before: { versionId: before.versionId, upstreamUrl: before.upstreamUrl },
    after: target,
  })
}

export async function createInstance(tx: Tx, actor: Actor, wish: InstanceWish): Promise<string> {
  const { versionId: apiVersionId, ...place } = wish
  const { organisationId } = actor
  const { id } = await tx.apiInstance.create({ data: { organisationId, apiVersionId, ...place } })
  await audit(tx, actor, {
    action: 'instance.create',
    subjectKind: 'instance',
    subjectId: id,
    subjectVersion: 1,
    after: wish,
  })
  return id
}

/** Exposes a version that is in the catalog at a gateway. */
export function exposeVersion(actor: Actor, apiId: string, wish: InstanceWish): Promise<string> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return namingTheTaken(() =>
    transaction(async (tx) => {
      const version = await tx.apiVersion.findFirst({
        where: { id: wish.versionId, apiId, organisationId },
        select: { label: true, api: { select: { id: true, name: true } } },
      })
      if (!version) throw new Problem('not-found', 'There is no such version of this API.')
      await gatewayFor(organisationId, wish.gatewayId)
      await lockStanding(tx, organisationId, wish.gatewayId)
      requireUpstream(wish.upstreamUrl)
      const api = { ...version.api, version: version.label }
      await requireFreePlace(tx, organisationId, { ...wish, api })
      const id = await createInstance(tx, actor, wish)
      await announceChange(tx, organisationId, { topic: 'apis', id: apiId })
      return id
    }),
  )
}

/** Changes where an API answers and where its requests go. */
export function changeInstance(
  actor: Actor,
  instanceId: string,
  change: InstanceChange,
  ifMatch: number,
): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockStandingOf(tx, organisationId, instanceId)
    const instance = await lockInstance(tx, organisationId, instanceId)
    await requireVersion(tx, actor, { kind: 'instance', id: instanceId, version: instance.version }, ifMatch)
    const { routing, ...place } = change
    if (routing) await requireRoutes(tx, organisationId, instance.gatewayId, routing)
    requireUpstream(place.upstreamUrl)
    await requireRoomThere(tx, organisationId, instance, change)
    const { version } = await tx.apiInstance.update({
      where: { id: instanceId },
      data: { ...place, ...routing, version: { increment: 1 } },
    })
    const { host, basePath, upstreamUrl, stripBasePath, enabled } = instance
    await audit(tx, actor, {
      action: 'instance.update',
      subjectKind: 'instance',
      subjectId: instanceId,
      subjectVersion: version,
      before: { host, basePath, upstreamUrl, stripBasePath, enabled, routing: routingOf(instance) },
      after: change,
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: instance.apiVersion.apiId })
  })
}

/** The instance, if it belongs to the organisation, held until the transaction ends. */
export async function lockInstance(tx: Tx, organisationId: string, id: string) {
  await tx.$queryRaw`SELECT 1 FROM "ApiInstance" WHERE "id" = ${id}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
  const instance = await tx.apiInstance.findFirst({
    where: { id, organisationId },
    include: { apiVersion: { select: { apiId: true } }, gateway: { select: { headRevision: true } } },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  return instance
}

/** Takes an API off a gateway in the catalog. What still runs must be switched off and deployed first. */
export function removeInstance(actor: Actor, instanceId: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const { version, apiVersion, basePath, host } = await lockInstance(tx, organisationId, instanceId)
    await requireVersion(tx, actor, { kind: 'instance', id: instanceId, version }, ifMatch)
    await requireNotServed(tx, organisationId, [instanceId])
    await tx.apiInstance.delete({ where: { id: instanceId } })
    await audit(tx, actor, {
      action: 'instance.delete',
      subjectKind: 'instance',
      subjectId: instanceId,
      subjectVersion: version + 1,
      before: { host, basePath },
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: apiVersion.apiId })
  })
}

export async function requireNotServed(
  tx: Tx,
  organisationId: string,
  instanceIds: readonly string[],
): Promise<void> {
  const instances = await tx.apiInstance.findMany({
    where: { id: { in: [...instanceIds] }, organisationId },
    select: {
      id: true,
      gateway: {
        select: { id: true, organisationId: true, name: true, listeners: true, headRevision: true },
      },
    },
  })
  for (const { id, gateway } of instances) {
    const manifest = await manifestOf(tx, gateway, gateway.headRevision)
    if (manifest && Object.hasOwn(manifest.items, `api:${id}`)) {
      throw new Problem('in-use', `${gateway.name} serves it. Switch it off there and deploy that first.`)
    }
  }
}
