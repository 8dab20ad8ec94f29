import { report as reportSchema } from '#contract/events.ts'
import type { Traffic } from '#domain/catalog.ts'
import { isOffline } from '#domain/deployment.ts'
import { db } from '../db.ts'

/** What the nodes' last reports say of each API instance. Instances that nobody reports on are left out. */
export async function trafficByInstance(
  organisationId: string,
  gatewayIds: readonly string[],
  now: Date,
): Promise<Map<string, Traffic>> {
  const nodes = await db().node.findMany({ where: { organisationId, gatewayId: { in: [...gatewayIds] } } })
  const sums = new Map<string, Traffic>()
  for (const node of nodes) {
    const parsed = reportSchema.safeParse(node.report)
    if (!parsed.success || isOffline(node, now) || parsed.data.intervalMs <= 0) continue
    const { apis, intervalMs, latencyMs } = parsed.data
    const perSecond = 1000 / intervalMs
    for (const [id, counts] of Object.entries(apis)) {
      const sum = sums.get(id) ?? quiet
      sums.set(id, {
        reportingNodes: sum.reportingNodes + 1,
        requestsPerSecond: sum.requestsPerSecond + counts.requests * perSecond,
        errorsPerSecond: sum.errorsPerSecond + counts.errors * perSecond,
        refusedPerSecond: sum.refusedPerSecond + counts.refused * perSecond,
        p95Ms: latencyMs === null ? sum.p95Ms : Math.max(sum.p95Ms ?? 0, latencyMs.p95),
      })
    }
  }
  return sums
}

const quiet: Traffic = {
  reportingNodes: 0,
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  refusedPerSecond: 0,
  p95Ms: null,
}

/** The traffic of one instance; zero where nodes report and it had none, null where no node reports. */
export async function trafficOf(
  organisationId: string,
  instance: { id: string; gatewayId: string },
  now: Date,
): Promise<Traffic | null> {
  const byInstance = await trafficByInstance(organisationId, [instance.gatewayId], now)
  const own = byInstance.get(instance.id)
  if (own) return own
  const nodes = await db().node.findMany({ where: { organisationId, gatewayId: instance.gatewayId } })
  const reporting = nodes.filter((node) => node.report !== null && !isOffline(node, now)).length
  return reporting > 0 ? { ...quiet, reportingNodes: reporting } : null
}
