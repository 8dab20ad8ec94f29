import { z } from 'zod'
import { capabilityOf } from '#contract/events.ts'
import { allows } from '#domain/access.ts'
import { isReportCurrent } from '#domain/deployment.ts'
import type { GatewayReports, NodeReportView, ReportedApi } from '#domain/gateway-reports.ts'
import { type NodeDetails, nodeDetails, nodePulse } from '#domain/node-report.ts'
import type { NodeReport, Prisma } from '#prisma/generated/client.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { ownGateway } from './read.ts'

/** What the nodes of a gateway reported last, in the order of their names. What is not current says so. */
export async function readReports(
  gatewayId: string,
  actor: Actor,
  now = new Date(),
): Promise<GatewayReports> {
  const { organisationId } = actor
  await ownGateway(db(), actor, gatewayId)
  const [nodes, apis] = await Promise.all([
    db().node.findMany({
      where: { gatewayId, organisationId },
      orderBy: [{ hostname: 'asc' }, { createdAt: 'asc' }],
      include: { report: true },
    }),
    reportedApis(organisationId, gatewayId),
  ])
  const isHidden = !allows(actor.role, 'sessions.read')
  return { at: now.toISOString(), apis, nodes: nodes.map((node) => viewOf(node, now, isHidden)) }
}

type NodeRow = Prisma.NodeGetPayload<{ include: { report: true } }>

function viewOf(node: NodeRow, now: Date, hidesSubjects: boolean): NodeReportView {
  const { report } = node
  const details = report ? detailsOf(report) : null
  return {
    nodeId: node.id,
    hostname: node.hostname,
    receivedAt: report?.receivedAt.toISOString() ?? null,
    isCurrent: isReportCurrent(node, report?.receivedAt ?? null, now),
    pulse: nodePulse.safeParse(report?.pulse).data ?? null,
    details: details && hidesSubjects ? withoutSubjects(details) : details,
    hidesSubjects,
    canEndWebSockets: canEndWebSockets(node),
  }
}

/** Who is at the other end of a WebSocket concerns those who may end it, and nobody else. */
function withoutSubjects({ sessions, ...rest }: NodeDetails): NodeDetails {
  if (!sessions) return rest
  const hidden = sessions.map((session) => ({ ...session, subject: null, agency: null }))
  return { ...rest, sessions: hidden }
}

/** The parts of a kept report; null where they are not of this version. */
export function detailsOf(report: NodeReport): NodeDetails | null {
  const { apis, upstreams, certificates, sessions, processes } = report
  const parts = { apis, upstreams, certificates, sessions }
  const told = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== null))
  return nodeDetails.safeParse({ ...told, ...objectOf(processes) }).data ?? null
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** Whether the node takes the command that ends a WebSocket. */
export function canEndWebSockets({ capabilities }: { capabilities: unknown }): boolean {
  return z.array(z.string()).safeParse(capabilities).data?.includes(capabilityOf('evict')) ?? false
}

async function reportedApis(organisationId: string, gatewayId: string): Promise<ReportedApi[]> {
  const instances = await db().apiInstance.findMany({
    where: { organisationId, gatewayId },
    orderBy: [{ basePath: 'asc' }, { id: 'asc' }],
    select: {
      id: true,
      host: true,
      basePath: true,
      apiVersion: { select: { api: { select: { id: true, title: true } } } },
    },
  })
  return instances.map(({ id, host, basePath, apiVersion }) => ({
    instanceId: id,
    apiId: apiVersion.api.id,
    title: apiVersion.api.title,
    host,
    basePath,
  }))
}
