import type { Actor } from '../actor.ts'
import type { Tx } from '../db.ts'
import { contractsOfAll, hashesOf, hashOf } from './compile.ts'
import { deployedAt } from './configuration.ts'
import { type GatewayHead, instancesOf } from './draft.ts'
import { commit, lockGateway } from './write.ts'

/** Whose right to call changes: a consumer's wherever it calls, or that of one more consumer of an instance. */
export interface Concerned {
  consumerId?: string | undefined
  instanceId?: string | undefined
}

/**
 * Runs a change of who may call, and has the gateways concerned serve it at once: each gets a revision in which
 * the contract sets of what it serves already are those of today, and nothing else differs. Drafts stay drafts.
 */
export async function changeContracts<T>(
  tx: Tx,
  actor: Actor,
  concerned: Concerned,
  note: string | ((made: T) => string),
  work: () => Promise<T>,
): Promise<T> {
  const { organisationId } = actor
  // Before the work: whoever publishes takes a gateway before its instances and before the audit trail too.
  const gateways = await lockConcerned(tx, organisationId, concerned)
  const made = await work()
  const text = typeof note === 'string' ? note : note(made)
  for (const gateway of gateways) await publishContracts(tx, actor, gateway, text)
  return made
}

async function lockConcerned(
  tx: Tx,
  organisationId: string,
  { consumerId, instanceId }: Concerned,
): Promise<GatewayHead[]> {
  if (consumerId !== undefined) {
    // So that a key and a flow of one consumer, made at once, see each other.
    await tx.$queryRaw`SELECT 1 FROM "Party" WHERE "id" = ${consumerId}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
  }
  const concerned = [
    ...(instanceId === undefined ? [] : [{ id: instanceId }]),
    ...(consumerId === undefined ? [] : [{ flows: { some: { consumerId } } }]),
  ]
  const gateways = await tx.gateway.findMany({
    where: { organisationId, instances: { some: { OR: concerned } } },
    orderBy: { id: 'asc' },
    select: { id: true },
  })
  const locked: GatewayHead[] = []
  for (const { id } of gateways) locked.push(await lockGateway(tx, organisationId, id))
  return locked
}

async function publishContracts(tx: Tx, actor: Actor, gateway: GatewayHead, note: string): Promise<void> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  if (!head.manifest) return
  const items = contractsOfAll(Object.keys(head.hashes), await instancesOf(tx, gateway))
  const others = Object.entries(head.hashes).filter(([id]) => !id.startsWith('contracts:'))
  const hashes = { ...Object.fromEntries(others), ...hashesOf(items) }
  if (hashOf(hashes) === head.manifest.hash) return
  // Not checked anew: what it serves it serves already, and revoking must not wait for anything.
  await commit(tx, actor, gateway, head, { kind: 'deploy', note, hashes, items, faults: [] })
}
