import type { ClaimingApi } from '#contract/judgement.ts'
import { segmentsOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'
import { hasSecretsInConfig, openedConfig } from '../policies/sealing.ts'
import { noOpener, openerOf } from '../trust/sealing.ts'
import { apiItemId, isOfGateway, type Items, instanceOf } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { draftOf, faultsIn, type GatewayHead } from './draft.ts'
import { placingKinds } from './standing.ts'

/**
 * One instance's draft, and what a node would refuse about it beside everything else that is deployed. Of the
 * thousands of items that may be, those are read that it could be in the way of.
 */
export async function instanceDraft(
  tx: Tx,
  gateway: GatewayHead,
  head: Configuration,
  instanceId: string,
): Promise<{ items: Items; faults: Fault[] }> {
  const draft = await draftOf(tx, gateway, instanceId)
  const own = [...draft.items].filter(
    ([id, { kind }]) => instanceOf(id) === instanceId || kind === 'tls-context',
  )
  const isFirst = Object.keys(head.hashes).length === 0
  // Listeners, and mTLS contexts.
  const shared = isFirst
    ? [...draft.items].filter(([id]) => instanceOf(id) === null)
    : await head.read(Object.keys(head.hashes).filter(isOfGateway))
  const items = new Map([...shared, ...own])
  const neighbours = await neighboursOf(tx, gateway, head, items, apiItemId(instanceId))
  const compileFaults = draft.faults.filter(({ pointer }) => pointer.includes(instanceId))
  return {
    items,
    faults: namingDraftListeners(faultsIn(items, compileFaults, neighbours), items, draft.items),
  }
}

/** The other deployed APIs that matter: those at the same place, and with TLS all, since it is chosen by host. */
async function neighboursOf(
  tx: Tx,
  gateway: GatewayHead,
  head: Configuration,
  items: Items,
  apiId: string,
): Promise<ClaimingApi[]> {
  const isSecure = [...items.values()].some((item) => item.kind === 'listener' && item.protocol === 'https')
  if (isSecure) {
    const hashes = Object.entries(head.hashes).flatMap(([id, hash]) =>
      id.startsWith('api:') && id !== apiId ? [hash] : [],
    )
    return claiming(tx, gateway, Prisma.sql`"hash" = ANY(${hashes})`)
  }
  const api = items.get(apiId)
  if (api?.kind !== 'api') return []
  const { host, basePath } = api
  const here = Prisma.sql`"kind" = 'api' AND "content" ->> 'host' = ${host} AND "content" ->> 'basePath' = ${basePath}`
  const found = await claiming(tx, gateway, here)
  return found.filter(({ id, hash }) => id !== apiId && head.hashes[id] === hash)
}

/** Items of APIs, without what does not matter for where they are served. */
async function claiming(
  tx: Tx,
  { organisationId }: GatewayHead,
  where: Prisma.Sql,
): Promise<(ClaimingApi & { hash: string })[]> {
  const rows = await tx.$queryRaw<ClaimingRow[]>`
    SELECT "hash", "content" - 'policies' - 'operations' AS "api", (
      SELECT jsonb_agg(CASE WHEN p ->> 'kind' = ANY(${placingKinds}) THEN p ELSE jsonb_build_object('kind', p -> 'kind') END ORDER BY at)
      FROM jsonb_array_elements("content" -> 'policies') WITH ORDINALITY AS policies(p, at)
    ) AS "policies"
    FROM "Item" WHERE "organisationId" = ${organisationId}::uuid AND ${where}`
  const isSealed = rows.some(({ policies }) => policies?.some(isWithSecrets))
  const opener = isSealed ? await openerOf(tx, organisationId) : noOpener
  return rows.map(({ hash, api, policies }) => ({
    ...api,
    hash,
    policies: (policies ?? []).map(({ kind, config = {} }) => ({
      kind,
      config: openedConfig(kind, config, opener),
    })),
  }))
}

function isWithSecrets({ kind, config = {} }: { kind: string; config?: unknown }): boolean {
  return hasSecretsInConfig({ kind, config })
}

interface ClaimingRow {
  hash: string
  /** Checked before it was stored. */
  api: Omit<ClaimingApi, 'policies'>
  policies: { kind: string; config?: unknown }[] | null
}

/** Says of listeners that are missing what brings them, where they are in the draft of the gateway. */
function namingDraftListeners(faults: readonly Fault[], items: Items, draft: Items): Fault[] {
  return faults.map((fault) => {
    const [, id = '', member, index] = segmentsOf(fault.pointer)
    const api = items.get(id)
    const wanted = member === 'listeners' && api?.kind === 'api' ? api.listeners?.[Number(index)] : undefined
    const isDraft = wanted !== undefined && draft.has(wanted) && !items.has(wanted)
    return isDraft ? { ...fault, detail: `${fault.detail} yet: deploy the whole gateway` } : fault
  })
}
