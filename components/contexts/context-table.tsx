import Link from 'next/link'
import type { AuthorityRecord, CertificateRecord, ContextRecord } from '#domain/trust-record.ts'
import { hexagonLook } from '#diagram/hexagon.ts'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { ContextMark } from './context-mark.tsx'
import { DaysLeft } from './days-left.tsx'
import { UsedBy } from './used-by.tsx'

interface Props {
  contexts: readonly ContextRecord[]
  authorities: readonly AuthorityRecord[]
  certificates: readonly CertificateRecord[]
  now: Date
}

/** Every context with its class, its CAs, what it shows, and who uses it. */
export function ContextTable({ contexts, authorities, certificates, now }: Props) {
  const names = new Map(authorities.map(({ id, name }) => [id, name]))
  const keystores = new Map(certificates.map((certificate) => [certificate.id, certificate]))
  return (
    <Table className="min-w-220">
      <caption className="sr-only">mTLS contexts by name</caption>
      <TableHead>
        <tr>
          <TableHeader>Context</TableHeader>
          <TableHeader>Class</TableHeader>
          <TableHeader>Trusts</TableHeader>
          <TableHeader>Shows</TableHeader>
          <TableHeader>Used by</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {contexts.map((context) => (
          <TableRow key={context.id}>
            <TableCell>
              <ContextMark id={context.id} name={context.name} trust={context.class} />
            </TableCell>
            <TableCell className="whitespace-nowrap text-ink-2">{hexagonLook[context.class].label}</TableCell>
            <TableCell>
              {context.authorityIds.map((id) => (
                <Link key={id} href={`/authorities/${id}`} className="block rounded-sm hover:text-accent">
                  {names.get(id)}
                </Link>
              ))}
            </TableCell>
            <TableCell>
              <Shows
                certificate={context.keystoreId === null ? undefined : keystores.get(context.keystoreId)}
                now={now}
              />
            </TableCell>
            <TableCell>
              <UsedBy uses={context.usedBy} most={3} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

function Shows({ certificate, now }: { certificate: CertificateRecord | undefined; now: Date }) {
  if (!certificate) return <span className="text-ink-3">nothing</span>
  const { id, name, chain } = certificate
  const [leaf] = chain
  return (
    <>
      <Link href={`/certificates/${id}`} className="rounded-sm hover:text-accent">
        {name}
      </Link>
      {leaf ? (
        <DaysLeft certificate={leaf} now={now} />
      ) : (
        <span className="block text-xs text-ink-3">requested, not there yet</span>
      )}
    </>
  )
}
