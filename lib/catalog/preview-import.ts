import type { ImportPreview, ImportSource } from '#domain/catalog.ts'
import { nameFromTitle, proposeExposure } from '#domain/exposure.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { requireFreePlace, requireUpstream } from './exposing.ts'
import { documentFrom, effectOf, knownApi } from './importing.ts'

/** Says what an import would do, without doing it. */
export async function previewImport(
  actor: Actor,
  source: ImportSource,
  chosenName: string | undefined,
): Promise<ImportPreview> {
  requirePermission(actor, 'apis.write')
  const document = await documentFrom(source)
  const { organisationId } = actor
  const name = chosenName ?? nameFromTitle(document.title)
  const known = name === null ? null : await knownApi(db(), organisationId, name)
  const gateways = await db().gateway.findMany({
    where: { organisationId },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true, name: true, publicUrl: true },
  })
  const standing = known?.versions.flatMap((version) => version.instances)[0]
  const proposal = standing ?? {
    gatewayId: gateways[0]?.id ?? null,
    ...proposeExposure(name ?? 'api', document.servers),
  }
  const faults = [
    ...(await faultsOf(() => requireUpstream(proposal.upstreamUrl))),
    ...(await faultsOf(async () => {
      const { gatewayId, basePath } = proposal
      if (standing || gatewayId === null) return
      const api = { id: known?.id ?? null, name: name ?? document.title, version: document.label }
      await requireFreePlace(db(), organisationId, { gatewayId, host: '*', basePath, api })
    })),
  ]
  return {
    title: document.title,
    name,
    label: document.label,
    sourceFormat: document.sourceFormat,
    sha256: document.definitionSha256,
    servers: document.servers,
    notes: document.notes,
    operations: document.operations,
    gateways,
    proposal,
    faults,
    effect: effectOf(known, document),
  }
}

// The same checks as at the import, so that what would be refused is said beforehand.
async function faultsOf(check: () => void | Promise<void>): Promise<Fault[]> {
  try {
    await check()
    return []
  } catch (error) {
    if (error instanceof Problem) return [...error.faults]
    throw error
  }
}
