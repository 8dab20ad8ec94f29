import { Problem } from '#domain/problem.ts'
import type { Move, RotationStep, StepKind, TrustChange } from '#domain/rotation-plan.ts'
import type { RotationRecord } from '#domain/trust-record.ts'
import type { AuthorityRotation } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { type Tx, transaction } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { changeContexts } from '../publish/contexts.ts'
import { requireVersion } from '../versions.ts'
import type { RotationInput } from './input.ts'
import { lockTrust } from './lock.ts'
import { certificateIn, contextIn } from './read.ts'
import { recordTrust } from './record.ts'
import { changeShown, reissued, showVersion } from './rotate.ts'
import { outlook, recordOf, rotationIn, stepsOf } from './rotations.ts'
import { makeSuccessor } from './write-authority.ts'
import { addVersion } from './write-certificate.ts'
import { reissueByNodes } from './write-kept.ts'
import { changeOne } from './write-context.ts'

/**
 * Begins to replace a CA, with the first step of it: every context that trusts the old one trusts the new one as
 * well. Where no other is named, a root and an intermediate are made.
 */
export async function beginRotation(actor: Actor, { fromId, toId }: RotationInput): Promise<RotationRecord> {
  requirePermission(actor, 'trust.write')
  await refuseSecond(actor, fromId)
  // Looked at before anything is made: what would be refused leaves no CA behind.
  refuseUnless(stepIn((await outlook(actor, { fromId, toId })).steps, 'overlap'))
  const successorId = toId ?? (await makeSuccessor(actor)).root.id
  const row = await transaction(async (tx) => {
    await lockTrust(tx, actor)
    const { rotation, steps } = await outlook(actor, { fromId, toId: successorId })
    const overlap = stepIn(steps, 'overlap')
    refuseUnless(overlap)
    const { organisationId, name: createdBy } = actor
    const data = { ...rotation, contextIds: [...rotation.contextIds], vouchedIds: [] }
    const made = await tx.authorityRotation.create({ data: { ...data, organisationId, createdBy } })
    await apply(tx, actor, overlap, await noteOf(tx, made, 'both are trusted'))
    await record(tx, actor, made, 'rotation.create', overlap)
    return made
  })
  return recordOf(actor, row)
}

async function refuseSecond(actor: Actor, fromId: string): Promise<void> {
  const known = await transaction((tx) =>
    tx.authorityRotation.findFirst({ where: { organisationId: actor.organisationId, fromId } }),
  )
  if (known)
    throw new Problem('rotation.refused', 'This CA is being replaced already. End that rotation first.')
}

/** Does the step that is next, in one piece; gateways take it at once. */
export function takeStep(actor: Actor, id: string, kind: StepKind, ifMatch: number): Promise<RotationRecord> {
  return move(actor, id, ifMatch, 'rotation.advance', kind, (step) => step)
}

/** Takes a step back, in one piece. */
export function takeBack(actor: Actor, id: string, kind: StepKind, ifMatch: number): Promise<RotationRecord> {
  return move(actor, id, ifMatch, 'rotation.reverse', kind, ({ reverse }) => reverse)
}

const done: Record<StepKind, string> = {
  overlap: 'both are trusted',
  reissue: 'certificates are issued anew',
  verify: 'peers are looked at',
  drop: 'the old one is out',
}

async function move(
  actor: Actor,
  id: string,
  ifMatch: number,
  action: 'rotation.advance' | 'rotation.reverse',
  kind: StepKind,
  wanted: (step: RotationStep) => Move,
): Promise<RotationRecord> {
  requirePermission(actor, 'trust.write')
  const row = await transaction(async (tx) => {
    const before = await lockedRotation(tx, actor, id, ifMatch)
    // Whoever was seen until now counts: a peer that comes with the old chain a moment later is seen too late.
    const chosen = wanted(stepIn(stepsOf(before, await readTopology(actor)), kind))
    refuseUnless(chosen)
    const words = action === 'rotation.advance' ? done[kind] : `taken back: ${done[kind]}`
    await apply(tx, actor, chosen, await noteOf(tx, before, words))
    const after = await tx.authorityRotation.update({ where: { id }, data: { version: { increment: 1 } } })
    await record(tx, actor, after, action, chosen)
    return after
  })
  return recordOf(actor, row)
}

async function lockedRotation(tx: Tx, actor: Actor, id: string, ifMatch: number): Promise<AuthorityRotation> {
  await lockTrust(tx, actor)
  const row = await rotationIn(tx, actor, id)
  await requireVersion(tx, actor, { kind: 'rotation', id, version: row.version }, ifMatch)
  return row
}

function stepIn(steps: readonly RotationStep[], kind: StepKind): RotationStep {
  const step = steps.find((each) => each.kind === kind)
  if (!step) throw new Error(`no step ${kind}`)
  return step
}

