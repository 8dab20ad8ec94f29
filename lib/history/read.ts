import type { Moment, MomentView } from '#domain/moment.ts'
import {
  type Compared,
  comparisonOf,
  keptLater,
  type NotKept,
  type TopologyComparison,
} from '#domain/topology-comparison.ts'
import { describeTopology } from '#domain/topology.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { findMoment } from './moments.ts'
import { storedAt } from './stored-at.ts'

interface Shown extends Compared {
  readonly view: MomentView
}

/** The topology of a moment, with certificates judged as of then. */
export async function readTopologyAt(actor: Actor, moment: Moment, now = new Date()): Promise<Shown> {
  requirePermission(actor, 'topology.read')
  const { organisationId } = actor
  const { view, at, instead } = await findMoment(db(), organisationId, moment, now)
  if (at === null) return { view, topology: await readTopology(actor, now), unknown: [] }
  const [stored, unknown] = await Promise.all([
    storedAt(db(), organisationId, at, instead),
    unknownAt(db(), at),
  ])
  return { view, topology: describeTopology(stored, at), unknown }
}

/** What is not known of that moment since it was not kept yet. */
async function unknownAt(tx: Tx, at: Date): Promise<NotKept[]> {
  const rows = await tx.pastKind.findMany({ where: { since: { lte: at } }, select: { kind: true } })
  const known = new Set(rows.map(({ kind }) => kind))
  return keptLater.filter((fact) => !known.has(kindOf[fact]))
}

const kindOf: Record<NotKept, string> = {
  seen: 'ObservedPeer',
  nodes: 'Node',
}

/** What changed in the topology from one moment to another. */
export async function compareMoments(
  actor: Actor,
  from: Moment,
  to: Moment,
  now = new Date(),
): Promise<TopologyComparison> {
  const { before, after } = await readBoth(actor, from, to, now)
  return { from: before.view, to: after.view, ...comparisonOf(before, after) }
}

export async function readBoth(
  actor: Actor,
  from: Moment,
  to: Moment,
  now = new Date(),
): Promise<{ before: Shown; after: Shown }> {
  const [before, after] = await Promise.all([
    readTopologyAt(actor, from, now),
    readTopologyAt(actor, to, now),
  ])
  return { before, after }
}
