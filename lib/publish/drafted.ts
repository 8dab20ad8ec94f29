import { tlsContextId } from '#contract/items.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import type { Tx } from '../db.ts'
import { contextRefsIn, type Hashes, hashesOf, type Items, withInstance } from './compile.ts'
import type { Deployed } from './configuration.ts'
import { deployedUsers } from './context-users.ts'
import { draftOf, faultsIn, type GatewayHead } from './draft.ts'
import { instanceDraft } from './instance-draft.ts'

/** What is to be deployed: all of it by hash, and those of its items that may be new. */
export interface Drafted {
  hashes: Hashes
  items: Items
  faults: readonly Fault[]
}

/** What deploying would make of a gateway: its whole draft, or one instance of it beside what is deployed. */
export function draftedOf(
  tx: Tx,
  gateway: GatewayHead,
  head: Deployed,
  instanceId: string | undefined,
): Promise<Drafted> {
  return instanceId === undefined ? wholeDraft(tx, gateway) : draftOfInstance(tx, gateway, head, instanceId)
}

async function wholeDraft(tx: Tx, gateway: GatewayHead): Promise<Drafted> {
  const { items, faults } = await draftOf(tx, gateway)
  return { hashes: hashesOf(items), items, faults: faultsIn(items, faults) }
}

async function draftOfInstance(
  tx: Tx,
  gateway: GatewayHead,
  head: Deployed,
  instanceId: string,
): Promise<Drafted> {
  const { items, faults } = await instanceDraft(tx, gateway, head, instanceId)
  // One that was deleted is still deployed until its absence is.
  if (!items.has(`api:${instanceId}`) && head.hashes[`api:${instanceId}`] === undefined)
    await requireInstance(tx, gateway, instanceId)
  const hashes = withInstance(head.hashes, items, instanceId)
  return { hashes: await withoutUnused(tx, gateway, head, hashes, items, instanceId), items, faults }
}

/** A context that this instance alone took something from goes with it: nodes have no business with its key then. */
async function withoutUnused(
  tx: Tx,
  { organisationId }: GatewayHead,
  head: Deployed,
  hashes: Hashes,
  items: Items,
  instanceId: string,
): Promise<Hashes> {
  const before = contextRefsIn((await head.read([`api:${instanceId}`])).values())
  const after = contextRefsIn(items.values())
  const unused = new Set<string>()
  for (const ref of before)
    if (!after.has(ref) && (await deployedUsers(tx, organisationId, hashes, ref)).length === 0)
      unused.add(tlsContextId(ref))
  if (unused.size === 0) return hashes
  return Object.fromEntries(Object.entries(hashes).filter(([id]) => !unused.has(id)))
}

async function requireInstance(tx: Tx, { id: gatewayId, organisationId }: GatewayHead, instanceId: string) {
  const where = { id: instanceId, gatewayId, organisationId }
  if (await tx.apiInstance.findFirst({ where, select: { id: true } })) return
  throw new Problem('not-found', 'There is no such API at this gateway.')
}
