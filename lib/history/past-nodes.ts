import type { GatewayView } from '#domain/stored.ts'
import type { PastRows } from './past-rows.ts'

/** What nodes were, as far as the kept rows say it: to the hour. */

const hourMs = 3_600_000

/** Null where no node of it was there. Figures of traffic are not kept. */
export function nodesIn(
  rows: Pick<PastRows, 'Node' | 'NodeReport'>,
  gateway: { readonly id: string; readonly headRevision: number },
  at: Date,
): GatewayView['nodes'] {
  const nodes = rows.Node.filter(({ gatewayId }) => gatewayId === gateway.id)
  if (nodes.length === 0) return null
  const online = nodes.filter(
    ({ connected, until }) => connected && until !== null && Date.parse(until) + 2 * hourMs > at.getTime(),
  )
  const degraded = new Set(
    rows.NodeReport.flatMap(({ nodeId, status }) => (status === 'degraded' ? [nodeId] : [])),
  )
  return {
    total: nodes.length,
    online: online.length,
    degraded: online.filter(({ id }) => degraded.has(id)).length,
    current: nodes.filter(({ appliedRevision }) => appliedRevision === gateway.headRevision).length,
    failedHandshakesPerSecond: null,
  }
}
