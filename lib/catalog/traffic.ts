import type { Traffic } from '#domain/catalog.ts'
import { ratesOf } from '#domain/node-report.ts'
import { db } from '../db.ts'
import { trafficOf, withTraffic } from '../gateways/pulse.ts'

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
  const nodes = await db().node.findMany({
    where: { organisationId, gatewayId: { in: [...gatewayIds] } },
    include: withTraffic,
  })
  const reporting = new Map<string, number>()
  const sums = new Map<string, Traffic>()
  for (const node of nodes) {
    const last = trafficOf(node, now)
    if (!last) continue
    reporting.set(node.gatewayId, (reporting.get(node.gatewayId) ?? 0) + 1)
    for (const [id, counts] of Object.entries(last.apis)) {
      const sum = sums.get(id) ?? quiet
      const rates = ratesOf(counts, last.pulse.intervalMs)
      // A node of before that says it for all of its APIs together.
      const { p95 = 0 } = counts.requests > 0 ? (counts.latencyMs ?? last.pulse.latencyMs ?? {}) : {}
      sums.set(id, {
        reportingNodes: 0,
        requestsPerSecond: sum.requestsPerSecond + rates.requestsPerSecond,
        errorsPerSecond: sum.errorsPerSecond + rates.errorsPerSecond,
        refusedPerSecond: sum.refusedPerSecond + rates.refusedPerSecond,
        p95Ms: p95 > 0 ? Math.max(sum.p95Ms ?? 0, p95) : sum.p95Ms,
      })
    }
  }
  return ({ id, gatewayId }) => {
    const reportingNodes = reporting.get(gatewayId)
    return reportingNodes === undefined ? null : { ...(sums.get(id) ?? quiet), reportingNodes }
  }
}
