'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import type { ApiPage, ApiSummary, Exposure } from '#domain/catalog.ts'
import { instanceLook } from '../deployments/looks.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { NoMatch } from '../ui/empty-state.tsx'
import { requestRate } from '#domain/figures.ts'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { FirstApi } from './first-api.tsx'
import { apiQueries, type CatalogFilter } from './queries.ts'

/** The catalog's APIs with where they are exposed, kept up to date. */
export function ApiTable({ filter, initial }: { filter: CatalogFilter; initial: ApiPage }) {
  const { data: page } = useQuery({
    ...apiQueries.list(filter),
    initialData: initial,
    placeholderData: keepPreviousData,
  })
  if (page.apis.length === 0) return filter.search ? <NothingFound search={filter.search} /> : <FirstApi />
  return (
    <>
      <Table className="min-w-0 sm:min-w-130">
        <caption className="sr-only">APIs</caption>
        <TableHead>
          <tr>
            <TableHeader>API</TableHeader>
            <TableHeader className="hidden sm:table-cell">Version</TableHeader>
            <TableHeader className="hidden sm:table-cell">Base path</TableHeader>
            <TableHeader className="hidden sm:table-cell">Gateway</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader className="hidden text-right sm:table-cell">Requests</TableHeader>
          </tr>
        </TableHead>
        <TableBody>{page.apis.flatMap(rowsOf)}</TableBody>
      </Table>
      <Pager page={page} filter={filter} />
    </>
  )
}

function rowsOf(api: ApiSummary) {
  if (api.exposures.length === 0) return [<ApiRow key={api.id} api={api} exposure={null} isFirst />]
  return api.exposures.map((exposure, index) => (
    <ApiRow key={exposure.id} api={api} exposure={exposure} isFirst={index === 0} />
  ))
}

function ApiRow({
  api,
  exposure,
  isFirst,
}: {
  api: ApiSummary
  exposure: Exposure | null
  isFirst: boolean
}) {
  const href = exposure && !isFirst ? `/catalog/${api.id}?instance=${exposure.id}` : `/catalog/${api.id}`
  return (
    <TableRow>
      <TableCell className="max-w-52 sm:max-w-80">
        <Link
          href={href}
          dir="auto"
          className="block truncate rounded-sm text-left font-medium hover:text-accent"
        >
          {api.title || api.name}
        </Link>
        <span className="block truncate text-xs text-ink-3">
          <span className="hidden font-mono sm:inline">{api.name}</span>
          <span className="font-mono sm:hidden">{exposure?.basePath ?? api.name}</span>, {api.operations}{' '}
          {api.operations === 1 ? 'operation' : 'operations'}
        </span>
      </TableCell>
      <TableCell className="hidden max-w-32 truncate sm:table-cell">{api.versionLabel}</TableCell>
      <TableCell className="hidden sm:table-cell">
        {exposure && (
          <Mono>{exposure.host === '*' ? exposure.basePath : exposure.host + exposure.basePath}</Mono>
        )}
      </TableCell>
      <TableCell className="hidden sm:table-cell">
        {exposure?.gatewayName ?? <span className="text-ink-3">none</span>}
      </TableCell>
      <TableCell>
        <ExposureState exposure={exposure} />
      </TableCell>
      <TableCell className="hidden text-right text-ink-2 tnum sm:table-cell">{rateOf(exposure)}</TableCell>
    </TableRow>
  )
}

function ExposureState({ exposure }: { exposure: Exposure | null }) {
  if (!exposure) return <State tone="idle">Not exposed</State>
  const { tone, label } = instanceLook[exposure.state]
  return <State tone={tone}>{exposure.enabled ? label : 'Switched off'}</State>
}

function rateOf(exposure: Exposure | null): string {
  if (exposure?.requestsPerSecond == null) return '–'
  return requestRate(exposure.requestsPerSecond)
}

function Pager({ page, filter }: { page: ApiPage; filter: CatalogFilter }) {
  const router = useRouter()
  if (!page.nextCursor && !filter.after) return null
  const next = new URLSearchParams({
    ...(filter.search && { search: filter.search }),
    ...(page.nextCursor && { after: page.nextCursor }),
  })
  return (
    <div className="mt-3 flex items-center justify-end gap-2 text-sm text-ink-2">
      <span className="tnum">{page.total} in all</span>
      {filter.after && <Button onClick={() => router.back()}>Back</Button>}
      {page.nextCursor && (
        <Button asChild>
          <Link href={`/catalog?${next}`}>Next</Link>
        </Button>
      )}
    </div>
  )
}

function NothingFound({ search }: { search: string }) {
  return (
    <NoMatch
      title={`No API matches “${search}”`}
      action={
        <Button asChild>
          <Link href="/catalog">Clear the search</Link>
        </Button>
      }
    >
      Names, titles, descriptions and base paths are searched.
    </NoMatch>
  )
}
