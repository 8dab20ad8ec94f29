'use client'
import type { ColumnDef } from '@tanstack/react-table'
import { count } from '#domain/listing.ts'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { State, WordState } from '../../ui/state.tsx'
import type { Selection } from '#diagram/highlight.ts'
import type { TableRow } from '#diagram/rows.ts'
import { daysText } from '#diagram/words.ts'
import { LegsCell } from './legs-cell.tsx'

export type Choose = (selection: Selection | null, byKeyboard: boolean) => void

/** What the table says of each row, and how it sorts by that. */
export function columnsFor(choose: Choose, inFull: boolean): ColumnDef<TableRow, never>[] {
  return [
    {
      accessorKey: 'consumer',
      header: 'Consumer',
      cell: ({ row: { original } }) => (
        <Named row={original} choose={choose} name={original.consumer} leads={original.consumer !== ''}>
          {original.consumerPlace}
        </Named>
      ),
    },
    {
      accessorKey: 'api',
      header: 'API',
      cell: ({ row: { original } }) => (
        <Named row={original} choose={choose} name={original.api} leads={original.of.kind === 'api'}>
          {original.gateway}
        </Named>
      ),
    },
    {
      accessorKey: 'provider',
      header: 'Provider',
      cell: ({ row: { original } }) => (
        <Named
          row={original}
          choose={choose}
          name={original.provider}
          leads={original.api === '' && original.consumer === ''}
        >
          {original.providerPlace}
        </Named>
      ),
    },
    {
      accessorKey: 'pattern',
      header: 'Pattern',
      cell: ({ row: { original } }) => <Pattern row={original} />,
    },
    {
      id: 'legs',
      enableSorting: false,
      header: 'Legs',
      cell: ({ row: { original } }) => <LegsCell row={original} inFull={inFull} />,
    },
    {
      accessorKey: 'weight',
      header: 'Findings',
      cell: ({ row: { original } }) => <Findings row={original} />,
    },
    {
      accessorKey: 'daysLeft',
      sortUndefined: 'last',
      header: 'Certificates',
      cell: ({ row: { original } }) => <Ends row={original} />,
    },
    {
      accessorKey: 'lastSeenAt',
      sortUndefined: 'last',
      header: 'Peers seen',
      cell: ({ row: { original } }) => <Peers row={original} />,
    },
    {
      accessorKey: 'requestsPerSecond',
      sortUndefined: 'last',
      header: 'Traffic',
      cell: ({ row: { original } }) => (
        <>
          {original.deployment}
          <span className="block text-xs text-ink-3 tnum">
            {original.traffic || (original.api && 'no traffic reported')}
          </span>
        </>
      ),
    },
  ]
}

interface NamedProps {
  row: TableRow
  choose: Choose
  name: string
  /** Whether it is the cell that leads to what the row is about. */
  leads: boolean
  children: string
}

function Named({ row, choose, name, leads, children }: NamedProps) {
  const more = children !== '' && <span className="block text-xs font-normal text-ink-3">{children}</span>
  if (!leads)
    return (
      <>
        {name || <span className="text-xs text-ink-3">none</span>}
        {more}
      </>
    )
  return (
    <button
      type="button"
      className="rounded-sm text-left font-medium hover:text-accent"
      onClick={(event) => choose(row.of, event.detail === 0)}
    >
      {name}
      {more}
    </button>
  )
}

function Pattern({ row: { pattern, useCase, role, of } }: { row: TableRow }) {
  if (pattern === '')
    return <span className="text-xs text-ink-3">{of.kind === 'flow' ? 'not known yet' : 'no flow'}</span>
  return (
    <>
      {pattern}
      <span className="block text-xs text-ink-3">
        use case {useCase}, {role}
      </span>
    </>
  )
}

function Ends({ row: { ends } }: { row: TableRow }) {
  if (!ends) return <span className="text-xs text-ink-3">no chain known</span>
  return (
    <>
      <span className="tnum">{daysText(ends.daysLeft)}</span>{' '}
      <WordState tone={ends.look.tone}>{ends.look.label}</WordState>
      <span className="block max-w-56 truncate text-xs text-ink-3" title={ends.subject}>
        {ends.subject}
      </span>
    </>
  )
}

function Peers({ row: { peers } }: { row: TableRow }) {
  if (!peers) return <span className="text-xs text-ink-3">no node can see</span>
  const [latest] = peers
  if (!latest) return <span className="text-xs text-ink-3">none</span>
  return (
    <>
      <span className="block max-w-56 truncate" title={latest.subject}>
        {latest.subject}
      </span>
      <span className="block max-w-56 text-xs whitespace-normal text-ink-2">{latest.match}</span>
      <span className="block text-xs text-ink-3">
        <RelativeTime at={latest.lastSeenAt} />
        {peers.length > 1 && `, and ${peers.length - 1} more`}
      </span>
    </>
  )
}

function Findings({ row: { errors, warnings, findings } }: { row: TableRow }) {
  if (findings.length === 0) return <span className="text-xs text-ink-3">none</span>
  return (
    <>
      <span className="flex gap-1">
        {errors > 0 && <State tone="err">{count(errors, 'error')}</State>}
        {warnings > 0 && <State tone="warn">{count(warnings, 'warning')}</State>}
      </span>
      <ul className="mt-0.5 text-xs text-ink-2">
        {findings.map((title) => (
          <li key={title}>{title}</li>
        ))}
      </ul>
    </>
  )
}
