'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { listed } from '#domain/listing.ts'
import type { SignOffGate } from '#domain/sign-off.ts'
import { deploymentQueries } from '../deployments/queries.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { requestReview, reviewQueries } from './queries.ts'

interface Props {
  gate: SignOffGate
  gatewayId: string
  instanceId: string | undefined
}

/** Where a sign-off is demanded: who gave it, or who may, and the way to ask them. */
export function GateNotice({ gate, gatewayId, instanceId }: Props) {
  const client = useQueryClient()
  const mayAsk = useMay('reviews.write')
  const ask = useMutation({
    mutationFn: () => requestReview(gatewayId, { of: 'draft', ...(instanceId ? { instanceId } : {}) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: reviewQueries.all })
      await client.invalidateQueries({ queryKey: deploymentQueries.all })
    },
  })
  const { signOff, reviewId, mayBeSignedBy } = gate
  if (signOff) {
    return (
      <Notice tone="ok" title={`Signed off by ${signOff.by}`}>
        <RelativeTime at={signOff.at} />
        {signOff.note && `: ${signOff.note}`}
      </Notice>
    )
  }
  const who =
    mayBeSignedBy.length > 0
      ? `${listed(mayBeSignedBy)} may sign it off.`
      : 'Nobody here may sign it off yet.'
  return (
    <Notice
      tone="warn"
      title="This environment demands a sign-off before it is deployed"
      actions={
        reviewId ? (
          <Link className="text-accent hover:underline" href={`/reviews/${reviewId}`}>
            See the review
          </Link>
        ) : (
          mayAsk && (
            <Button size="sm" busy={ask.isPending} onClick={() => ask.mutate()}>
              Request review
            </Button>
          )
        )
      }
    >
      {who} {reviewId && 'A review is open.'}
      {ask.error && <ProblemPanel problem={asProblem(ask.error)} className="mt-2" />}
    </Notice>
  )
}
