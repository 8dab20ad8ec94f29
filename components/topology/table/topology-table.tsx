'use client'
import type { ColumnDef } from '@tanstack/react-table'
import { Download } from 'lucide-react'
import { useMemo } from 'react'
import { count } from '#domain/listing.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { NoMatch } from '../../ui/empty-state.tsx'
import { Hexagon } from '../../ui/hexagon.tsx'
import { State } from '../../ui/state.tsx'
import { keep } from '../../ui/keep-file.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { LegsChange } from '../history/thing-change.tsx'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import type { ViewState } from '../view-state.ts'
import { type FlowRow, rowsOf } from '#diagram/rows.ts'

interface Props {
  model: Model
  state: ViewState
  choose: (selection: Selection | null, byKeyboard: boolean) => void
  clear: () => void
}

/** The same as the map, in rows: who calls what, over which legs, and what is to be said about it. */
export function TopologyTable({ model, state, choose, clear }: Props) {
  const rows = useMemo(() => rowsOf(model, state), [model, state])
  const columns = useMemo(() => columnsFor(choose), [choose])
  return (
    <section
      id="topology-table"
      tabIndex={-1}
      aria-label="Flows"
      className="flex min-w-0 flex-1 flex-col gap-3 overflow-auto p-4 focus:outline-none [&_td]:whitespace-nowrap"
    >
      <div className="flex items-center gap-3">
        <p className="text-xs text-ink-3 tnum">{count(rows.length, 'flow')}</p>
        <Button
          size="sm"
          className="ml-auto"
          onClick={() => download(model, state)}
          disabled={rows.length === 0}
        >
          <Download aria-hidden />
          CSV
        </Button>
      </div>
      <DataTable
        caption="Flows from consumers through gateways to APIs"
        columns={columns}
        rows={rows}
        rowId={rowId}
        empty={
          <NoMatch title="No flow fits the filter" action={<Button onClick={clear}>Show all flows</Button>} />
        }
      />
    </section>
  )
}

const rowId = ({ id }: FlowRow) => id

function columnsFor(choose: Props['choose']): ColumnDef<FlowRow, never>[] {
  return [
    {
      accessorKey: 'consumer',
      header: 'Consumer',
      cell: ({ row: { original } }) => (
        <button
          type="button"
          className="rounded-sm text-left font-medium hover:text-accent"
          onClick={(event) => choose({ kind: 'flow', id: original.id }, event.detail === 0)}
        >
          {original.consumer}
          <span className="block text-xs font-normal text-ink-3">
            {[original.consumerOwner, original.consumerNetwork].filter(Boolean).join(', ')}
          </span>
        </button>
      ),
    },
    {
      accessorKey: 'api',
      header: 'API',
      cell: ({ row: { original } }) => (
        <>
          {original.api}
          <span className="block text-xs text-ink-3">at {original.gateway}</span>
        </>
      ),
    },
    {
      accessorKey: 'provider',
      header: 'Provider',
      cell: ({ row: { original } }) => (
        <>
          {original.provider}
          <span className="block text-xs text-ink-3">
            {[original.providerOwner, original.providerNetwork].filter(Boolean).join(', ')}
          </span>
        </>
      ),
    },
    {
      accessorKey: 'pattern',
      header: 'Pattern',
      cell: ({ row: { original } }) =>
        original.pattern ? (
          <>
            {original.pattern}
            <span className="block text-xs text-ink-3">
              use case {original.useCase}, {original.role}
            </span>
          </>
        ) : (
          <span className="text-xs text-ink-3">not known yet</span>
        ),
    },
    {
      id: 'legs',
      enableSorting: false,
      header: 'Legs',
      cell: ({ row: { original } }) => (
        <>
          <Legs row={original} />
          <LegsChange legIds={original.legs.map(({ id }) => id)} />
        </>
      ),
    },
    {
      accessorKey: 'deployment',
      header: 'Deployment',
      cell: ({ row: { original } }) => (
        <>
          {original.deployment}
          <span className="block text-xs text-ink-3 tnum">{original.traffic || 'no traffic reported'}</span>
        </>
      ),
    },
    {
      accessorKey: 'weight',
      header: 'Findings',
      cell: ({ row: { original } }) => <Findings row={original} />,
    },
  ]
}

function Legs({ row }: { row: FlowRow }) {
  return (
    <span className="flex items-center gap-1">
      {row.legs.map((leg) =>
        leg.class ? (
          <span key={leg.id} title={`${leg.title}: expected ${leg.expected}; ${leg.actual}`}>
            <Hexagon trust={leg.class} />
          </span>
        ) : (
          <span key={leg.id} className="text-xs text-ink-3">
            ?
          </span>
        ),
      )}
    </span>
  )
}

function Findings({ row: { errors, warnings } }: { row: FlowRow }) {
  if (errors + warnings === 0) return <span className="text-xs text-ink-3">none</span>
  return (
    <span className="flex flex-col items-start gap-0.5">
      {errors > 0 && <State tone="err">{count(errors, 'error')}</State>}
      {warnings > 0 && <State tone="warn">{count(warnings, 'warning')}</State>}
    </span>
  )
}

// What is shown is what is kept, so it is made here, of what the page has.
function download(model: Model, state: ViewState): void {
  keep(new Blob([flowsCsv(model, state)], { type: 'text/csv;charset=utf-8' }), 'flows.csv')
}
