import type { ImportPreview, ImportSource } from '#domain/catalog.ts'
import { Problem } from '#domain/problem.ts'
import type { Tx } from '../db.ts'
import { env } from '../env.ts'
import { fetchDocument } from './fetch-document.ts'
import { type ReadDocument, readDocument } from './import.ts'

/** What an import comes from and what it meets, for its preview and for itself. */

export type KnownApi = NonNullable<Awaited<ReturnType<typeof knownApi>>>

export function knownApi(tx: Tx, organisationId: string, name: string) {
  return tx.api.findUnique({
    where: { organisationId_name: { organisationId, name } },
    select: {
      id: true,
      version: true,
      versions: {
        select: {
          id: true,
          label: true,
          definitionSha256: true,
          instances: {
            select: {
              id: true,
              gatewayId: true,
              host: true,
              basePath: true,
              upstreamUrl: true,
              version: true,
            },
          },
        },
      },
    },
  })
}

export function effectOf(known: KnownApi | null, document: ReadDocument): ImportPreview['effect'] {
  if (!known) return 'new-api'
  const same = known.versions.find(({ label }) => label === document.label)
  if (!same) return 'new-version'
  return same.definitionSha256 === document.definitionSha256 ? 'same-content' : 'version-taken'
}

export async function documentFrom(source: ImportSource): Promise<ReadDocument> {
  const text =
    'text' in source
      ? source.text
      : await fetchDocument(source.url, { allowPrivate: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES })
  const reading = await readDocument(text)
  if ('document' in reading) return reading.document
  const [first] = reading.faults
  const where = first?.line === undefined ? '' : `Line ${first.line}: `
  throw new Problem('api.definition-invalid', `${where}${first?.detail ?? ''}`, { faults: reading.faults })
}
