import { dayMs } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import { planRotation, rotationOf } from '#domain/rotation.ts'
import type { Rotation, RotationStep } from '#domain/rotation-plan.ts'
import type { Topology } from '#domain/topology.ts'
import type { AuthorityView } from '#domain/trust.ts'
import type { RotationOutlook, RotationRecord, RotationSummary } from '#domain/trust-record.ts'
import type { AuthorityRotation } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { readTopology } from '../networks/read.ts'
import { impactOf } from './impact.ts'
import type { RotationInput } from './input.ts'

/** Rotations of CAs as they stand: what they have come to is read from the topology whenever somebody asks. */

/** The organisation's rotations, the newest first. */
export async function listRotations(actor: Actor): Promise<RotationSummary[]> {
  requirePermission(actor, 'trust.read')
  const rows = await db().authorityRotation.findMany({
    where: { organisationId: actor.organisationId },
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
  })
  if (rows.length === 0) return []
  const topology = await readTopology(actor)
  return rows.map((row) => {
    const next = stepsOf(row, topology).find(({ state }) => state === 'next')
    return { ...told(row, topology), next: next?.kind ?? null }
  })
}

export async function readRotation(actor: Actor, id: string): Promise<RotationRecord> {
  requirePermission(actor, 'trust.read')
  return recordOf(actor, await rotationIn(db(), actor, id))
}

export async function rotationIn(tx: Tx, { organisationId }: Actor, id: string): Promise<AuthorityRotation> {
  const row = await tx.authorityRotation.findFirst({ where: { id, organisationId } })
  if (!row) throw new Problem('not-found', 'There is no such rotation.')
  return row
}

export async function recordOf(actor: Actor, row: AuthorityRotation): Promise<RotationRecord> {
  const topology = await readTopology(actor)
  return {
    ...told(row, topology),
    steps: stepsOf(row, topology),
    impact: await impactOf(db(), actor.organisationId, row.contextIds),
  }
}

function told(row: AuthorityRotation, { authorities }: Topology) {
  const { id, fromId, toId, contextIds, vouchedIds, version, createdAt, createdBy } = row
  const nameOf = (authorityId: string) => authorities.find((each) => each.id === authorityId)?.name ?? ''
  return {
    ...{ id, fromId, toId, contextIds, vouchedIds, version, createdBy },
    from: nameOf(fromId),
    to: nameOf(toId),
    createdAt: createdAt.toISOString(),
  }
}

export function stepsOf(rotation: Rotation, topology: Topology): RotationStep[] {
  return planRotation(rotation, topology, new Date(topology.at))
}

// ── Before it begins ────────────────────────────────────────────────────────

/** What a rotation would be: its steps as they would be done now, and whom they reach. */
export async function previewAuthorityRotation(actor: Actor, input: RotationInput): Promise<RotationOutlook> {
  requirePermission(actor, 'trust.read')
  const { steps, rotation } = await outlook(actor, input)
  return { steps, impact: await impactOf(db(), actor.organisationId, rotation.contextIds) }
}

/** The plan of a rotation that is not there yet, and neither may be the CA that takes the other's place. */
export async function outlook(
  actor: Actor,
  { fromId, toId }: RotationInput,
): Promise<{ rotation: Rotation; steps: RotationStep[] }> {
  const topology = await readTopology(actor)
  const from = requireAuthority(topology, fromId, '/fromId')
  const to = toId === null ? unborn(from) : requireAuthority(topology, toId, '/toId')
  const rotation = rotationOf(topology.contexts, from.id, to.id)
  const authorities = toId === null ? [...topology.authorities, to] : topology.authorities
  return { rotation, steps: stepsOf(rotation, { ...topology, authorities }) }
}

function requireAuthority({ authorities }: Topology, id: string, pointer: string): AuthorityView {
  const found = authorities.find((authority) => authority.id === id)
  if (found) return found
  const detail = 'There is no such CA.'
  throw new Problem('not-found', detail, { faults: [{ pointer, detail }] })
}

/** A CA as one that is made here would be. */
function unborn(from: AuthorityView): AuthorityView {
  const now = Date.now()
  const id = 'new'
  return {
    id,
    name: 'the new CA',
    runBy: 'organisation',
    certificate: {
      ...from.certificate,
      ...{ sha256: id, subject: id, issuer: id, subjectKeyId: id, authorityKeyId: id },
      isCa: true,
      selfSigned: true,
      notBefore: new Date(now).toISOString(),
      notAfter: new Date(now + 365 * dayMs).toISOString(),
    },
    canIssue: true,
    parentId: null,
    version: 1,
  }
}
