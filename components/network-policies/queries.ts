import { queryOptions } from '@tanstack/react-query'
import {
  type AppliedNetworkPolicies,
  type AppliedWish,
  appliedNetworkPolicies,
} from '#domain/applied-network-policies.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'

const path = (gatewayId: string) => `/gateways/${gatewayId}/applied-network-policies`

/** The NetworkPolicies around a gateway. What is declared is a part of them, so they follow the topology. */
export const networkPolicyQueries = {
  of: (gatewayId: string) =>
    queryOptions({
      queryKey: ['topology', 'network-policies', gatewayId],
      queryFn: ({ signal }) => getJson(path(gatewayId), appliedNetworkPolicies, signal),
    }),
}

export function saveApplied({ gatewayId, version }: AppliedNetworkPolicies, wish: AppliedWish) {
  return sendJson('PUT', path(gatewayId), wish, appliedNetworkPolicies, { ifMatch: version })
}

export function removeApplied({ gatewayId, version }: AppliedNetworkPolicies) {
  return sendJson('DELETE', path(gatewayId), undefined, nothing, { ifMatch: version })
}
