import type { ImportPreview } from '#domain/catalog.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import type { ReadDocument } from './import.ts'
import type { KnownApi } from './importing.ts'
import { requireNotServed } from './write-instance.ts'

export async function createApi(
  tx: Tx,
  actor: Actor,
  name: string,
  { description, ...document }: ReadDocument,
) {
  const title = document.title || name
  const { organisationId } = actor
  const api = await tx.api.create({ data: { organisationId, name, title, description } })
  await audit(tx, actor, {
    action: 'api.create',
    subjectKind: 'api',
    subjectId: api.id,
    subjectVersion: 1,
    after: { name, title },
  })
  return api.id
}

// The API shows the newest version's own words.
export async function renew(
  tx: Tx,
  actor: Actor,
  known: KnownApi,
  { title, description, label }: ReadDocument,
  effect: ImportPreview['effect'],
): Promise<string> {
  if (effect === 'same-content') return known.id
  const { version } = await tx.api.update({
    where: { id: known.id },
    data: { ...(title ? { title } : {}), description, version: { increment: 1 } },
  })
  await audit(tx, actor, {
    action: 'api.add-version',
    subjectKind: 'api',
    subjectId: known.id,
    subjectVersion: version,
    after: { title, label },
  })
  return known.id
}

export async function createVersion(
  tx: Tx,
  actor: Actor,
  apiId: string,
  document: ReadDocument,
): Promise<string> {
  const { label, sourceFormat, definitionSha256, definitionText, operations, servers, notes } = document
  const { id } = await tx.apiVersion.create({
    data: {
      organisationId: actor.organisationId,
      apiId,
      label,
      sourceFormat,
      definition: {},
      definitionSha256,
      operations,
      servers,
      notes,
      createdBy: actor.name,
    },
    select: { id: true },
  })
  // As text: a document of 20 MB would be parsed and printed twice more on its way through the client.
  await tx.$executeRaw`UPDATE "ApiVersion" SET "definition" = ${definitionText}::json WHERE "id" = ${id}::uuid`
  await audit(tx, actor, {
    action: 'api-version.create',
    subjectKind: 'api-version',
    subjectId: id,
    after: { apiId, label, sourceFormat, definitionSha256, operations: operations.length },
  })
  return id
}

/** Deletes an API with its versions. What still runs must be switched off and deployed first. */
export function deleteApi(actor: Actor, apiId: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const api = await tx.api.findFirst({
      where: { id: apiId, organisationId },
      include: { versions: { select: { label: true, instances: { select: { id: true } } } } },
    })
    if (!api) throw new Problem('not-found', 'There is no such API.')
    await requireVersion(tx, actor, { kind: 'api', id: apiId, version: api.version }, ifMatch)
    const instanceIds = api.versions.flatMap(({ instances }) => instances.map(({ id }) => id))
    await requireNotServed(tx, organisationId, instanceIds)
    await tx.api.delete({ where: { id: apiId } })
    await audit(tx, actor, {
      action: 'api.delete',
      subjectKind: 'api',
      subjectId: apiId,
      subjectVersion: api.version + 1,
      before: { name: api.name, title: api.title, versions: api.versions.map(({ label }) => label) },
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: apiId })
  })
}
