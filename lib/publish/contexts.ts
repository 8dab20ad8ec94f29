import { type TlsContextItem, tlsContextId } from '#contract/items.ts'
import type { Fault } from '#domain/problem.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Published } from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import type { Tx } from '../db.ts'
import { contextItems, materialFault } from '../trust/material.ts'
import { hashesOf, hashOf } from './compile.ts'
import { type Deployed, deployedAt } from './configuration.ts'
import { deployedUsers } from './context-users.ts'
import { type GatewayHead, gatewayIn } from './draft.ts'
import { strayFaults } from './kept-contexts.ts'
import { commit } from './write.ts'

/** What a change of trust made, and the contexts that say something else since. */
export interface ContextChange<T> {
  readonly made: T
  readonly contextIds: readonly string[]
}

/**
 * Runs a change of what contexts hold, and has the gateways that serve by them take it at once: each gets a revision
 * in which these contexts are those of today, and nothing else differs. Drafts stay drafts.
 */
export async function changeContexts<T>(
  tx: Tx,
  actor: Actor,
  note: string,
  work: () => Promise<ContextChange<T>>,
): Promise<{ made: T; published: Published[] }> {
  const { organisationId } = actor
  // All of them, before the work: a deployment of another gateway could take a context in between, as it was before.
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Gateway" WHERE "organisationId" = ${organisationId}::uuid ORDER BY "id" FOR UPDATE`
  const { made, contextIds } = await work()
  const contexts = await contextItems(tx, organisationId, contextIds)
  const published: Published[] = []
  for (const { id } of contexts.length === 0 ? [] : rows) {
    const gateway = await gatewayIn(tx, organisationId, id)
    const revision = await publishContexts(tx, actor, gateway, contexts, note)
    if (revision !== null) published.push({ gatewayId: id, gatewayName: gateway.name, revision })
  }
  return { made, published }
}

async function publishContexts(
  tx: Tx,
  actor: Actor,
  gateway: GatewayHead,
  contexts: readonly TlsContextItem[],
  note: string,
): Promise<number | null> {
  const head = await deployedAt(tx, gateway, gateway.headRevision)
  const changed = contexts.filter((item) => {
    const before = head.hashes[item.id]
    return before !== undefined && before !== hashOf(item)
  })
  if (changed.length === 0) return null
  const faults = await contextFaults(tx, gateway, head, changed)
  const items = new Map(changed.map((item) => [item.id, item] as const))
  const hashes = { ...head.hashes, ...hashesOf(items) }
  return commit(tx, actor, gateway, head, { kind: 'deploy', note, hashes, items, faults })
}

/** Why nodes would refuse what they serve with these contexts instead of those before. */
async function contextFaults(
  tx: Tx,
  gateway: GatewayHead,
  head: Deployed,
  changed: readonly TlsContextItem[],
): Promise<Fault[]> {
  const { organisationId, name: gatewayName } = gateway
  const faults = await strayFaults(tx, gateway, changed)
  for (const item of changed) {
    const pointer = pointerOf(['items', item.id])
    const unusable = materialFault(item)
    if (unusable !== undefined) faults.push({ pointer, detail: `${item.name}: ${unusable}.` })
    if (item.keystore !== undefined || item.kept !== undefined) continue
    const users = await deployedUsers(tx, organisationId, head.hashes, item.id.slice(tlsContextId('').length))
    const showing = users.filter(({ sides }) => sides.includes('inbound'))
    if (showing.length === 0) continue
    const which = showing.length === 1 ? 'an API' : `${showing.length} APIs`
    const verb = showing.length === 1 ? 'shows' : 'show'
    const detail = `${item.name} must have a certificate: ${which} at ${gatewayName} ${verb} it to clients.`
    faults.push({ pointer, detail })
  }
  return faults
}
