import { isReportCurrent, type SeenNode } from '#domain/deployment.ts'
import { type NodeDetails, type NodePulse, nodeDetails, nodePulse } from '#domain/node-report.ts'
import type { NodeReport, Prisma } from '#prisma/generated/client.ts'

/** What to read of a node to know how it is as a whole. */
export const withPulse = {
  report: { select: { receivedAt: true, pulse: true } },
} satisfies Prisma.NodeInclude

/** The same with its traffic by API. */
export const withTraffic = {
  report: { select: { receivedAt: true, pulse: true, apis: true, processes: true } },
} satisfies Prisma.NodeInclude

type Reporting<Parts extends keyof NodeReport> = Omit<SeenNode, 'appliedHash'> & {
  report: Pick<NodeReport, 'receivedAt' | Parts> | null
}

/** How a node is now by its own account; null where it is silent: old figures would pass for current ones. */
export function pulseOf(node: Reporting<'pulse'>, now: Date): NodePulse | null {
  if (!isReportCurrent(node, node.report?.receivedAt ?? null, now)) return null
  return nodePulse.safeParse(node.report?.pulse).data ?? null
}

/** The traffic by API instance of a node's last interval, with that interval; null where it is silent. */
export function trafficOf(
  node: Reporting<'pulse' | 'apis'>,
  now: Date,
): { pulse: NodePulse; apis: NodeDetails['apis'] } | null {
  const pulse = pulseOf(node, now)
  const apis = nodeDetails.shape.apis.safeParse(node.report?.apis)
  return pulse && pulse.intervalMs > 0 && apis.success ? { pulse, apis: apis.data } : null
}
