import type { Item } from '#contract/items.ts'
import type { ClaimingApi } from '#contract/judgement.ts'
import type { Manifest } from '#contract/manifest.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import type { Tx } from '../db.ts'
import { env } from '../env.ts'
import { hasSecrets, hasSecretsInConfig, openedConfig, openedItem } from '../policies/sealing.ts'
import { contextItems } from '../trust/material.ts'
import { noOpener, openerOf } from '../trust/sealing.ts'
import { check } from './check.ts'
import {
  compile,
  contextRefsOf,
  type InstanceRow,
  type Items,
  judgesByDocument,
  remember,
} from './compile.ts'
import { strayFaults } from './kept-contexts.ts'
import { manifestIn } from './manifests.ts'

export interface GatewayHead {
  id: string
  organisationId: string
  name: string
  listeners: unknown
  headRevision: number
}

const headSelect = { id: true, organisationId: true, name: true, listeners: true, headRevision: true }

/** The gateway, if it belongs to the organisation. */
export async function gatewayIn(tx: Tx, organisationId: string, gatewayId: string): Promise<GatewayHead> {
  const gateway = await tx.gateway.findFirst({ where: { id: gatewayId, organisationId }, select: headSelect })
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  return gateway
}

/** The same, which nobody else publishes to until the transaction ends. */
export async function gatewayHeld(tx: Tx, organisationId: string, gatewayId: string): Promise<GatewayHead> {
  const [gateway] = await tx.$queryRaw<GatewayHead[]>`
    SELECT "id", "organisationId", "name", "listeners", "headRevision" FROM "Gateway"
    WHERE "id" = ${gatewayId}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  return gateway
}

const instanceInclude = {
  apiVersion: { select: { id: true, label: true, operations: true, api: { select: { name: true } } } },
  policies: true,
  flows: {
    select: {
      tier: true,
      consumer: {
        select: { id: true, name: true, credentials: { select: { hash: true, revokedAt: true } } },
      },
    },
  },
} as const

/** The gateway's API instances as they are now, with what belongs to them; one alone where one is named. */
export async function instancesOf(tx: Tx, gateway: GatewayHead, instanceId?: string): Promise<InstanceRow[]> {
  const { id: gatewayId, organisationId } = gateway
  const rows = await tx.apiInstance.findMany({
    where: { gatewayId, organisationId, ...(instanceId === undefined ? {} : { id: instanceId }) },
    include: instanceInclude,
  })
  const isSealed = rows.some(({ policies }) => policies.some(hasSecretsInConfig))
  const opener = isSealed ? await openerOf(tx, organisationId) : noOpener
  const opened = rows.map((row) => ({
    ...row,
    policies: row.policies.map((policy) => ({
      ...policy,
      config: openedConfig(policy.kind, policy.config, opener),
    })),
  }))
  return withDocuments(tx, organisationId, opened)
}

// Documents may have many megabytes, so they are read only for those whose policies judge by them.
async function withDocuments(tx: Tx, organisationId: string, rows: InstanceRow[]): Promise<InstanceRow[]> {
  const versionIds = rows.filter(judgesByDocument).map(({ apiVersion }) => apiVersion.id)
  if (versionIds.length === 0) return rows
  const versions = await tx.apiVersion.findMany({
    where: { organisationId, id: { in: versionIds } },
    select: { id: true, definition: true },
  })
  const definitions = new Map(versions.map(({ id, definition }) => [id, definition]))
  return rows.map((row) => ({ ...row, document: definitions.get(row.apiVersion.id) }))
}

/** What the gateway's rows, as they are now, compile to; of one instance alone where one is named. */
export async function draftOf(
  tx: Tx,
  gateway: GatewayHead,
  instanceId?: string,
): Promise<{ items: Items; faults: Fault[] }> {
  const instances = await instancesOf(tx, gateway, instanceId)
  const contexts = await contextItems(tx, gateway.organisationId, contextRefsOf(instances))
  const { items, faults } = compile({ listeners: gateway.listeners, instances, contexts })
  return { items, faults: [...faults, ...(await strayFaults(tx, gateway, contexts))] }
}

/**
 * What a node would refuse in these items, with what could not be compiled at all first. `neighbours` are served
 * beside them and were checked when they were deployed.
 */
export function faultsIn(
  items: Items,
  compileFaults: readonly Fault[],
  neighbours: readonly ClaimingApi[] = [],
): Fault[] {
  if (compileFaults.length > 0) return [...compileFaults]
  return check(items, { loopback: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES }, neighbours)
}

/** A revision's manifest; null for revision 0, before the first deployment. */
export async function manifestOf(tx: Tx, gateway: GatewayHead, number: number): Promise<Manifest | null> {
  if (number === 0) return null
  const revision = await tx.revision.findFirst({
    where: { gatewayId: gateway.id, organisationId: gateway.organisationId, number },
    select: { id: true },
  })
  if (!revision) throw new Problem('not-found', `There is no revision ${number} of ${gateway.name}.`)
  return manifestIn(tx, revision.id)
}

/** The items that a manifest names. */
export async function itemsNamed(tx: Tx, organisationId: string, manifest: Manifest | null): Promise<Items> {
  if (!manifest) return new Map()
  const byHash = await itemsByHash(tx, organisationId, Object.values(manifest.items))
  return new Map(
    Object.entries(manifest.items).map(([id, hash]) => {
      const item = byHash.get(hash)
      if (!item) throw new Error(`item ${hash} of revision ${manifest.revision} is gone from the database`)
      return [id, item]
    }),
  )
}

/** Items by their content's hash; those that the organisation does not have are left out. */
export async function itemsByHash(
  tx: Tx,
  organisationId: string,
  hashes: readonly string[],
): Promise<Map<string, Item>> {
  if (hashes.length === 0) return new Map()
  const rows = await tx.item.findMany({
    where: { organisationId, hash: { in: [...hashes] } },
    select: { hash: true, content: true },
  })
  // Checked before it was stored, and immutable since. Parsing again could add a later version's defaults,
  // and the content would no longer be what its hash says.
  const items = rows.map(({ hash, content }) => ({ hash, item: content as Item }))
  const isSealed = items.some(({ item }) => hasSecrets(item))
  const opener = isSealed ? await openerOf(tx, organisationId) : noOpener
  return new Map(items.map(({ hash, item }) => [hash, remember(openedItem(item, opener), hash)]))
}
