import { z } from 'zod'
import { Register } from '#dialects/flex/register.ts'
import { appliedPolicy } from '#domain/applied-network-policies.ts'
import { Cluster, clusterService, namespace, workload } from '../check/cluster.ts'
import type { Documents } from '../check/documents.ts'
import { appliedOf } from '../check/topology.ts'

/** What is kept of documents about a cluster: its NetworkPolicies, and what tells which pods they are about. */
export const appliedContent = z.object({
  policies: z.array(appliedPolicy),
  services: z.array(clusterService),
  namespaces: z.array(namespace),
  workloads: z.array(workload),
})
export type AppliedContent = z.infer<typeof appliedContent>

/** Null where there is no NetworkPolicy among them. */
export function contentOf(documents: Documents): AppliedContent | null {
  const { services, namespaces, workloads } = documents
  const policies = new Register(documents.resources).of('NetworkPolicy').map(appliedOf)
  return policies.length === 0 ? null : appliedContent.parse({ policies, services, namespaces, workloads })
}

/** The namespaces in which the pods of a gateway can run, going by the documents; one where they tell. */
export function namespacesIn(content: AppliedContent, ofApis: readonly string[]): readonly string[] {
  const candidates = [
    ofApis,
    new Cluster(content).gatewayNamespaces,
    [...new Set(content.policies.map((policy) => policy.namespace))],
  ]
  return candidates.find(({ length }) => length === 1) ?? candidates.find(({ length }) => length > 0) ?? []
}
