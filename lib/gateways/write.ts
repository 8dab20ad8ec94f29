import { portClashes } from '#contract/listeners.ts'
import { isOffline } from '#domain/deployment.ts'
import type { GatewayListeners, GatewaySummary, NewGateway } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { listenerItemId } from '../publish/compile.ts'
import { refuseClashes, standingAt } from '../publish/standing.ts'
import { requireVersion } from '../versions.ts'
import { readGateway } from './read.ts'

/** Makes a gateway; it serves nothing until a node joins it and something is deployed. */
export async function createGateway(wanted: NewGateway, actor: Actor): Promise<GatewaySummary> {
  refuseTakenPlaces(wanted)
  const id = await transaction(async (tx) => {
    const { organisationId } = actor
    const environment = await tx.environment.findFirst({
      where: { id: wanted.environmentId, organisationId },
    })
    if (!environment) throw new Problem('not-found', 'There is no such environment.')
    const gateway = await tx.gateway
      .create({ data: { organisationId, ...wanted } })
      .catch((error: unknown) => refuseTakenName(error, wanted.name))
    await audit(tx, actor, {
      action: 'gateway.create',
      subjectKind: 'gateway',
      subjectId: gateway.id,
      subjectVersion: gateway.version,
      after: { ...wanted, environment: environment.name },
    })
    await announceChange(tx, organisationId, { topic: 'gateways', id: gateway.id })
    return gateway.id
  })
  return readGateway(id, actor)
}

/** Changes the ports of a gateway's draft. One that an API answers on stays until the API does not name it. */
export async function replaceListeners(
  gatewayId: string,
  wanted: GatewayListeners,
  ifMatch: number,
  actor: Actor,
): Promise<GatewaySummary> {
  refuseTakenPlaces(wanted)
  await transaction(async (tx) => {
    const { organisationId } = actor
    await tx.$queryRaw`SELECT 1 FROM "Gateway" WHERE "id" = ${gatewayId}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
    const gateway = await tx.gateway.findFirst({ where: { id: gatewayId, organisationId } })
    if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
    const { version, listeners: before } = gateway
    await requireVersion(tx, actor, { kind: 'gateway', id: gatewayId, version }, ifMatch)
    await requireNamedListeners(tx, organisationId, gatewayId, wanted)
    await requireRoom(tx, organisationId, gatewayId, wanted)
    await tx.gateway.update({
      where: { id: gatewayId },
      data: { listeners: wanted.listeners, version: { increment: 1 } },
    })
    await audit(tx, actor, {
      action: 'gateway.listeners.replace',
      subjectKind: 'gateway',
      subjectId: gatewayId,
      subjectVersion: version + 1,
      before: { listeners: before },
      after: wanted,
    })
    await announceChange(tx, organisationId, { topic: 'gateways', id: gatewayId })
  })
  return readGateway(gatewayId, actor)
}

async function requireNamedListeners(
  tx: Tx,
  organisationId: string,
  gatewayId: string,
  { listeners }: GatewayListeners,
): Promise<void> {
  const kept = new Set(listeners.map(({ id }) => id))
  const instances = await tx.apiInstance.findMany({
    where: { organisationId, gatewayId, listenerIds: { isEmpty: false } },
    select: { basePath: true, listenerIds: true },
  })
  const orphan = instances.find(({ listenerIds }) => listenerIds.some((id) => !kept.has(id)))
  const gone = orphan?.listenerIds.find((id) => !kept.has(id))
  if (orphan) throw new Problem('in-use', `The API at ${orphan.basePath} answers on the listener ${gone}.`)
}

/** Refuses listeners on which APIs would be in each other's way. */
async function requireRoom(
  tx: Tx,
  organisationId: string,
  gatewayId: string,
  { listeners }: GatewayListeners,
): Promise<void> {
  const before = await standingAt(tx, organisationId, gatewayId)
  refuseClashes(before, { ...before, listeners }, undefined, ({ on = [] }) => {
    const index = listeners.findIndex(({ id }) => listenerItemId(id) === on[0])
    return `/listeners/${index}/protocol`
  })
}

function refuseTakenPlaces({ listeners }: GatewayListeners): void {
  const indexOf = (wanted: string) => listeners.findIndex(({ id }) => id === wanted)
  const again = listeners.findIndex(({ id }, index) => indexOf(id) < index)
  const faults =
    again >= 0
      ? [{ pointer: `/listeners/${again}/id`, detail: `Two listeners are called ${listeners[again]?.id}.` }]
      : portClashes(listeners).map(({ id, detail }) => ({
          pointer: `/listeners/${indexOf(id)}/port`,
          detail,
        }))
  if (faults.length > 0) throw new Problem('request.invalid', faults[0]?.detail ?? '', { faults })
}

function refuseTakenName(error: unknown, name: string): never {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') {
    const detail = `There is already a gateway called ${name}.`
    throw new Problem('name.taken', detail, { faults: [{ pointer: '/name', detail }] })
  }
  throw error
}

/** Takes a node off the list. One that is still connected would come back, so it is refused. */
export async function removeNode(gatewayId: string, nodeId: string, actor: Actor): Promise<void> {
  await transaction(async (tx) => {
    const { organisationId } = actor
    const node = await tx.node.findFirst({ where: { id: nodeId, gatewayId, organisationId } })
    if (!node) throw new Problem('not-found', 'There is no such node.')
    if (!isOffline(node, new Date())) {
      throw new Problem('in-use', `${node.hostname} is connected. Stop it before you remove it.`)
    }
    await tx.node.delete({ where: { id: nodeId } })
    const before = { hostname: node.hostname, installationId: node.installationId }
    await audit(tx, actor, { action: 'node.remove', subjectKind: 'node', subjectId: nodeId, before })
    await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
  })
}
