import Link from 'next/link'
import type { AuthorityRecord, CertificateRecord } from '#domain/trust-record.ts'
import { DaysLeft } from '../contexts/days-left.tsx'
import { Section } from '../ui/panel.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'

interface Props {
  authority: AuthorityRecord
  all: readonly AuthorityRecord[]
  certificates: readonly CertificateRecord[]
  now: Date
}

/** What a CA has issued that is known here: CAs below it, and certificates that are shown now. */
export function IssuedList({ authority, all, certificates, now }: Props) {
  const below = all.filter(({ parentId }) => parentId === authority.id)
  const shown = certificates.filter(({ versions }) =>
    versions.some(({ state, issuerId }) => state === 'current' && issuerId === authority.id),
  )
  const rows = [
    ...below.map(({ id, name, certificate }) => ({
      href: `/authorities/${id}`,
      kind: 'CA',
      ...{ id, name, certificate },
    })),
    ...shown.flatMap(({ id, name, kind, chain: [certificate] }) =>
      certificate ? [{ href: `/certificates/${id}`, kind, id, name, certificate }] : [],
    ),
  ]
  return (
    <Section title="Issued" description="As far as it is kept here, and shown now.">
      {rows.length === 0 ? (
        <p className="text-sm text-ink-3">Nothing that is kept here came from it.</p>
      ) : (
        <Table>
          <caption className="sr-only">What {authority.name} has issued</caption>
          <TableHead>
            <tr>
              <TableHeader>Name</TableHeader>
              <TableHeader>For a</TableHeader>
              <TableHeader>Subject</TableHeader>
              <TableHeader>Days left</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {rows.map(({ id, href, name, kind, certificate }) => (
              <TableRow key={id}>
                <TableCell>
                  <Link href={href} className="rounded-sm font-medium hover:text-accent">
                    {name}
                  </Link>
                </TableCell>
                <TableCell>{kind}</TableCell>
                <TableCell className="font-mono text-xs break-all">{certificate.subject}</TableCell>
                <TableCell>
                  <DaysLeft certificate={certificate} now={now} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Section>
  )
}
