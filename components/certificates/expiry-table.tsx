'use client'
import Link from 'next/link'
import { breaksText, entryHref, type ExpiryEntry } from '#domain/expiry.ts'
import { listed } from '#domain/listing.ts'
import { Button } from '../ui/button.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { daysText, renewalLabel, shortName, sourceText, validityLook } from './looks.ts'

interface Props {
  /** The soonest first. */
  entries: readonly ExpiryEntry[]
  /** Opens the renewal; null where the reader may not. */
  rotate: ((certificateId: string) => void) | null
}

/** What ends, the soonest first: how soon, what it is, and what fails then. */
export function ExpiryTable({ entries, rotate }: Props) {
  return (
    <Table className="min-w-0 md:min-w-220">
      <caption className="sr-only">Certificates, those that end first on top</caption>
      <TableHead>
        <tr>
          <TableHeader aria-sort="ascending">Days left</TableHeader>
          <TableHeader>Certificate</TableHeader>
          <TableHeader className="hidden md:table-cell">Issuer</TableHeader>
          <TableHeader className="hidden md:table-cell">Contexts</TableHeader>
          <TableHeader className="hidden sm:table-cell">Breaks</TableHeader>
          <TableHeader className="hidden md:table-cell">Renewed</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} rotate={rotate} />
        ))}
      </TableBody>
    </Table>
  )
}

function Row({ entry, rotate }: { entry: ExpiryEntry; rotate: Props['rotate'] }) {
  const { about, ends, contexts, renewalMethod } = entry
  return (
    <TableRow>
      <TableCell className="max-sm:w-24 sm:whitespace-nowrap">
        <DaysLeft entry={entry} />
      </TableCell>
      <TableCell className="max-w-36 sm:max-w-72">
        <Link
          href={entryHref(entry)}
          prefetch={false}
          className="block truncate rounded-sm font-medium hover:text-accent"
          title={ends?.subject}
        >
          {about.name}
        </Link>
        <span className="block truncate text-xs text-ink-3">
          {sourceText(entry)}
          {ends && ends.names.length > 0 && (
            <>
              , <span className="font-mono">{listed(ends.names, 2)}</span>
            </>
          )}
          {ends?.first != null && `, ${shortName(ends.first)} in its chain ends first`}
        </span>
        <span className="block text-xs text-ink-2 sm:hidden">
          <Breaks entry={entry} />
        </span>
      </TableCell>
      <TableCell className="hidden max-w-48 truncate text-ink-2 md:table-cell" title={ends?.issuer}>
        {ends ? (ends.issuer === ends.subject ? 'itself' : shortName(ends.issuer)) : '–'}
      </TableCell>
      <TableCell className="hidden max-w-40 truncate text-ink-2 md:table-cell">
        {contexts.length > 0 ? (
          listed(contexts.map(({ name }) => name))
        ) : (
          <span className="text-ink-3">none</span>
        )}
      </TableCell>
      <TableCell className="hidden whitespace-nowrap sm:table-cell">
        <Breaks entry={entry} />
      </TableCell>
      <TableCell className="hidden whitespace-nowrap text-ink-2 md:table-cell">
        {renewalMethod ? renewalLabel[renewalMethod] : about.kind === 'api' ? 'in the policies' : 'by hand'}
        {entry.isRequested && <span className="text-accent">, requested</span>}
      </TableCell>
      <TableCell className="text-right whitespace-nowrap">
        <Actions entry={entry} rotate={rotate} />
      </TableCell>
    </TableRow>
  )
}

function DaysLeft({ entry: { ends, isRequested } }: { entry: ExpiryEntry }) {
  if (!ends) return <State tone="busy">{isRequested ? 'requested' : 'not issued yet'}</State>
  const { label, tone } = validityLook[ends.state]
  return (
    <>
      <span className="block font-medium tnum">{daysText(ends.daysLeft)}</span>
      <span className="flex items-center gap-1.5 text-xs text-ink-3 tnum">
        <State tone={tone} className="h-4.5 px-1.5 text-2xs">
          {label}
        </State>
        <time dateTime={ends.notAfter} className="hidden sm:inline">
          {ends.notAfter.slice(0, 10)}
        </time>
      </span>
    </>
  )
}

function Breaks({ entry: { breaks } }: { entry: ExpiryEntry }) {
  return <span className={breaks.legs === 0 ? 'text-ink-3' : 'tnum'}>{breaksText(breaks)}</span>
}

function Actions({ entry, rotate }: { entry: ExpiryEntry; rotate: Props['rotate'] }) {
  const { about } = entry
  const canRotate = about.kind === 'certificate' && rotate !== null
  return (
    <span className="inline-flex gap-1.5">
      {canRotate && (
        <Button
          size="sm"
          aria-haspopup="dialog"
          aria-label={`Rotate ${about.name}`}
          onClick={() => rotate(about.id)}
        >
          Rotate
        </Button>
      )}
      <Button size="sm" variant="ghost" asChild className="hidden sm:inline-flex">
        <Link href={entryHref(entry)} prefetch={false} aria-label={`Detail of ${about.name}`}>
          Detail
        </Link>
      </Button>
    </span>
  )
}
