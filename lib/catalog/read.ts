import { z } from 'zod'
import {
  type ApiDetail,
  type ApiPage,
  type ApiSummary,
  type Exposure,
  type InstanceView,
  type KeyPlace,
  keyPlace,
  operationView,
  type Traffic,
  type VersionDetail,
  versionSummary,
} from '#domain/catalog.ts'
import { Problem } from '#domain/problem.ts'
import { type Routing, routing } from '#domain/routing.ts'
import { policyOf } from '#policies/index.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { openedConfig } from '../policies/sealing.ts'
import { instanceStates } from '../publish/read.ts'
import { type Opener, openerOf } from '../trust/sealing.ts'
import { trafficReader } from './traffic.ts'

export interface ApiFilter {
  search?: string | undefined
  cursor?: string | undefined
  limit: number
}

const operationList = z.array(operationView)

const summaryInclude = {
  versions: {
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    select: {
      label: true,
      instances: {
        orderBy: { createdAt: 'asc' },
        select: {
          id: true,
          gatewayId: true,
          host: true,
          basePath: true,
          enabled: true,
          gateway: { select: { name: true } },
        },
      },
    },
  },
} as const satisfies Prisma.ApiInclude

type SummaryRow = Prisma.ApiGetPayload<{ include: typeof summaryInclude }>

/** A page of the catalog by name, with what its nodes serve of it. */
export async function listApis(actor: Actor, filter: ApiFilter): Promise<ApiPage> {
  requirePermission(actor, 'apis.read')
  const where = matching(actor.organisationId, filter.search)
  const [rows, total] = await Promise.all([
    db().api.findMany({
      where: filter.cursor === undefined ? where : { AND: [where, { name: { gt: filter.cursor } }] },
      orderBy: { name: 'asc' },
      take: filter.limit + 1,
      include: summaryInclude,
    }),
    db().api.count({ where }),
  ])
  const page = rows.slice(0, filter.limit)
  const [counts, exposuresOf] = await Promise.all([operationCounts(page), exposureReader(actor, page)])
  return {
    apis: page.map((row) => summaryOf(row, counts.get(row.id) ?? 0, exposuresOf(row))),
    total,
    nextCursor: rows.length > filter.limit ? (page.at(-1)?.name ?? null) : null,
  }
}

function matching(organisationId: string, search: string | undefined): Prisma.ApiWhereInput {
  const text = search?.trim()
  if (!text) return { organisationId }
  const contains = { contains: text, mode: 'insensitive' } as const
  return {
    organisationId,
    OR: [
      { name: contains },
      { title: contains },
      { description: contains },
      { versions: { some: { instances: { some: { basePath: contains } } } } },
    ],
  }
}

// Counted in the database: the lists themselves can be long.
async function operationCounts(rows: readonly { id: string }[]): Promise<Map<string, number>> {
  const ids = rows.map(({ id }) => id)
  const counted = await db().$queryRaw<{ apiId: string; count: number }[]>`
    SELECT DISTINCT ON ("apiId") "apiId", jsonb_array_length("operations") AS count
    FROM "ApiVersion" WHERE "apiId" = ANY(${ids}::uuid[])
    ORDER BY "apiId", "createdAt" DESC, "id" DESC`
  return new Map(counted.map(({ apiId, count }) => [apiId, count]))
}

async function exposureReader(
  actor: Actor,
  rows: readonly SummaryRow[],
): Promise<(row: SummaryRow) => Exposure[]> {
  const gatewayIds = rows.flatMap(({ versions }) =>
    versions.flatMap(({ instances }) => instances.map(({ gatewayId }) => gatewayId)),
  )
  const [states, trafficOf] = await Promise.all([
    instanceStates(actor),
    trafficReader(actor.organisationId, [...new Set(gatewayIds)], new Date()),
  ])
  return ({ versions }) =>
    versions.flatMap(({ instances }) =>
      instances.map(({ gateway, ...instance }) => ({
        ...instance,
        gatewayName: gateway.name,
        state: states.get(instance.id) ?? 'not-deployed',
        requestsPerSecond: trafficOf(instance)?.requestsPerSecond ?? null,
      })),
    )
}

function summaryOf(row: SummaryRow, operations: number, exposures: Exposure[]): ApiSummary {
  const { id, name, title, versions, updatedAt } = row
  return {
    id,
    name,
    title,
    versionLabel: versions[0]?.label ?? '',
    versions: versions.length,
    operations,
    exposures,
    updatedAt: updatedAt.toISOString(),
  }
}

const instanceInclude = {
  gateway: { select: { name: true, publicUrl: true } },
  policies: { orderBy: [{ order: 'asc' }, { id: 'asc' }] },
  apiVersion: { select: { id: true, label: true, apiId: true } },
} as const satisfies Prisma.ApiInstanceInclude

type InstanceRow = Prisma.ApiInstanceGetPayload<{ include: typeof instanceInclude }>

