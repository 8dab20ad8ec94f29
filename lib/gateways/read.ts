import { z } from 'zod'
import { reason } from '#contract/events.ts'
import { isReportCurrent, nodeStateOf } from '#domain/deployment.ts'
import {
  type EnvironmentView,
  type GatewayNode,
  type GatewaySummary,
  listener,
  type Traffic,
} from '#domain/gateway.ts'
import type { Watch } from '#domain/certificate.ts'
import { troubleOf } from '#domain/gateway-reports.ts'
import { type NodePulse, nodeDetails, ratesOf } from '#domain/node-report.ts'
import { nodeStatusOf } from '#domain/node-status.ts'
import { Problem } from '#domain/problem.ts'
import type { Gateway, Prisma } from '#prisma/generated/client.ts'
import type { Actor } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { organisationWatch } from '../organisation/watch.ts'
import { pulseOf } from './pulse.ts'

/** The gateway, if it is the actor's organisation's; another's is as absent as one that never was. */
export async function ownGateway(tx: Tx, actor: Actor, gatewayId: string): Promise<Gateway> {
  const gateway = await tx.gateway.findFirst({
    where: { id: gatewayId, organisationId: actor.organisationId },
  })
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  return gateway
}

const environmentFields = { id: true, name: true, kind: true, demandsSignOff: true, version: true } as const

/** The organisation's environments, by name. */
export function listEnvironments(actor: Actor): Promise<EnvironmentView[]> {
  return db().environment.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { name: 'asc' },
    select: environmentFields,
  })
}

const withNodes = {
  environment: { select: environmentFields },
  _count: { select: { instances: true } },
  revisions: { orderBy: { number: 'desc' }, take: 1, select: { number: true, hash: true } },
  nodes: {
    orderBy: [{ hostname: 'asc' }, { createdAt: 'asc' }],
    include: {
      report: { select: { receivedAt: true, pulse: true, certificates: true, upstreams: true } },
      acknowledgements: {
        orderBy: { at: 'desc' },
        take: 1,
        select: { revision: true, outcome: true, reasons: true },
      },
    },
  },
} satisfies Prisma.GatewayInclude

type GatewayRow = Prisma.GatewayGetPayload<{ include: typeof withNodes }>
type NodeRow = GatewayRow['nodes'][number]

/** The organisation's gateways with their nodes, as they stand at `now`. */
export async function listGateways(actor: Actor, now = new Date()): Promise<GatewaySummary[]> {
  const rows = await db().gateway.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: { name: 'asc' },
    include: withNodes,
  })
  const watch = await organisationWatch(db(), actor.organisationId)
  return rows.map((row) => summaryOf(row, now, watch))
}

/** One gateway with its nodes, as they stand at `now`. */
export async function readGateway(
  gatewayId: string,
  actor: Actor,
  now = new Date(),
): Promise<GatewaySummary> {
  const row = await db().gateway.findFirst({
    where: { id: gatewayId, organisationId: actor.organisationId },
    include: withNodes,
  })
  if (!row) throw new Problem('not-found', 'There is no such gateway.')
  return summaryOf(row, now, await organisationWatch(db(), actor.organisationId))
}

function summaryOf(row: GatewayRow, now: Date, watch: Watch): GatewaySummary {
  const head = row.revisions[0] ?? null
  return {
    id: row.id,
    name: row.name,
    environment: row.environment,
    publicUrl: row.publicUrl,
    listeners: z.array(listener).parse(row.listeners),
    headRevision: row.headRevision,
    version: row.version,
    apis: row._count.instances,
    nodes: row.nodes.map((node) => nodeOf(node, head, now)),
    trouble: troubleOf(
      row.nodes.flatMap((node) => troublesIn(node, now)),
      now,
      watch,
    ),
  }
}

const troublesome = nodeDetails.pick({ certificates: true, upstreams: true })

// Of a node that is silent nobody knows what is wrong with it.
function troublesIn(node: NodeRow, now: Date) {
  const { report } = node
  if (!report || !isReportCurrent(node, report.receivedAt, now)) return []
  const { certificates, upstreams } = report
  const parsed = troublesome.safeParse({
    certificates: certificates ?? undefined,
    upstreams: upstreams ?? undefined,
  })
  return parsed.success ? [parsed.data] : []
}

function nodeOf(node: NodeRow, head: { number: number; hash: string } | null, now: Date): GatewayNode {
  const reported = pulseOf(node, now)
  const status = nodeStatusOf(node, reported?.status ?? null, now)
  const answered = node.acknowledgements[0]
  const outcome = answered?.revision === head?.number ? (answered?.outcome ?? null) : null
  const state = head ? nodeStateOf(node, head, outcome, now) : null
  return {
    id: node.id,
    hostname: node.hostname,
    runtimeVersion: node.runtimeVersion,
    capabilities: z.array(z.string()).catch([]).parse(node.capabilities),
    status,
    problems: status === 'degraded' ? (reported?.problems ?? []) : [],
    state,
    servesRevision: node.appliedRevision,
    wantedRevision: head?.number ?? 0,
    refusals: state === 'refused' ? z.array(reason).catch([]).parse(answered?.reasons) : [],
    connectedAt: node.connectedAt?.toISOString() ?? null,
    lastSeenAt: node.lastSeenAt?.toISOString() ?? null,
    createdAt: node.createdAt.toISOString(),
    traffic: reported && trafficOf(reported),
  }
}

function trafficOf(last: NodePulse): Traffic {
  return {
    ...ratesOf(last, last.intervalMs),
    latencyMs: last.latencyMs,
    connections: last.connections,
    webSockets: last.webSockets,
    rssBytes: last.rssBytes,
    uptimeSeconds: last.uptimeSeconds,
  }
}
