import { report as reportSchema } from '#contract/events.ts'
import type { Traffic } from '#domain/catalog.ts'
import { isOffline } from '#domain/deployment.ts'
import { db } from '../db.ts'

const quiet: Traffic = {
  reportingNodes: 0,
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  refusedPerSecond: 0,
  p95Ms: null,
}

/**
 * What the nodes of gateways reported last, as a question by instance. No traffic is zero where a node of its
 * gateway reports, and null where none does: silence is not the same as quiet.
 */
export async function trafficReader(
  organisationId: string,
  gatewayIds: readonly string[],
  now: Date,
): Promise<(instance: { id: string; gatewayId: string }) => Traffic | null> {
  const nodes = await db().node.findMany({ where: { organisationId, gatewayId: { in: [...gatewayIds] } } })
  const reporting = new Map<string, number>()
  const sums = new Map<string, Traffic>()
  for (const node of nodes) {
    const parsed = reportSchema.safeParse(node.report)
    if (!parsed.success || isOffline(node, now) || parsed.data.intervalMs <= 0) continue
    const { apis, intervalMs, latencyMs } = parsed.data
    reporting.set(node.gatewayId, (reporting.get(node.gatewayId) ?? 0) + 1)
    const perSecond = 1000 / intervalMs
    for (const [id, counts] of Object.entries(apis)) {
      const sum = sums.get(id) ?? quiet
      sums.set(id, {
        reportingNodes: 0,
        requestsPerSecond: sum.requestsPerSecond + counts.requests * perSecond,
        errorsPerSecond: sum.errorsPerSecond + counts.errors * perSecond,
        refusedPerSecond: sum.refusedPerSecond + counts.refused * perSecond,
        p95Ms: latencyMs === null ? sum.p95Ms : Math.max(sum.p95Ms ?? 0, latencyMs.p95),
      })
    }
  }
  return ({ id, gatewayId }) => {
    const reportingNodes = reporting.get(gatewayId)
    return reportingNodes === undefined ? null : { ...(sums.get(id) ?? quiet), reportingNodes }
  }
}