function refuseUnless({ may, whyNot, changes }: Move): void {
  const byHand = changes.flatMap((change) => (change.kind === 'reissue' && change.byHand ? change.text : []))
  const reasons = [...whyNot, ...byHand]
  if (may && reasons.length === 0 && changes.length > 0) return
  const said = reasons.length === 0 ? 'There is nothing to do.' : `${capital(reasons.join('; '))}.`
  throw new Problem('rotation.refused', said, { extra: { reasons } })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

async function noteOf(tx: Tx, { fromId, toId }: AuthorityRotation, words: string): Promise<string> {
  const named = await tx.authority.findMany({ where: { id: { in: [fromId, toId] } } })
  const nameOf = (id: string) => named.find((each) => each.id === id)?.name ?? ''
  return `CA ${nameOf(fromId)} is replaced by ${nameOf(toId)}: ${words}`
}

async function record(
  tx: Tx,
  actor: Actor,
  { id, version, fromId, toId, vouchedIds }: AuthorityRotation,
  action: string,
  { changes }: Pick<Move, 'changes'>,
): Promise<void> {
  const after = { fromId, toId, vouchedIds, changes: changes.map(({ text }) => text) }
  await recordTrust(tx, actor, { action, kind: 'rotation', id, version, after })
}

// ── What a step changes ─────────────────────────────────────────────────────

/** Makes all changes of a step, and one revision of them for each gateway. */
async function apply(tx: Tx, actor: Actor, { changes }: Move, note: string): Promise<void> {
  await changeContexts(tx, actor, note, async () => {
    const contextIds: string[] = []
    for (const change of changes) contextIds.push(...(await make(tx, actor, change)))
    return { made: null, contextIds: [...new Set(contextIds)] }
  })
}

async function make(tx: Tx, actor: Actor, change: TrustChange): Promise<readonly string[]> {
  switch (change.kind) {
    case 'trust':
    case 'drop': {
      const before = await contextIn(tx, actor.organisationId, change.contextId)
      const others = before.authorityIds.filter((id) => id !== change.authorityId)
      const authorityIds = change.kind === 'trust' ? [...others, change.authorityId] : others
      await changeOne(tx, actor, before, { authorityIds })
      return [before.id]
    }
    case 'reissue':
      return reissueOne(tx, actor, change.certificateId, change.authorityId)
    case 'restore':
      return restoreOne(tx, actor, change.certificateId)
  }
}

async function reissueOne(tx: Tx, actor: Actor, certificateId: string, issuerId: string) {
  const before = await certificateIn(tx, actor.organisationId, certificateId)
  if (before.kept !== null) {
    await reissueByNodes(tx, actor, before, issuerId)
    return before.usedBy.map(({ id }) => id)
  }
  const version = await reissued(tx, actor, before, { issuerId })
  const { contextIds } = await changeShown(tx, actor, before, 'certificate.rotate', () =>
    addVersion(tx, actor, certificateId, version),
  )
  return contextIds
}

async function restoreOne(tx: Tx, actor: Actor, certificateId: string) {
  const before = await certificateIn(tx, actor.organisationId, certificateId)
  const shown = before.versions.find(({ state }) => state === 'current')?.number ?? 0
  const earlier = before.versions
    .filter(({ state, hasKey, number }) => state === 'previous' && hasKey && number < shown)
    .toSorted((a, b) => b.number - a.number)[0]
  if (!earlier) {
    const detail = `${before.name} has no earlier version with its key to go back to.`
    throw new Problem('rotation.refused', detail)
  }
  const { contextIds } = await changeShown(tx, actor, before, 'certificate.restore', () =>
    showVersion(tx, actor, certificateId, earlier.number),
  )
  return contextIds
}

// ── Around it ───────────────────────────────────────────────────────────────

/** Says for which contexts and gateways somebody answers, where no node sees who is there. */
export async function vouch(
  actor: Actor,
  id: string,
  vouchedIds: readonly string[],
  ifMatch: number,
): Promise<RotationRecord> {
  requirePermission(actor, 'trust.write')
  const row = await transaction(async (tx) => {
    await lockedRotation(tx, actor, id, ifMatch)
    const data = { vouchedIds: [...new Set(vouchedIds)], version: { increment: 1 } }
    const after = await tx.authorityRotation.update({ where: { id }, data })
    await record(tx, actor, after, 'rotation.update', { changes: [] })
    return after
  })
  return recordOf(actor, row)
}

/** Forgets a rotation. What its steps changed stays as it is. */
export function endRotation(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'trust.write')
  return transaction(async (tx) => {
    const before = await lockedRotation(tx, actor, id, ifMatch)
    await tx.authorityRotation.delete({ where: { id } })
    const { fromId, toId, version } = before
    await recordTrust(tx, actor, {
      action: 'rotation.end',
      kind: 'rotation',
      id,
      version: version + 1,
      before: { fromId, toId },
    })
  })
}
