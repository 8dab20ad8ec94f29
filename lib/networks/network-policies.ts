import type { z } from 'zod'
import { networkPoliciesFor, writeNetworkPolicies } from '#dialects/network-policy/generate.ts'
import type { gatewayPods } from '#domain/applied-network-policies.ts'
import { declaringOf } from '#domain/declared-connections.ts'
import type { Pod } from '#domain/network-policy.ts'
import { Problem } from '#domain/problem.ts'
import type { Stored } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { Cluster } from '../check/cluster.ts'
import { askingAt } from './applied.ts'
import { placedInCluster } from './placing.ts'
import { readStored } from './read.ts'

/** The NetworkPolicies that let through what a gateway declares and nothing else, as one YAML file. */
export async function readNetworkPolicies(
  actor: Actor,
  gatewayId: string,
  { namespace, app }: z.output<typeof gatewayPods>,
  /** For this API of the gateway alone. */
  instanceId?: string,
): Promise<{ yaml: string }> {
  requirePermission(actor, 'topology.read')
  const whole = await readStored(actor)
  const stored = instanceId === undefined ? whole : onlyOf(whole, instanceId)
  const gateway = stored.gateways.find(({ id }) => id === gatewayId)
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  const pod: Pod = { kind: 'pod', namespace, namespaceLabels: {}, labels: { app }, portNames: {} }
  const all = (await askingAt(actor.organisationId, [gatewayId])).get(gatewayId) ?? []
  const asking = instanceId === undefined ? all : all.filter((one) => one.instanceId === instanceId)
  const cluster = new Cluster({ services: [], namespaces: [], workloads: [], policies: [] })
  const placed = placedInCluster({ ...gateway, apis: stored.apis, asking }, pod, cluster)
  return { yaml: writeNetworkPolicies(networkPoliciesFor(placed, declaringOf(stored))) }
}

function onlyOf(stored: Stored, instanceId: string): Stored {
  return {
    ...stored,
    apis: stored.apis.filter(({ id }) => id === instanceId),
    flows: stored.flows.filter(({ apiId }) => apiId === instanceId),
  }
}
