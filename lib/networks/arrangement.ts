import { z } from 'zod'
import { Problem } from '#domain/problem.ts'
import type { Arrangement } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { lockTopology } from './lock.ts'

/** Boxes of the map that stand with each other, from the top. */
export const arrangementInput = z.strictObject({
  boxes: z
    .array(
      z
        .string()
        .regex(/^(?:card|gateway|network):[0-9a-f-]{36}$/, 'must be card:, gateway: or network: and an id'),
    )
    .min(1)
    .max(1_000),
})

/** What was put by hand on the organisation's map. */
export function arrangementOf(organisationId: string): Promise<Arrangement> {
  return placesOf(db(), organisationId)
}

async function placesOf(tx: Tx, organisationId: string): Promise<Arrangement> {
  const places = await tx.topologyPlace.findMany({ where: { organisationId }, orderBy: { boxId: 'asc' } })
  return Object.fromEntries(places.map(({ boxId, position }) => [boxId, position]))
}

/** Puts boxes of the map in an order, for everybody of the organisation; others keep their places. */
export function arrange(actor: Actor, { boxes }: z.output<typeof arrangementInput>): Promise<Arrangement> {
  requirePermission(actor, 'topology.write')
  const { organisationId } = actor
  const wanted = [...new Set(boxes)]
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    await requireBoxes(tx, organisationId, wanted)
    await tx.topologyPlace.deleteMany({ where: { organisationId, boxId: { in: wanted } } })
    await tx.topologyPlace.createMany({
      data: wanted.map((boxId, position) => ({ organisationId, boxId, position })),
    })
    await record(tx, actor, 'topology.arrange', { boxes: wanted })
    return placesOf(tx, organisationId)
  })
}

/** Everything of the map stands again where the layout puts it. */
export function resetArrangement(actor: Actor): Promise<void> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    await tx.topologyPlace.deleteMany({ where: { organisationId: actor.organisationId } })
    await record(tx, actor, 'topology.reset-arrangement', { boxes: [] })
  })
}

async function requireBoxes(tx: Tx, organisationId: string, boxes: readonly string[]): Promise<void> {
  const idsOf = (kind: string) =>
    boxes.flatMap((box) => (box.startsWith(`${kind}:`) ? [box.slice(kind.length + 1)] : []))
  const where = (kind: string) => ({ where: { organisationId, id: { in: idsOf(kind) } } })
  const found = [
    await tx.party.count(where('card')),
    await tx.gateway.count(where('gateway')),
    await tx.network.count(where('network')),
  ]
  if (found.reduce((sum, count) => sum + count, 0) < boxes.length)
    throw new Problem('not-found', 'Something of that is not on the map.')
}

async function record(
  tx: Tx,
  actor: Actor,
  action: string,
  after: { boxes: readonly string[] },
): Promise<void> {
  const { organisationId } = actor
  await audit(tx, actor, { action, subjectKind: 'topology', subjectId: organisationId, after })
  await announceChange(tx, organisationId, { topic: 'topology', id: organisationId })
}
