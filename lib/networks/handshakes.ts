import { type NodeDetails, nodeDetails } from '#domain/node-report.ts'
import { mainUpstream } from '#domain/routing.ts'
import type { ApiView } from '#domain/stored.ts'
import type { NodeReport } from '#prisma/generated/client.ts'
import { pulseOf } from '../gateways/pulse.ts'

/** Handshakes that fail now, on either side of a gateway: per second, out of the latest reports of its nodes. */

type Reporting = Parameters<typeof pulseOf>[0] & {
  readonly report: Pick<NodeReport, 'processes' | 'upstreams'> | null
}

const reported = nodeDetails.pick({ listeners: true })

/** With clients; null where no node says. */
export function failedWithClients(nodes: readonly Reporting[], now: Date): number | null {
  const rates = nodes.flatMap((node) => {
    const seconds = intervalOf(node, now)
    const { listeners } = reported.safeParse(node.report?.processes).data ?? {}
    if (seconds === null || !listeners) return []
    const failed = listeners
      .flatMap(({ handshakes }) => Object.entries(handshakes))
      .filter(([result]) => result !== 'ok')
      .reduce((sum, [, { recent }]) => sum + recent, 0)
    return [failed / seconds]
  })
  return rates.length > 0 ? rates.reduce((sum, rate) => sum + rate, 0) : null
}

export type FailedByApi = ReadonlyMap<string, NonNullable<ApiView['failedHandshakes']>> | null

/** With upstreams, by API instance, the most frequent first; null where no node says. */
export function failedWithUpstreams(nodes: readonly Reporting[], now: Date): FailedByApi {
  const reports = nodes.flatMap((node) => {
    const seconds = intervalOf(node, now)
    const upstreams = nodeDetails.shape.upstreams.safeParse(node.report?.upstreams).data
    return seconds === null || !upstreams ? [] : [failuresIn(upstreams, seconds)]
  })
  if (reports.length === 0) return null
  const alike = Map.groupBy(reports.flat(), ({ instanceId, upstream, code }) =>
    [instanceId, upstream, code].join(' '),
  )
  const summed = [...alike.values()].flatMap(([first, ...others]) => {
    if (!first) return []
    return [{ ...first, perSecond: others.reduce((sum, each) => sum + each.perSecond, first.perSecond) }]
  })
  const byApi = Map.groupBy(
    summed.toSorted((a, b) => b.perSecond - a.perSecond),
    ({ instanceId }) => instanceId,
  )
  return new Map(
    [...byApi].map(([instanceId, failures]) => [
      instanceId,
      failures.map(({ upstream, code, perSecond }) => ({ upstream, code, perSecond })),
    ]),
  )
}

function failuresIn(upstreams: NonNullable<NodeDetails['upstreams']>, seconds: number) {
  return Object.entries(upstreams).flatMap(([id, { recentFailedHandshakes = {} }]) => {
    // Of a destination, its name stands behind that of the API.
    const [instanceId = '', upstream = mainUpstream] = id.split(':')
    return Object.entries(recentFailedHandshakes).map(([code, count]) => ({
      instanceId,
      upstream,
      code,
      perSecond: count / seconds,
    }))
  })
}

// Of a node that is silent, old figures would pass for current ones.
function intervalOf(node: Reporting, now: Date): number | null {
  const { intervalMs = 0 } = pulseOf(node, now) ?? {}
  return intervalMs > 0 ? intervalMs / 1_000 : null
}
