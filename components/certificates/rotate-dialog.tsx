'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { certificateQueries, type Rotated } from './queries.ts'
import { RotateDone } from './rotate-done.tsx'
import { RotateForm } from './rotate-form.tsx'

interface Props {
  /** What is renewed; null while the dialog is closed. */
  certificateId: string | null
  close: () => void
}

/** Renews a certificate: what takes its place, what to think of before, and how it reaches the nodes. */
export function RotateDialog({ certificateId, close }: Props) {
  return (
    <Dialog open={certificateId !== null} onOpenChange={(open) => !open && close()}>
      {certificateId !== null && <Content key={certificateId} certificateId={certificateId} close={close} />}
    </Dialog>
  )
}

function Content({ certificateId, close }: { certificateId: string; close: () => void }) {
  const { data: certificate, error, refetch } = useQuery(certificateQueries.one(certificateId))
  const issuers = useQuery(certificateQueries.issuers())
  const [done, setDone] = useState<{ rotated: Rotated; before: CertificateRecord } | null>(null)
  if (done)
    return <RotateDone {...done} close={close} setRotated={(rotated) => setDone({ ...done, rotated })} />
  if (certificate && issuers.data)
    return (
      <RotateForm
        certificate={certificate}
        issuer={issuers.data.find(({ id }) => id === issuerIdOf(certificate)) ?? null}
        onDone={(rotated) => setDone({ rotated, before: certificate })}
      />
    )
  const failed = error ?? issuers.error
  return (
    <DialogContent title="Rotate" size="lg">
      {failed ? (
        <ProblemPanel
          problem={asProblem(failed)}
          onRetry={() => {
            void refetch()
            void issuers.refetch()
          }}
        />
      ) : (
        <Skeleton className="h-72 w-full" />
      )}
    </DialogContent>
  )
}

function issuerIdOf({ versions }: CertificateRecord): string | null {
  return versions.find(({ state }) => state === 'current')?.issuerId ?? null
}
