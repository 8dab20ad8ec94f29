import type { ApiItem } from '#contract/items.ts'
import type { Fault } from '#domain/problem.ts'
import type { Tx } from '../db.ts'
import { type Items, instanceOf } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { draftOf, faultsIn, type GatewayHead } from './draft.ts'

/**
 * One instance's draft, and what a node would refuse about it beside everything else that is deployed. Of the
 * thousands of items that may be, those are read that it could clash with.
 */
export async function instanceDraft(
  tx: Tx,
  gateway: GatewayHead,
  head: Configuration,
  instanceId: string,
): Promise<{ items: Items; faults: Fault[] }> {
  const draft = await draftOf(tx, gateway, instanceId)
  const own = [...draft.items].filter(([id]) => instanceOf(id) === instanceId)
  const isFirst = Object.keys(head.hashes).length === 0
  const listeners = isFirst
    ? [...draft.items].filter(([id]) => instanceOf(id) === null)
    : await head.read(Object.keys(head.hashes).filter((id) => id.startsWith('listener:')))
  const items = new Map([...listeners, ...own])
  const api = draft.items.get(`api:${instanceId}`)
  const neighbours = api?.kind === 'api' ? await neighboursOf(tx, gateway, head, api) : []
  const compileFaults = draft.faults.filter(({ pointer }) => pointer.includes(instanceId))
  return { items, faults: faultsIn(items, compileFaults, neighbours) }
}

/** The other deployed APIs at the same place. */
async function neighboursOf(
  tx: Tx,
  { organisationId }: GatewayHead,
  head: Configuration,
  { id, host, basePath }: ApiItem,
): Promise<ApiItem[]> {
  const rows = await tx.$queryRaw<{ id: string; hash: string }[]>`
    SELECT "content" ->> 'id' AS "id", "hash" FROM "Item"
    WHERE "organisationId" = ${organisationId}::uuid AND "kind" = 'api'
      AND "content" ->> 'host' = ${host} AND "content" ->> 'basePath' = ${basePath}`
  const deployed = rows.filter((row) => row.id !== id && head.hashes[row.id] === row.hash)
  const items = await head.read(deployed.map((row) => row.id))
  return [...items.values()].filter((item) => item.kind === 'api')
}
