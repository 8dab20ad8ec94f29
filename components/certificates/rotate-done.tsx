'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import Link from 'next/link'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { DeploymentProgress } from '../deployments/progress.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { DialogClose, DialogContent } from '../ui/dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { certificateHref } from './address.ts'
import { certificateQueries, restoreVersion, type Rotated } from './queries.ts'

interface Props {
  rotated: Rotated
  before: CertificateRecord
  setRotated: (rotated: Rotated) => void
  close: () => void
}

/** The new version on its way to the nodes, and the way back. */
export function RotateDone({ rotated, before, setRotated, close }: Props) {
  const { certificate, published } = rotated
  const earlier = before.versions.find(({ state }) => state === 'current')
  const isBack = certificate.versions.find(({ state }) => state === 'current')?.number === earlier?.number
  const client = useQueryClient()
  const restoring = useMutation({
    mutationFn: (number: number) => restoreVersion(certificate, number),
    onSuccess: async (next) => {
      setRotated(next)
      await client.invalidateQueries({ queryKey: certificateQueries.all })
    },
  })
  return (
    <DialogContent
      title={isBack ? `${certificate.name} is as it was` : `${certificate.name} is renewed`}
      description={endText(certificate)}
      size="lg"
      footer={
        <>
          {earlier?.hasKey && !isBack && (
            <Button
              className="mr-auto"
              busy={restoring.isPending}
              onClick={() => restoring.mutate(earlier.number)}
            >
              Go back to version {earlier.number}
            </Button>
          )}
          <Button asChild>
            <Link href={certificateHref(certificate.id)} onClick={close}>
              Detail
            </Link>
          </Button>
          <DialogClose asChild>
            <Button variant="primary">Done</Button>
          </DialogClose>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {published.length === 0 && (
          <p className="flex items-center gap-2 text-sm text-ink-2">
            <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
            No gateway serves it, so there is nothing to publish.
          </p>
        )}
        {published.map(({ gatewayId, gatewayName, revision }) => (
          <section key={gatewayId}>
            <h3 className="mb-1.5 text-sm font-medium">
              {gatewayName}, revision {revision}
            </h3>
            <DeploymentProgress gatewayId={gatewayId} number={revision} />
          </section>
        ))}
        {restoring.error && <ProblemPanel problem={asProblem(restoring.error)} />}
      </div>
    </DialogContent>
  )
}

function endText({ chain: [leaf] }: CertificateRecord): string {
  return leaf ? `What is shown now ends on ${leaf.notAfter.slice(0, 10)}.` : ''
}
