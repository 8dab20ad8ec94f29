'use client'
import { Download } from 'lucide-react'
import { useMemo } from 'react'
import { count } from '#domain/listing.ts'
import { Button } from '../../ui/button.tsx'
import { ChipButton } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { NoMatch } from '../../ui/empty-state.tsx'
import { keep } from '../../ui/keep-file.ts'
import { noFilter } from '#diagram/filter.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import type { Model } from '#diagram/model.ts'
import { rowsOf, type TableRow } from '#diagram/rows.ts'
import type { ViewState } from '../view-state.ts'
import { type Choose, columnsFor } from './columns.tsx'

interface Props {
  model: Model
  state: ViewState
  choose: Choose
  change: (change: Partial<ViewState>) => void
}

/** The same as the map, in rows: who calls what, over which legs, what proves them, and what is to be said about it. */
export function TopologyTable({ model, state, choose, change }: Props) {
  const rows = useMemo(() => rowsOf(model, state), [model, state])
  const { fullLegs } = state
  const columns = useMemo(() => columnsFor(choose, fullLegs), [choose, fullLegs])
  return (
    <section
      id="topology-table"
      tabIndex={-1}
      aria-label="Flows"
      className="flex min-w-0 flex-1 flex-col gap-3 overflow-auto p-4 focus:outline-none [&_td]:align-top [&_td]:whitespace-nowrap"
    >
      <div className="flex flex-wrap items-center gap-3">
        <p className="text-xs text-ink-3 tnum">{counted(rows)}</p>
        <ChipButton
          className="ml-auto"
          on={fullLegs}
          disabled={rows.length === 0}
          onClick={() => change({ fullLegs: !fullLegs })}
        >
          Legs in full
        </ChipButton>
        <Button size="sm" onClick={() => download(model, state)} disabled={rows.length === 0}>
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
          <NoMatch
            title="No flow fits the filter"
            action={<Button onClick={() => change(noFilter)}>Show all flows</Button>}
          />
        }
      />
    </section>
  )
}

const rowId = ({ id }: TableRow) => id

function counted(rows: readonly TableRow[]): string {
  const flows = rows.filter(({ of }) => of.kind === 'flow').length
  const alone = rows.length - flows
  return alone === 0 ? count(flows, 'flow') : `${count(flows, 'flow')}, and ${alone} without one`
}

// What is shown is what is kept, so it is made here, of what the page has.
function download(model: Model, state: ViewState): void {
  keep(new Blob([flowsCsv(model, state)], { type: 'text/csv;charset=utf-8' }), 'flows.csv')
}
