import { queryOptions } from '@tanstack/react-query'
import { simulationResult } from '#domain/handshake.ts'
import { type ProbeTarget, probeList, probeView } from '#domain/probe.ts'
import { getJson, sendJson } from '../../shell/api.ts'
import type { DoorChoice } from './places.ts'

/** What a simulated client shows. */
export type Shown =
  | { readonly from: 'stored'; readonly certificateId: string }
  | { readonly from: 'pem'; readonly pem: string }
  | { readonly from: 'none' }

export function simulateHandshake({ shown, door }: { shown: Shown; door: DoorChoice }) {
  const at =
    door.kind === 'api'
      ? { kind: door.kind, instanceId: door.instanceId }
      : { kind: door.kind, contextId: door.contextId }
  return sendJson('POST', '/handshakes/simulate', { certificate: shown, at }, simulationResult)
}

export const probeQueries = {
  all: ['probes'] as const,
  of: (gatewayId: string) =>
    queryOptions({
      queryKey: [...probeQueries.all, gatewayId],
      queryFn: async ({ signal }) =>
        (await getJson(`/gateways/${gatewayId}/probes`, probeList, signal)).probes,
    }),
}

/** Answers once the node has said what it found. */
export function runProbe({
  gatewayId,
  nodeId,
  target,
}: {
  gatewayId: string
  nodeId: string
  target: ProbeTarget
}) {
  return sendJson('POST', `/gateways/${gatewayId}/nodes/${nodeId}/probes`, { target }, probeView)
}
