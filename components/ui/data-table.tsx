'use client'
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type SortingState,
  useReactTable,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from './table.tsx'

interface Props<Row> {
  /** Says what the table lists, for screen readers. */
  caption: string
  /** A module constant or memoised, like `rows`: a new array each render would start the table again. */
  columns: ColumnDef<Row, never>[]
  rows: Row[]
  rowId: (row: Row) => string
  initialSort?: SortingState
  /** Stands in the table's place when there is no row. */
  empty?: ReactNode
}

const sorts = { asc: 'ascending', desc: 'descending' } as const

/** A table whose columns sort by a press on their head. */
export function DataTable<Row>({ caption, columns, rows, rowId, initialSort = [], empty }: Props<Row>) {
  const [sorting, setSorting] = useState<SortingState>(initialSort)
  // Columns are module constants and rows come from queries: nothing here relies on the compiler's memory.
  // oxlint-disable-next-line react/incompatible-library
  const table = useReactTable({
    data: rows,
    columns,
    state: { sorting },
    getRowId: rowId,
    onSortingChange: setSorting,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  })
  if (rows.length === 0 && empty) return empty
  return (
    <Table>
      <caption className="sr-only">{caption}</caption>
      <TableHead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {group.headers.map((header) => {
              const sorted = header.column.getIsSorted()
              const title = flexRender(header.column.columnDef.header, header.getContext())
              return (
                <TableHeader key={header.id} aria-sort={sorted ? sorts[sorted] : undefined}>
                  {header.column.getCanSort() ? (
                    <button
                      type="button"
                      onClick={header.column.getToggleSortingHandler()}
                      className="-mx-1 inline-flex items-center gap-1 rounded-sm px-1 py-1 hover:text-ink"
                    >
                      {title}
                      <SortMark sorted={sorted} />
                    </button>
                  ) : (
                    title
                  )}
                </TableHeader>
              )
            })}
          </tr>
        ))}
      </TableHead>
      <TableBody>
        {table.getRowModel().rows.map((row) => (
          <TableRow key={row.id}>
            {row.getVisibleCells().map((cell) => (
              <TableCell key={cell.id}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

function SortMark({ sorted }: { sorted: false | 'asc' | 'desc' }) {
  if (sorted === 'asc') return <ArrowUp aria-hidden className="size-3" />
  if (sorted === 'desc') return <ArrowDown aria-hidden className="size-3" />
  return <ChevronsUpDown aria-hidden className="size-3 opacity-50" />
}
