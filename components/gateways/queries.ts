import { queryOptions } from '@tanstack/react-query'
import {
  type GatewaySummary,
  gatewayKeyList,
  gatewayList,
  gatewaySummary,
  type Listener,
  type NewGateway,
  newGatewayKey,
} from '#domain/gateway.ts'
import { gatewayReports } from '#domain/gateway-reports.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'

// The socket tells of what happens. That a node has fallen silent is told by nobody, so it is asked for.
const silenceMs = 5_000

/** Gateways with their nodes, and the keys that nodes register with. */
export const gatewayQueries = {
  all: ['gateways'] as const,
  list: () =>
    queryOptions({
      queryKey: [...gatewayQueries.all, 'list'],
      queryFn: async ({ signal }) => (await getJson('/gateways', gatewayList, signal)).gateways,
      refetchInterval: silenceMs,
    }),
  one: (gatewayId: string) =>
    queryOptions({
      queryKey: [...gatewayQueries.all, 'one', gatewayId],
      queryFn: ({ signal }) => getJson(`/gateways/${gatewayId}`, gatewaySummary, signal),
      refetchInterval: silenceMs,
    }),
  reports: (gatewayId: string) =>
    queryOptions({
      queryKey: [...gatewayQueries.all, 'reports', gatewayId],
      queryFn: ({ signal }) => getJson(`/gateways/${gatewayId}/reports`, gatewayReports, signal),
      refetchInterval: silenceMs,
    }),
  keys: (gatewayId: string) =>
    queryOptions({
      queryKey: [...gatewayQueries.all, 'keys', gatewayId],
      queryFn: async ({ signal }) =>
        (await getJson(`/gateways/${gatewayId}/keys`, gatewayKeyList, signal)).keys,
    }),
}

export function createGateway(wanted: Omit<NewGateway, 'listeners'>) {
  return sendJson('POST', '/gateways', wanted, gatewaySummary)
}

/** Takes effect with the next deployment; refused when somebody else changed the gateway meanwhile. */
export function saveListeners({ id, version }: GatewaySummary, listeners: readonly Listener[]) {
  return sendJson('PUT', `/gateways/${id}/listeners`, { listeners }, gatewaySummary, { ifMatch: version })
}

export function createKey(gatewayId: string) {
  return sendJson('POST', `/gateways/${gatewayId}/keys`, undefined, newGatewayKey)
}

export function revokeKey({ gatewayId, keyId }: { gatewayId: string; keyId: string }) {
  return sendJson('DELETE', `/gateways/${gatewayId}/keys/${keyId}`, undefined, nothing)
}

export function removeNode({ gatewayId, nodeId }: { gatewayId: string; nodeId: string }) {
  return sendJson('DELETE', `/gateways/${gatewayId}/nodes/${nodeId}`, undefined, nothing)
}

interface WebSocketAt {
  gatewayId: string
  nodeId: string
  websocketId: string
}

export function endWebSocket({ gatewayId, nodeId, websocketId }: WebSocketAt) {
  const path = `/gateways/${gatewayId}/nodes/${nodeId}/websockets/${websocketId}`
  return sendJson('DELETE', path, undefined, nothing)
}
