'use client'
import { createColumnHelper } from '@tanstack/react-table'
import { useMemo } from 'react'
import type { Validity } from '#domain/certificate.ts'
import { certificateKey, reportedValidity } from '#domain/gateway-reports.ts'
import type { CertificateReport } from '#domain/node-report.ts'
import { useWatch } from '../../shell/shell-context.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { State } from '../../ui/state.tsx'
import { ApiName, type ApiNames } from './api-name.tsx'
import { useLabel, validityLook } from './looks.ts'
import { counted } from './spans.ts'

interface Row extends CertificateReport {
  validity: Validity
  names: ApiNames
}

const column = createColumnHelper<Row>()
const columns = [
  column.accessor(({ notAfter }) => Date.parse(notAfter), {
    id: 'left',
    header: 'Days left',
    cell: ({ row }) => <DaysLeft certificate={row.original} />,
  }),
  column.accessor('subject', {
    header: 'Subject',
    cell: ({ row }) => <Subject certificate={row.original} />,
  }),
  column.accessor(({ use }) => useLabel[use], { id: 'use', header: 'Use' }),
  column.accessor(({ apiId, names }) => names.get(apiId)?.title ?? '', {
    id: 'api',
    header: 'API',
    cell: ({ row }) => <ApiName id={row.original.apiId} names={row.original.names} />,
  }),
  column.accessor(({ notAfter }) => notAfter.slice(0, 10), {
    id: 'until',
    header: 'Valid until',
    cell: ({ getValue, row }) => (
      <time dateTime={row.original.notAfter} title={row.original.notAfter} className="whitespace-nowrap tnum">
        {getValue()}
      </time>
    ),
  }),
]
const soonestFirst = [{ id: 'left', desc: false }]

/** The certificates that a node shows and goes by, those that expire first on top. */
export function CertificateTable({
  caption,
  certificates,
  names,
  minuteMs,
}: {
  caption: string
  certificates: readonly CertificateReport[]
  names: ApiNames
  /** The beginning of the minute in which they are looked at: rows that are made anew each second are sorted anew. */
  minuteMs: number
}) {
  const watch = useWatch()
  const rows = useMemo(
    () =>
      certificates.map((certificate): Row => {
        const validity = reportedValidity(certificate, new Date(minuteMs), watch)
        return { ...certificate, validity, names }
      }),
    [certificates, names, minuteMs, watch],
  )
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={rows}
      rowId={certificateKey}
      initialSort={soonestFirst}
    />
  )
}

function DaysLeft({ certificate }: { certificate: Row }) {
  const { label, tone } = validityLook[certificate.validity.state]
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <span className="min-w-16 tnum">{daysInWords(certificate.validity)}</span>
      <State tone={tone}>{label}</State>
    </span>
  )
}

function daysInWords({ state, daysLeft }: Validity): string {
  if (state === 'expired') return daysLeft >= -1 ? 'under a day ago' : `${counted(-daysLeft - 1, 'day')} ago`
  return daysLeft < 1 ? 'under a day' : counted(daysLeft, 'day')
}

function Subject({ certificate: { subject, sha256 } }: { certificate: Row }) {
  return (
    <>
      <div className="max-w-96 min-w-40 break-words">{subject === '' ? 'without a subject' : subject}</div>
      {sha256 !== undefined && (
        <div className="font-mono text-2xs text-ink-3" title={`SHA-256 ${sha256}`}>
          {sha256.slice(0, 16)}…
        </div>
      )}
    </>
  )
}
