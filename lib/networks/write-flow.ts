import { networkClassName } from '#domain/network.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { changeContracts } from '../publish/contracts.ts'
import { requireVersion } from '../versions.ts'
import type { FlowInput } from './input.ts'
import { lockTopology } from './lock.ts'
import { requireNetwork } from './write-network.ts'
import { requireParty } from './write-party.ts'

export interface StoredFlow {
  id: string
  consumerId: string
  apiId: string
}

/** Lets a consumer call an API, at once where it is deployed. The same flow a second time is the same flow. */
export function createFlow(actor: Actor, { consumerId, apiId }: FlowInput): Promise<StoredFlow> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const consumer = await requireParty(tx, actor, consumerId)
    if (consumer.kind !== 'consumer')
      refuseParty('/consumerId', `${consumer.name} provides APIs; a flow begins at a consumer.`)
    await requireInstance(tx, actor, apiId)
    const concerned = { consumerId, instanceId: apiId }
    return changeContracts(tx, actor, concerned, `${consumer.name} may call`, () =>
      storeFlow(tx, actor, { consumerId, apiId }),
    )
  })
}

async function storeFlow(tx: Tx, actor: Actor, { consumerId, apiId }: FlowInput): Promise<StoredFlow> {
  const pair = { consumerId, instanceId: apiId }
  const known = await tx.flow.findUnique({ where: { consumerId_instanceId: pair } })
  if (known) return { id: known.id, consumerId, apiId }
  const { id } = await tx.flow.create({ data: { ...pair, organisationId: actor.organisationId } })
  const flow = { id, consumerId, apiId }
  await audit(tx, actor, { action: 'flow.create', subjectKind: 'flow', subjectId: id, after: flow })
  await announceFlow(tx, actor, flow)
  return flow
}

/** Takes a flow away: at once, the consumer's keys no longer open the API. */
export function deleteFlow(actor: Actor, id: string): Promise<void> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const row = await tx.flow.findFirst({
      where: { id, organisationId: actor.organisationId },
      include: { consumer: { select: { name: true } } },
    })
    if (!row) throw new Problem('not-found', 'There is no such flow.')
    const { consumerId, instanceId, consumer } = row
    const flow = { id, consumerId, apiId: instanceId }
    await changeContracts(
      tx,
      actor,
      { consumerId, instanceId },
      `${consumer.name} may no longer call`,
      async () => {
        await tx.flow.delete({ where: { id } })
        await audit(tx, actor, { action: 'flow.delete', subjectKind: 'flow', subjectId: id, before: flow })
        await announceFlow(tx, actor, flow)
      },
    )
  })
}

export interface ProvidedApi {
  id: string
  providerId: string | null
  version: number
}

/** Says who provides an API, which decides where its traffic goes and so its pattern. */
export function nameProvider(
  actor: Actor,
  id: string,
  providerId: string | null,
  ifMatch: number,
): Promise<ProvidedApi> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await requireInstance(tx, actor, id)
    await requireVersion(tx, actor, { kind: 'instance', id, version: before.version }, ifMatch)
    const provider = providerId === null ? null : await requireParty(tx, actor, providerId)
    if (provider && provider.kind !== 'provider')
      refuseParty('/providerId', `${provider.name} is a consumer; an API is provided by a provider.`)
    const { version } = await tx.apiInstance.update({
      where: { id },
      data: { providerId, version: { increment: 1 } },
    })
    await audit(tx, actor, {
      action: 'instance.provider.replace',
      subjectKind: 'instance',
      subjectId: id,
      subjectVersion: version,
      before: { providerId: before.providerId },
      after: { providerId },
    })
    await announceFlow(tx, actor, { id, apiId: id })
    return { id, providerId, version }
  })
}

export interface PlacedGateway {
  id: string
  networkId: string | null
  version: number
}

/** Says in which network a gateway stands; that network is internal by definition. */
export function placeGateway(
  actor: Actor,
  id: string,
  networkId: string | null,
  ifMatch: number,
): Promise<PlacedGateway> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await tx.gateway.findFirst({ where: { id, organisationId: actor.organisationId } })
    if (!before) throw new Problem('not-found', 'There is no such gateway.')
    await requireVersion(tx, actor, { kind: 'gateway', id, version: before.version }, ifMatch)
    const network = networkId === null ? null : await requireNetwork(tx, actor, networkId)
    if (network && network.class !== 'org-internal') {
      const name = networkClassName[network.class]
      refuseParty(
        '/networkId',
        `${network.name} is ${name}; a gateway stands in an organisation internal network.`,
      )
    }
    const { version } = await tx.gateway.update({
      where: { id },
      data: { networkId, version: { increment: 1 } },
    })
    await audit(tx, actor, {
      action: 'gateway.network.replace',
      subjectKind: 'gateway',
      subjectId: id,
      subjectVersion: version,
      before: { networkId: before.networkId },
      after: { networkId },
    })
    await announceChange(tx, actor.organisationId, { topic: 'topology', id })
    await announceChange(tx, actor.organisationId, { topic: 'gateways', id })
    return { id, networkId, version }
  })
}

async function requireInstance(tx: Tx, actor: Actor, id: string) {
  const instance = await tx.apiInstance.findFirst({ where: { id, organisationId: actor.organisationId } })
  if (!instance) throw new Problem('not-found', 'There is no such API at a gateway.')
  return instance
}

function refuseParty(pointer: string, detail: string): never {
  throw new Problem('topology.refused', detail, { faults: [{ pointer, detail }] })
}

// A flow belongs to what is deployed too: the contracts of an API are its flows' consumers.
async function announceFlow(
  tx: Tx,
  actor: Actor,
  { id, apiId }: { id: string; apiId: string },
): Promise<void> {
  await announceChange(tx, actor.organisationId, { topic: 'topology', id })
  await announceChange(tx, actor.organisationId, { topic: 'apis', id: apiId })
}
