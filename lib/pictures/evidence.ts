import { z } from 'zod'
import { manifest } from '#contract/manifest.ts'
import { noFilter } from '#diagram/filter.ts'
import { type Moment, momentInput } from '#domain/moment.ts'
import { comparisonOf } from '#domain/topology-comparison.ts'
import type { SignOff } from '#domain/sign-off.ts'
import type { GatewayView } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import type { FileAnswer } from '../endpoint.ts'
import { readBoth, readTopologyAt } from '../history/read.ts'
import { shortSignOff, toSignOff } from '../reviews/stored.ts'
import { draw } from './draw.ts'
import { type EvidenceRevision, evidencePack } from './evidence-pack.ts'
import { comparedWords, comparisonDocumentOf, documentOf, organisationName } from './export.ts'
import { fileNameOf } from './file-name.ts'

export const evidenceQuery = z.strictObject({
  at: momentInput.optional(),
  from: momentInput
    .optional()
    .describe('What it is compared with: differences are drawn in the pictures and are a file of their own'),
})
export const zipType = 'application/zip'

/** What a reviewer takes along of a moment: pictures, data, findings, certificates, revisions and sign-offs. */
export async function exportEvidence(
  actor: Actor,
  { at, from }: z.output<typeof evidenceQuery>,
): Promise<FileAnswer> {
  for (const needed of ['topology.read', 'trust.read', 'revisions.read', 'reviews.read'] as const)
    requirePermission(actor, needed)
  const to = at ?? { kind: 'deployed' }
  const [{ view, topology, compared }, organisation] = await Promise.all([
    from ? readCompared(actor, from, to) : readAlone(actor, to),
    organisationName(actor),
  ])
  const asOf = new Date(view.at)
  const options = {
    ...noFilter,
    organisation,
    theme: 'light',
    selection: null,
    moment: compared ? comparedWords(compared) : view.label,
    at: asOf,
    differences: compared,
  } as const
  const [pictures, revisions] = await Promise.all([
    draw({ topology: compared?.topology ?? topology, options, formats: ['svg', 'pdf'] }),
    revisionsOf(actor, topology.gateways),
  ])
  const signOffs = await signOffsOf(
    actor,
    revisions.map(({ signed }) => signed.manifest.hash),
  )
  const content = evidencePack({
    document: documentOf(organisation, topology),
    comparison: compared && comparisonDocumentOf(organisation, compared),
    pictures,
    revisions,
    signOffs,
    moment: view.label,
    asOf,
  })
  return { name: fileNameOf('evidence', organisation, asOf, 'zip'), mediaType: zipType, content }
}

async function readAlone(actor: Actor, to: Moment) {
  return { ...(await readTopologyAt(actor, to)), compared: null }
}

async function readCompared(actor: Actor, from: Moment, to: Moment) {
  const { before, after } = await readBoth(actor, from, to)
  return { ...after, compared: { from: before.view, to: after.view, ...comparisonOf(before, after) } }
}

async function revisionsOf(
  { organisationId }: Actor,
  gateways: readonly Pick<GatewayView, 'id' | 'name' | 'revision'>[],
): Promise<EvidenceRevision[]> {
  const names = new Map(gateways.map(({ id, name }) => [id, name]))
  const rows = await db().revision.findMany({
    where: { organisationId, OR: gateways.map(({ id, revision }) => ({ gatewayId: id, number: revision })) },
    orderBy: [{ gatewayId: 'asc' }],
  })
  const keys = await db().signingKey.findMany({
    where: { organisationId, id: { in: rows.map(({ signingKeyId }) => signingKeyId) } },
    select: { id: true, publicKey: true },
  })
  return rows.map((row) => ({
    gatewayName: names.get(row.gatewayId) ?? row.gatewayId,
    signed: { manifest: manifest.parse(row.manifest), signature: row.signature, keyId: row.signingKeyId },
    publicKey: keys.find(({ id }) => id === row.signingKeyId)?.publicKey ?? null,
    by: row.createdBy,
  }))
}

async function signOffsOf({ organisationId }: Actor, hashes: readonly string[]): Promise<SignOff[]> {
  const rows = await db().signOff.findMany({
    where: { organisationId, hash: { in: [...hashes] } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    ...shortSignOff,
  })
  return rows.map(toSignOff)
}
