import type { PlacedInCluster } from '#domain/declared-connections.ts'
import { dnsErrands, type Errand, type NetworkPolicySet, type Pod } from '#domain/network-policy.ts'
import type { ApiView } from '#domain/stored.ts'
import { Cluster } from '../check/cluster.ts'
import { errandsOf, promisedErrands, withoutRepeats } from '../check/errands.ts'
import type { AppliedContent } from './applied-content.ts'

/** Where the things of the topology run among the pods of a cluster. */

/** A policy of an API that asks somebody itself. */
export interface Asking {
  readonly instanceId: string
  readonly kind: string
  readonly config: unknown
}

/** A gateway with what belongs to it. */
export interface PlacedGateway {
  readonly id: string
  readonly name: string
  readonly apis: readonly ApiView[]
  readonly asking: readonly Asking[]
}

export function placedInCluster(
  { id, name, apis, asking }: PlacedGateway,
  pod: Pod,
  cluster: Cluster,
  promised: readonly Errand[] = [],
): PlacedInCluster {
  const upstreams = apis
    .filter((api) => api.gatewayId === id)
    .flatMap((api) =>
      api.upstreams
        .flatMap(({ urls }) => urls)
        .flatMap((text) => {
          const url = URL.parse(text)
          return url ? [{ apiId: api.id, ...cluster.reached(url, pod.namespace) }] : []
        }),
    )
  const asked = asking.flatMap((one) => errandsOf(one.instanceId, [one], cluster, pod.namespace))
  const errands = withoutRepeats([...dnsErrands(), ...asked, ...promised])
  return {
    id,
    name: `the NetworkPolicy set of ${name}`,
    gateways: [{ gatewayId: id, pod, errands }],
    upstreams,
    consumers: [],
  }
}

/** What is kept of a set. */
export interface AppliedSet {
  readonly gatewayId: string
  readonly namespace: string
  readonly app: string | null
  readonly content: AppliedContent
}

export function clusterOf({ services, namespaces, workloads, policies }: AppliedContent): Cluster {
  return new Cluster({ services, namespaces, workloads, policies })
}

/** The pods of the gateway, and how they are known. */
export function podsOf({ namespace, app, content }: AppliedSet) {
  const cluster = clusterOf(content)
  return app === null
    ? cluster.gatewayFound(namespace)
    : { pod: cluster.pod(namespace, { app }), by: 'given' as const }
}

/** As it is judged. */
export function appliedSetOf(set: AppliedSet, gateway: PlacedGateway): NetworkPolicySet {
  const { policies } = set.content
  const { pod } = podsOf(set)
  const placed = placedInCluster(gateway, pod, clusterOf(set.content), promisedErrands(policies, pod))
  return { ...placed, policies }
}
