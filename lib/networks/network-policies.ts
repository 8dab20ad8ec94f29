import { z } from 'zod'
import { networkPoliciesFor, writeNetworkPolicies } from '#dialects/network-policy/generate.ts'
import { declaringOf, type PlacedInCluster } from '#domain/declared-connections.ts'
import { dnsErrands, type Pod } from '#domain/network-policy.ts'
import { Problem } from '#domain/problem.ts'
import type { Stored } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { Cluster } from '../check/cluster.ts'
import { askingKinds, errandsOf, withoutRepeats } from '../check/errands.ts'
import { db } from '../db.ts'
import { readStored } from './read.ts'

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

/** Where the pods of a gateway run, which the portal does not know. */
export const gatewayPods = z.strictObject({
  namespace: z.string().regex(label, 'must be the name of a namespace').default('default'),
  app: z.string().regex(label, 'must be the value of the label app').default('hexgate'),
})

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
  if (!stored.gateways.some(({ id }) => id === gatewayId))
    throw new Problem('not-found', 'There is no such gateway.')
  const pod: Pod = { kind: 'pod', namespace, namespaceLabels: {}, labels: { app }, portNames: {} }
  const policies = await db().policyAttachment.findMany({
    where: {
      organisationId: actor.organisationId,
      instance: { gatewayId, ...(instanceId === undefined ? {} : { id: instanceId }) },
      kind: { in: askingKinds },
      enabled: true,
    },
    orderBy: { id: 'asc' },
    select: { instanceId: true, kind: true, config: true },
  })
  const set = placed(stored, gatewayId, pod, policies)
  return { yaml: writeNetworkPolicies(networkPoliciesFor(set, declaringOf(stored))) }
}

function onlyOf(stored: Stored, instanceId: string): Stored {
  return {
    ...stored,
    apis: stored.apis.filter(({ id }) => id === instanceId),
    flows: stored.flows.filter(({ apiId }) => apiId === instanceId),
  }
}

interface PolicyRow {
  readonly instanceId: string
  readonly kind: string
  readonly config: unknown
}

function placed(
  { apis }: Stored,
  gatewayId: string,
  pod: Pod,
  policies: readonly PolicyRow[],
): PlacedInCluster {
  const cluster = new Cluster({ services: [], namespaces: [], workloads: [], policies: [] })
  const upstreams = apis
    .filter((api) => api.gatewayId === gatewayId)
    .flatMap(({ id, upstreams: all }) =>
      all
        .flatMap(({ urls }) => urls)
        .flatMap((text) => {
          const url = URL.parse(text)
          return url ? [{ apiId: id, ...cluster.reached(url, pod.namespace) }] : []
        }),
    )
  const asked = policies.flatMap((one) => errandsOf(one.instanceId, [one], cluster, pod.namespace))
  const errands = [...dnsErrands(), ...withoutRepeats(asked)]
  return {
    id: gatewayId,
    name: 'the NetworkPolicies of the gateway',
    gateways: [{ gatewayId, pod, errands }],
    upstreams,
    consumers: [],
  }
}
