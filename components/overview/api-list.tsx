import { Boxes } from 'lucide-react'
import Link from 'next/link'
import type { Overview } from '#domain/overview.ts'
import { instanceLook } from '../deployments/looks.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { requestRate } from '#domain/figures.ts'
import { Section } from '../ui/panel.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'

/** The APIs by name, each with how it stands. */
export function ApiList({ seen }: { seen: Overview }) {
  const { apis, apisTotal } = seen
  if (apisTotal === 0) {
    return (
      <NoneYet
        icon={Boxes}
        title="No APIs yet"
        action={
          <Button variant="primary" asChild>
            <Link href="/catalog">Open the catalog</Link>
          </Button>
        }
      >
        Import an OpenAPI document in the catalog, and expose it at a gateway.
      </NoneYet>
    )
  }
  return (
    <Section
      title="APIs"
      action={
        apisTotal > apis.length && (
          <Link href="/catalog" className="text-xs text-accent hover:underline">
            All {apisTotal}
          </Link>
        )
      }
    >
      <Table className="min-w-0 sm:min-w-130">
        <TableHead>
          <tr>
            <TableHeader>API</TableHeader>
            <TableHeader className="hidden sm:table-cell">Where</TableHeader>
            <TableHeader>Draft</TableHeader>
            <TableHeader className="text-right">Requests</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {apis.map((api) => (
            <ApiRow key={api.id} api={api} />
          ))}
        </TableBody>
      </Table>
    </Section>
  )
}

function ApiRow({ api }: { api: Overview['apis'][number] }) {
  const [first, ...more] = api.exposures
  const look = first && instanceLook[first.state]
  return (
    <TableRow>
      <TableCell>
        <Link
          href={`/catalog/${api.id}`}
          className="rounded-sm font-medium hover:text-accent hover:underline"
        >
          <bdi>{api.title}</bdi>
        </Link>
        <span className="ml-2 text-xs text-ink-3">{api.versionLabel}</span>
        {first && <Mono className="block truncate text-xs text-ink-3 sm:hidden">{first.basePath}</Mono>}
      </TableCell>
      <TableCell className="hidden sm:table-cell">
        {first ? (
          <span className="flex items-baseline gap-2">
            <Mono>{first.basePath}</Mono>
            <span className="text-xs text-ink-3">
              at {first.gatewayName}
              {more.length > 0 && `, ${more.length} more`}
            </span>
          </span>
        ) : (
          <span className="text-ink-3">at no gateway</span>
        )}
      </TableCell>
      <TableCell>{look && <State tone={look.tone}>{look.label}</State>}</TableCell>
      <TableCell className="text-right whitespace-nowrap tnum">
        {first && first.requestsPerSecond !== null ? (
          requestRate(first.requestsPerSecond)
        ) : (
          <span className="text-ink-3">no report</span>
        )}
      </TableCell>
    </TableRow>
  )
}
