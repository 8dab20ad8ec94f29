import type { EndpointReport, UpstreamReport } from './node-report.ts'

export const upstreamStates = ['down', 'partly', 'healthy', 'unchecked'] as const
/** `unchecked`: nothing speaks against it, and nobody asks it how it is. */
export type UpstreamState = (typeof upstreamStates)[number]

export const endpointStates = ['unhealthy', 'ejected', 'healthy', 'unchecked'] as const
export type EndpointState = (typeof endpointStates)[number]

type Upstream = Pick<
  UpstreamReport,
  'endpoints' | 'unhealthyEndpoints' | 'ejectedEndpoints' | 'endpointList' | 'healthChecks'
>

/** How an upstream is, by what one node says of its endpoints. */
export function upstreamStateOf(upstream: Upstream): UpstreamState {
  const { endpoints, unhealthyEndpoints, ejectedEndpoints, endpointList, healthChecks } = upstream
  if (unhealthyEndpoints + ejectedEndpoints === 0) return healthChecks ? 'healthy' : 'unchecked'
  // Those in trouble stand first: where all of the list are out and it is not whole, the rest is well.
  const isWhole = endpointList !== undefined && endpointList.length === endpoints
  const isDown = isWhole
    ? endpointList.every(isOut)
    : Math.max(unhealthyEndpoints, ejectedEndpoints) === endpoints
  return isDown ? 'down' : 'partly'
}

// Out in every process that would use it.
function isOut({ pools, unhealthyIn, ejectedIn }: EndpointReport): boolean {
  return unhealthyIn + ejectedIn >= pools
}

/** Whether somebody should look at it. */
export function isInTrouble(state: UpstreamState): boolean {
  return state === 'down' || state === 'partly'
}

/** How an endpoint is. What its checks say weighs more than what requests to it came to. */
export function endpointStateOf(endpoint: EndpointReport, { healthChecks }: Upstream): EndpointState {
  if (endpoint.unhealthyIn > 0) return 'unhealthy'
  if (endpoint.ejectedIn > 0) return 'ejected'
  return healthChecks ? 'healthy' : 'unchecked'
}
