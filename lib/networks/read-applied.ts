import { networkPoliciesFor, writeNetworkPolicies } from '#dialects/network-policy/generate.ts'
import { networkPolicy } from '#dialects/network-policy/resources.ts'
import { type AppliedNetworkPolicies, gatewayPods } from '#domain/applied-network-policies.ts'
import { declaringOf } from '#domain/declared-connections.ts'
import { comparePolicies, excessOf } from '#domain/network-policy-comparison.ts'
import { Problem } from '#domain/problem.ts'
import { describeTopology } from '#domain/topology.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { type AppliedContent } from './applied-content.ts'
import { appliedRow } from './applied.ts'
import { readNetworkPolicies } from './network-policies.ts'
import { podsOf } from './placing.ts'
import { readStored } from './read.ts'

/** What is applied around a gateway, what would have to be, and what is to be said of the difference. */
export async function readApplied(
  actor: Actor,
  gatewayId: string,
  now = new Date(),
): Promise<AppliedNetworkPolicies> {
  requirePermission(actor, 'topology.read')
  const where = { gatewayId, organisationId: actor.organisationId }
  const [stored, row] = await Promise.all([
    readStored(actor, now),
    db().networkPolicySet.findFirst({ where }),
  ])
  const gateway = stored.gateways.find(({ id }) => id === gatewayId)
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  const head = { gatewayId, gatewayName: gateway.name }
  const set = stored.networkPolicies.find(({ id }) => id === gatewayId)
  if (!row || !set)
    return {
      ...{ ...head, version: 0, applied: null, findings: [] },
      generated: await readNetworkPolicies(actor, gatewayId, gatewayPods.parse({})),
      comparison: { policies: [], excess: [] },
    }
  const kept = appliedRow.parse(row)
  const { pod, by } = podsOf(kept)
  const declaring = declaringOf(stored)
  const generated = networkPoliciesFor(set, declaring)
  const rules = generated.map(({ metadata: { name, namespace }, spec }) => ({ name, namespace, spec }))
  return {
    ...{ ...head, version: row.version },
    applied: {
      ...{ namespace: kept.namespace, app: kept.app, podLabels: { ...pod.labels }, podsKnownBy: by },
      policies: kept.content.policies.length,
      yaml: written(kept.content),
      ...{ at: row.updatedAt.toISOString(), by: row.updatedBy },
    },
    generated: { yaml: writeNetworkPolicies(generated) },
    comparison: {
      policies: comparePolicies(kept.content.policies, rules),
      excess: excessOf(set, declaring),
    },
    findings: describeTopology(stored, now).findings.filter(
      ({ about }) => about.kind === 'network-policies' && about.id === gatewayId,
    ),
  }
}

/** As they were given, without what has no bearing on who may talk to whom; comments are kept. */
function written({ policies }: AppliedContent): string {
  return policies
    .map(({ name, namespace, spec, comment }) => {
      const document = networkPolicy.parse({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace },
        spec,
      })
      const said = comment === '' ? '' : `${comment.replace(/^/gm, '#')}\n`
      return said + writeNetworkPolicies([document])
    })
    .join('---\n')
}