/** An API with its versions, newest first, and where it is exposed. */
export async function readApi(actor: Actor, apiId: string): Promise<ApiDetail> {
  requirePermission(actor, 'apis.read')
  const { organisationId } = actor
  const api = await db().api.findFirst({ where: { id: apiId, organisationId } })
  if (!api) throw new Problem('not-found', 'There is no such API.')
  const [versions, instances] = await Promise.all([
    db().apiVersion.findMany({
      where: { apiId, organisationId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      omit: { definition: true },
    }),
    db().apiInstance.findMany({
      where: { organisationId, apiVersion: { apiId } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      include: instanceInclude,
    }),
  ])
  const { name, title, description, version, createdAt, updatedAt } = api
  const opener = await openerOf(db(), organisationId)
  return {
    ...{ id: apiId, name, title, description, version },
    versions: versions.map(versionSummaryOf),
    instances: instances.map((row) => instanceViewOf(row, opener)),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}

interface VersionRow {
  id: string
  label: string
  sourceFormat: string
  operations: unknown
  servers: unknown
  notes: unknown
  createdAt: Date
  createdBy: string
}

function versionSummaryOf(row: VersionRow) {
  const operations = Array.isArray(row.operations) ? row.operations.length : 0
  return versionSummary.parse({ ...row, operations, createdAt: row.createdAt.toISOString() })
}

/** One version with its operations. */
export async function readVersion(actor: Actor, apiId: string, versionId: string): Promise<VersionDetail> {
  requirePermission(actor, 'apis.read')
  const row = await db().apiVersion.findFirst({
    where: { id: versionId, apiId, organisationId: actor.organisationId },
    omit: { definition: true },
  })
  if (!row) throw new Problem('not-found', 'There is no such version of this API.')
  return { ...versionSummaryOf(row), operationList: operationList.parse(row.operations) }
}

/** The definition of a version, as JSON text with its members in the order in which they were written. */
export async function readDefinition(actor: Actor, apiId: string, versionId: string): Promise<string> {
  requirePermission(actor, 'apis.read')
  const rows = await db().$queryRaw<{ text: string }[]>`
    SELECT "definition"::text AS text FROM "ApiVersion"
    WHERE "id" = ${versionId}::uuid AND "apiId" = ${apiId}::uuid
      AND "organisationId" = ${actor.organisationId}::uuid`
  const [row] = rows
  if (!row) throw new Problem('not-found', 'There is no such version of this API.')
  return row.text
}

/** An API at a gateway. */
export async function readInstance(actor: Actor, instanceId: string): Promise<InstanceView> {
  requirePermission(actor, 'apis.read')
  const row = await db().apiInstance.findFirst({
    where: { id: instanceId, organisationId: actor.organisationId },
    include: instanceInclude,
  })
  if (!row) throw new Problem('not-found', 'There is no such API instance.')
  return instanceViewOf(row, await openerOf(db(), actor.organisationId))
}

/** What its gateway's nodes report of an instance; null while none does. */
export async function readTraffic(actor: Actor, instanceId: string): Promise<Traffic | null> {
  const { id, gatewayId } = await readInstance(actor, instanceId)
  const trafficOf = await trafficReader(actor.organisationId, [gatewayId], new Date())
  return trafficOf({ id, gatewayId })
}

function instanceViewOf(row: InstanceRow, opener: Opener): InstanceView {
  const { id, apiVersion, gatewayId, gateway, host, basePath, upstreamUrl, stripBasePath } = row
  const policies = row.policies.map((policy) => {
    const known = policyOf(policy.kind)
    const config = known?.config.safeParse(openedConfig(policy.kind, policy.config, opener))
    return {
      id: policy.id,
      kind: policy.kind,
      title: policy.label || known?.title || policy.kind,
      summary: known && config?.success ? known.summarise(config.data) : 'Not complete yet',
      enabled: policy.enabled,
    }
  })
  return {
    ...{ id, gatewayId, host, basePath, upstreamUrl, stripBasePath },
    routing: routingOf(row),
    apiId: apiVersion.apiId,
    versionId: apiVersion.id,
    versionLabel: apiVersion.label,
    gatewayName: gateway.name,
    endpointUrl: endpointUrl(gateway.publicUrl, host, basePath),
    enabled: row.enabled,
    version: row.version,
    policies,
    keyPlace: keyPlaceOf(row),
  }
}

/** What an instance's columns say of its routes, with defaults written out. */
export function routingOf(row: Pick<InstanceRow, keyof Routing>): Routing {
  const { listenerIds, upstream, destinations, tiers } = row
  return routing.parse({ listenerIds, upstream, destinations, tiers })
}

function endpointUrl(publicUrl: string, host: string, basePath: string): string {
  const url = new URL(publicUrl)
  if (host !== '*') url.hostname = host
  return `${url.origin}${basePath === '/' ? '' : basePath}`
}

function keyPlaceOf(row: InstanceRow): KeyPlace | null {
  const asking = row.policies.find(({ kind, enabled }) => kind === 'api-key-auth' && enabled)
  if (!asking) return null
  const config = policyOf('api-key-auth')?.config.safeParse(asking.config)
  return config?.success ? (keyPlace.safeParse(config.data).data ?? null) : null
}
