'use client'
import Link from 'next/link'
import { validityOf } from '#domain/certificate.ts'
import type { AuthorityRecord, ContextRecord, RotationSummary } from '#domain/trust-record.ts'
import { ContextMark } from '../contexts/context-mark.tsx'
import { DaysLeft } from '../contexts/days-left.tsx'
import { useMay, useWatch } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { runByLabel } from './authority-fields.tsx'

interface Props {
  authorities: readonly AuthorityRecord[]
  contexts: readonly ContextRecord[]
  rotations: readonly RotationSummary[]
  now: Date
}

/** Every CA with who runs it, who trusts it, and how long it lasts; those that end first on top. */
export function AuthorityTable({ authorities, contexts, rotations, now }: Props) {
  const names = new Map(authorities.map(({ id, name }) => [id, name]))
  const soonest = authorities.toSorted((a, b) =>
    a.certificate.notAfter.localeCompare(b.certificate.notAfter, 'en'),
  )
  return (
    <Table className="min-w-220">
      <caption className="sr-only">CAs, those that end first on top</caption>
      <TableHead>
        <tr>
          <TableHeader>Name</TableHeader>
          <TableHeader>Run by</TableHeader>
          <TableHeader>Trusted by</TableHeader>
          <TableHeader>Issued by</TableHeader>
          <TableHeader>Issues here</TableHeader>
          <TableHeader>Days left</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {soonest.map((authority) => (
          <TableRow key={authority.id}>
            <TableCell>
              <Link
                href={`/authorities/${authority.id}`}
                className="rounded-sm font-medium hover:text-accent"
              >
                {authority.name}
              </Link>
              <div className="max-w-64 text-xs break-words text-ink-3">{authority.certificate.subject}</div>
            </TableCell>
            <TableCell>{runByLabel[authority.runBy]}</TableCell>
            <TableCell>
              <TrustedBy authority={authority} contexts={contexts} />
            </TableCell>
            <TableCell>
              {authority.parentId === null ? (
                <span className="text-ink-3">
                  {authority.certificate.selfSigned ? 'itself' : 'not known here'}
                </span>
              ) : (
                <Link href={`/authorities/${authority.parentId}`} className="rounded-sm hover:text-accent">
                  {names.get(authority.parentId)}
                </Link>
              )}
            </TableCell>
            <TableCell>{authority.canIssue ? 'yes' : <span className="text-ink-3">no key</span>}</TableCell>
            <TableCell>
              <DaysLeft certificate={authority.certificate} now={now} />
            </TableCell>
            <TableCell className="text-right">
              <RotationLink authority={authority} rotations={rotations} now={now} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

export function TrustedBy({
  authority: { usedBy },
  contexts,
}: {
  authority: AuthorityRecord
  contexts: readonly ContextRecord[]
}) {
  const trusting = contexts.filter(({ id }) => usedBy.some((use) => use.id === id))
  if (trusting.length === 0) return <span className="text-ink-3">no context</span>
  return (
    <span className="flex flex-wrap gap-x-4 gap-y-1">
      {trusting.map(({ id, name, class: trust }) => (
        <ContextMark key={id} id={id} name={name} trust={trust} />
      ))}
    </span>
  )
}

const nextWords = {
  overlap: 'Trust both',
  reissue: 'Reissue next',
  verify: 'Waits for peers',
  drop: 'Drop next',
} as const

interface RotationProps {
  authority: AuthorityRecord
  rotations: readonly RotationSummary[]
  now: Date
  size?: 'sm' | 'md'
}

/** The way to replace a CA that something trusts, or to go on where that has begun. */
export function RotationLink({ authority, rotations, now, size = 'sm' }: RotationProps) {
  const { id, name, usedBy, certificate } = authority
  const may = useMay('trust.write')
  const watch = useWatch()
  const rotation = rotations.find(({ fromId }) => fromId === id)
  const href = `/authorities/${id}/rotation`
  if (rotation) {
    const words = rotation.next === null ? 'Replaced' : nextWords[rotation.next]
    return (
      <Button size={size} asChild>
        <Link href={href} aria-label={`${words}: rotation of ${name}`}>
          {words}
        </Link>
      </Button>
    )
  }
  if (!may || !usedBy.some(({ kind }) => kind === 'context')) return null
  const isUrgent = validityOf(certificate, now, watch).state !== 'valid'
  return (
    <Button size={size} {...(isUrgent ? { variant: 'primary' } : {})} asChild>
      <Link href={href} aria-label={`Rotate ${name}`}>
        Rotate
      </Link>
    </Button>
  )
}
