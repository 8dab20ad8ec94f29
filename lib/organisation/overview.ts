import type { Overview } from '#domain/overview.ts'
import { policyOf } from '#policies/index.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { listApis } from '../catalog/read.ts'
import { db } from '../db.ts'
import { listGateways } from '../gateways/read.ts'
import { instanceStates } from '../publish/read.ts'

const apisMax = 12
const revisionsMax = 8

/** How the organisation stands at `now`: its APIs, nodes, drafts and last deployments. */
export async function readOverview(actor: Actor, now = new Date()): Promise<Overview> {
  for (const needed of ['apis.read', 'gateways.read', 'revisions.read'] as const) {
    requirePermission(actor, needed)
  }
  const [catalog, gateways, states, instances, revisions] = await Promise.all([
    listApis(actor, { limit: apisMax }),
    listGateways(actor, now),
    instanceStates(actor),
    exposedInstances(actor),
    lastRevisions(actor),
  ])
  const nodes = gateways.flatMap((gateway) => gateway.nodes.map((node) => nodeOf(gateway, node)))
  const traffic = gateways.flatMap((gateway) => gateway.nodes.flatMap((node) => node.traffic ?? []))
  const sum = (read: (each: (typeof traffic)[number]) => number) =>
    traffic.length === 0 ? null : traffic.reduce((total, each) => total + read(each), 0)
  return {
    apis: catalog.apis,
    apisTotal: catalog.total,
    gateways: gateways.map(({ id, name, trouble }) => ({ id, name, trouble })),
    nodes,
    requestsPerSecond: sum((each) => each.requestsPerSecond),
    errorsPerSecond: sum((each) => each.errorsPerSecond),
    refusedPerSecond: sum((each) => each.refusedPerSecond),
    undeployed: instances
      .filter(({ id }) => states.get(id) !== 'in-sync')
      .map((instance) => ({ ...placeOf(instance), isNew: states.get(instance.id) === 'not-deployed' })),
    open: instances
      .filter((instance) => states.get(instance.id) === 'in-sync' && !asksWhoCalls(instance.policies))
      .map((instance) => placeOf(instance)),
    revisions,
  }
}

type Gateway = Awaited<ReturnType<typeof listGateways>>[number]

function nodeOf(gateway: Gateway, node: Gateway['nodes'][number]): Overview['nodes'][number] {
  const [refusal] = node.refusals
  return {
    id: node.id,
    hostname: node.hostname,
    gatewayId: gateway.id,
    gatewayName: gateway.name,
    status: node.status,
    problem: node.problems[0] ?? null,
    refusedRevision: node.state === 'refused' ? node.wantedRevision : null,
    refusal: refusal ? `${refusal.pointer}: ${refusal.reason}` : null,
    lastSeenAt: node.lastSeenAt,
  }
}

function exposedInstances(actor: Actor) {
  return db().apiInstance.findMany({
    where: { organisationId: actor.organisationId, enabled: true },
    orderBy: { createdAt: 'asc' },
    select: {
      id: true,
      gatewayId: true,
      gateway: { select: { name: true } },
      apiVersion: { select: { apiId: true, api: { select: { title: true } } } },
      policies: { where: { enabled: true }, select: { kind: true } },
    },
  })
}

function placeOf({
  id,
  gatewayId,
  gateway,
  apiVersion,
}: Awaited<ReturnType<typeof exposedInstances>>[number]) {
  const { apiId, api } = apiVersion
  return { apiId, title: api.title, instanceId: id, gatewayId, gatewayName: gateway.name }
}

function asksWhoCalls(policies: readonly { kind: string }[]): boolean {
  return policies.some(({ kind }) => policyOf(kind)?.category === 'identity')
}

async function lastRevisions(actor: Actor): Promise<Overview['revisions']> {
  const rows = await db().revision.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { createdAt: 'desc' },
    take: revisionsMax,
    select: {
      gatewayId: true,
      number: true,
      kind: true,
      restoresNumber: true,
      note: true,
      createdAt: true,
      createdBy: true,
      gateway: { select: { name: true, headRevision: true } },
    },
  })
  return rows.map(({ gateway, createdAt, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    gatewayName: gateway.name,
    isHead: row.number === gateway.headRevision,
  }))
}
