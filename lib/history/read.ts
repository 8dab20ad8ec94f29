import type { Moment, MomentView } from '#domain/moment.ts'
import { comparisonOf, type TopologyComparison } from '#domain/topology-comparison.ts'
import { describeTopology, type Topology } from '#domain/topology.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { findMoment } from './moments.ts'
import { storedAt } from './stored-at.ts'

/** The topology of a moment, with certificates judged as of then. */
export async function readTopologyAt(
  actor: Actor,
  moment: Moment,
  now = new Date(),
): Promise<{ view: MomentView; topology: Topology }> {
  requirePermission(actor, 'topology.read')
  const { organisationId } = actor
  const { view, at, instead } = await findMoment(db(), organisationId, moment, now)
  if (at === null) return { view, topology: await readTopology(actor, now) }
  return { view, topology: describeTopology(await storedAt(db(), organisationId, at, instead), at) }
}

/** What changed in the topology from one moment to another. */
export async function compareMoments(
  actor: Actor,
  from: Moment,
  to: Moment,
  now = new Date(),
): Promise<TopologyComparison> {
  const [before, after] = await Promise.all([
    readTopologyAt(actor, from, now),
    readTopologyAt(actor, to, now),
  ])
  return { from: before.view, to: after.view, ...comparisonOf(before.topology, after.topology) }
}
