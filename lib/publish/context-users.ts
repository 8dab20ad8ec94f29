import type { Side } from '#domain/peer.ts'
import type { Tx } from '../db.ts'
import { type Hashes, instanceOf } from './compile.ts'

/** An API that takes its certificates from a context, and on which sides of the gateway. */
export interface ContextUser {
  readonly instanceId: string
  readonly sides: readonly Side[]
}

/** The deployed APIs among these items that take something from a context. */
export async function deployedUsers(
  tx: Tx,
  organisationId: string,
  hashes: Hashes,
  contextId: string,
): Promise<ContextUser[]> {
  const apis = Object.entries(hashes).flatMap(([id, hash]) => (id.startsWith('api:') ? [hash] : []))
  const naming = (policy: object) => JSON.stringify([{ ...policy, config: { contextRef: contextId } }])
  const rows = await tx.$queryRaw<{ id: string; inbound: boolean; outbound: boolean }[]>`
    SELECT "content" ->> 'id' AS "id",
      "content" -> 'policies' @> ${naming({ kind: 'tls' })}::jsonb AS "inbound",
      "content" -> 'policies' @> ${naming({ kind: 'tls-outbound' })}::jsonb AS "outbound"
    FROM "Item"
    WHERE "organisationId" = ${organisationId}::uuid AND "kind" = 'api' AND "hash" = ANY(${apis})
      AND "content" -> 'policies' @> ${naming({})}::jsonb`
  return rows.map(({ id, inbound, outbound }) => ({
    instanceId: instanceOf(id) ?? '',
    sides: [...(inbound ? (['inbound'] as const) : []), ...(outbound ? (['outbound'] as const) : [])],
  }))
}
