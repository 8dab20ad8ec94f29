import Link from 'next/link'
import type { ReportedApi } from '#domain/gateway-reports.ts'
import { Mono } from '../../ui/code-line.tsx'

export type ApiNames = ReadonlyMap<string, ReportedApi>

/** The APIs of a gateway by the ids that nodes report. */
export function apiNamesOf(apis: readonly ReportedApi[]): ApiNames {
  return new Map(apis.map((api) => [api.instanceId, api]))
}

/** An API that a node speaks of by its id: its title, which leads to it, and where it answers. */
export function ApiName({ id, names }: { id: string; names: ApiNames }) {
  const api = names.get(id)
  if (!api) return <span className="text-ink-3">{id === '' ? 'no API' : 'an API that was removed'}</span>
  return (
    <>
      <Link
        href={`/catalog/${api.apiId}`}
        className="rounded-sm font-medium hover:text-accent hover:underline"
      >
        <bdi>{api.title}</bdi>
      </Link>
      <Mono className="block text-ink-3">
        {api.host === '*' ? '' : api.host}
        {api.basePath}
      </Mono>
    </>
  )
}
