'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AuditEntry } from '#domain/audit.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { ChipButton } from '../ui/chip.tsx'
import { Mono } from '../ui/code-line.tsx'
import { Drawer, DrawerContent } from '../ui/drawer.tsx'
import { NoMatch, NoneYet } from '../ui/empty-state.tsx'
import { Fact, Facts } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { TableSkeleton } from '../ui/skeleton.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { type TrailFilter, trailQuery } from './queries.ts'
import { TrailProof } from './trail-proof.tsx'

/** Who did what, newest first; each entry opens with what was before and after. */
export function AuditTrail() {
  const [filter, setFilter] = useState<TrailFilter>('all')
  const [open, setOpen] = useState<AuditEntry | null>(null)
  const trail = useInfiniteQuery(trailQuery(filter))
  const entries = trail.data?.pages.flatMap((page) => page.entries) ?? []
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <ChipButton on={filter === 'all'} onClick={() => setFilter('all')}>
          All
        </ChipButton>
        <ChipButton on={filter === 'refused'} onClick={() => setFilter('refused')}>
          Refused
        </ChipButton>
        <span className="flex-1" />
        <TrailProof />
      </div>
      {trail.error && <ProblemPanel problem={asProblem(trail.error)} onRetry={() => void trail.refetch()} />}
      {trail.isPending && <TableSkeleton rows={10} />}
      {trail.data && entries.length === 0 && <NoEntries filter={filter} />}
      {entries.length > 0 && <Entries entries={entries} onOpen={setOpen} />}
      {trail.hasNextPage && (
        <Button
          className="self-center"
          busy={trail.isFetchingNextPage}
          onClick={() => void trail.fetchNextPage()}
        >
          Show older
        </Button>
      )}
      <Drawer open={open !== null} onOpenChange={() => setOpen(null)}>
        {open && (
          <DrawerContent title={open.action} description={`Entry ${open.sequence}`}>
            <EntryFacts entry={open} />
          </DrawerContent>
        )}
      </Drawer>
    </div>
  )
}

function NoEntries({ filter }: { filter: TrailFilter }) {
  if (filter === 'refused') return <NoMatch title="Nothing was refused" />
  return <NoneYet title="Nothing was done yet">Every change and every refusal will stand here.</NoneYet>
}

function Entries({
  entries,
  onOpen,
}: {
  entries: readonly AuditEntry[]
  onOpen: (entry: AuditEntry) => void
}) {
  return (
    <Table>
      <caption className="sr-only">The audit trail, newest first</caption>
      <TableHead>
        <tr>
          <TableHeader>When</TableHeader>
          <TableHeader>Who</TableHeader>
          <TableHeader>What</TableHeader>
          <TableHeader>On</TableHeader>
          <TableHeader>Outcome</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {entries.map((entry) => (
          <TableRow key={entry.sequence}>
            <TableCell className="whitespace-nowrap text-ink-2">
              <RelativeTime at={entry.at} />
            </TableCell>
            <TableCell>{entry.actorName}</TableCell>
            <TableCell>
              <button
                type="button"
                onClick={() => onOpen(entry)}
                className="rounded-sm text-left font-mono text-xs hover:text-accent hover:underline"
              >
                {entry.action}
              </button>
            </TableCell>
            <TableCell className="text-ink-2">
              {entry.subjectKind} <Mono className="text-ink-3">{entry.subjectId.slice(-12)}</Mono>
            </TableCell>
            <TableCell>
              {entry.outcome === 'refused' ? (
                <State tone="err">refused</State>
              ) : (
                <State tone="idle">done</State>
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

function EntryFacts({ entry }: { entry: AuditEntry }) {
  return (
    <div className="flex flex-col gap-4">
      <Facts>
        <Fact label="When">{entry.at}</Fact>
        <Fact label="Who">
          {entry.actorName}, {entry.actorKind}
        </Fact>
        <Fact label="On">
          {entry.subjectKind} <Mono>{entry.subjectId}</Mono>
        </Fact>
        <Fact label="Outcome">{entry.outcome}</Fact>
      </Facts>
      <Content title="Before" value={entry.before} />
      <Content title="After" value={entry.after} />
    </div>
  )
}

function Content({ title, value }: { title: string; value: unknown }) {
  if (value === undefined) return null
  return (
    <section>
      <h3 className="mb-1 text-xs font-medium text-ink-2">{title}</h3>
      <pre
        // Scrollable regions must be reachable by keyboard.
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-md border border-line bg-canvas p-2.5 font-mono text-xs"
      >
        {JSON.stringify(value, null, 2)}
      </pre>
    </section>
  )
}
