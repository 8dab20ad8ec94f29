'use client'
import { useState } from 'react'
import type { CertificateRecord, CertificateVersionView } from '#domain/trust-record.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { toast } from '../ui/toast.tsx'
import { versionLook } from './looks.ts'
import { certificateQueries, restoreVersion, retireVersion } from './queries.ts'

interface Asked {
  what: 'restore' | 'retire'
  version: CertificateVersionView
}

/** Every version with its state; an earlier one can be shown again while its key is kept. */
export function VersionTable({
  certificate,
  mayWrite,
}: {
  certificate: CertificateRecord
  mayWrite: boolean
}) {
  const [asked, setAsked] = useState<Asked | null>(null)
  if (certificate.versions.length === 0)
    return (
      <NoneYet title="No version yet" className="min-h-36">
        {certificate.renewalMethod === 'cert-manager'
          ? 'cert-manager issues it; bring the Secret that it writes.'
          : 'Bring the certificate with its key.'}
      </NoneYet>
    )
  return (
    <>
      <Table className="min-w-0 sm:min-w-130">
        <caption className="sr-only">Versions of {certificate.name}, the newest first</caption>
        <TableHead>
          <tr>
            <TableHeader>Version</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader className="hidden sm:table-cell">Valid until</TableHeader>
            <TableHeader className="hidden sm:table-cell">Made</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {certificate.versions.map((version) => (
            <TableRow key={version.number}>
              <TableCell className="tnum">
                {version.number}
                <Mono className="ml-2 hidden text-ink-3 sm:inline">
                  {version.chain[0]?.sha256.slice(0, 8)}
                </Mono>
              </TableCell>
              <TableCell>
                <State tone={versionLook[version.state].tone}>{labelOf(version)}</State>
              </TableCell>
              <TableCell className="hidden tnum sm:table-cell">
                {version.chain[0]?.notAfter.slice(0, 10) ?? '–'}
              </TableCell>
              <TableCell className="hidden text-ink-2 sm:table-cell">
                <RelativeTime at={version.createdAt} /> by {version.createdBy}
              </TableCell>
              <TableCell className="text-right whitespace-nowrap">
                {mayWrite && version.state === 'previous' && (
                  <Actions version={version} ask={(what) => setAsked({ what, version })} />
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {asked && <Confirm certificate={certificate} asked={asked} close={() => setAsked(null)} />}
    </>
  )
}

function labelOf({ state, hasKey }: CertificateVersionView): string {
  return state === 'previous' && !hasKey ? 'kept, without its key' : versionLook[state].label
}

function Actions({ version, ask }: { version: CertificateVersionView; ask: (what: Asked['what']) => void }) {
  return (
    <span className="inline-flex gap-1.5">
      {version.hasKey && (
        <Button
          size="sm"
          aria-haspopup="dialog"
          aria-label={`Restore version ${version.number}`}
          onClick={() => ask('restore')}
        >
          Restore
        </Button>
      )}
      <Button
        size="sm"
        variant="ghost"
        aria-haspopup="dialog"
        aria-label={`Retire version ${version.number}`}
        onClick={() => ask('retire')}
      >
        Retire
      </Button>
    </span>
  )
}

const words = {
  restore: {
    title: 'Show version {n} again?',
    description: 'Gateways show it at once; what is shown now is kept.',
    action: 'Restore',
  },
  retire: {
    title: 'Retire version {n}?',
    description: 'Its key is destroyed: nobody can go back to it.',
    action: 'Retire',
  },
} as const

interface ConfirmProps {
  certificate: CertificateRecord
  asked: Asked
  close: () => void
}

function Confirm({ certificate, asked: { what, version }, close }: ConfirmProps) {
  const { title, description, action } = words[what]
  const [leaf] = version.chain
  return (
    <FormDialog
      size="sm"
      title={title.replace('{n}', String(version.number))}
      description={description}
      submit={action}
      danger={what === 'retire'}
      save={() => (what === 'restore' ? restoreVersion : retireVersion)(certificate, version.number)}
      refreshes={[certificateQueries.all]}
      onSaved={({ published }) => {
        close()
        if (what === 'restore')
          toast.success(`Version ${version.number} is shown again`, {
            description: published
              .map(({ gatewayName, revision }) => `${gatewayName}, revision ${revision}`)
              .join('; '),
          })
      }}
      onClose={close}
    >
      {() => (
        <p className="text-sm text-ink-2">
          It ends on <span className="tnum">{leaf?.notAfter.slice(0, 10)}</span>.
        </p>
      )}
    </FormDialog>
  )
}
