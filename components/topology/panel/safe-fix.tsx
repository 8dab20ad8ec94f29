'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { count } from '#domain/listing.ts'
import { published } from '#domain/trust-record.ts'
import type { FindingView } from '#domain/topology.ts'
import { sendJson } from '../../shell/api.ts'
import { asProblem } from '../../shell/problem-error.ts'
import { Button } from '../../ui/button.tsx'
import { toast, toastProblem } from '../../ui/toast.tsx'
import { topologyQueries } from '../topology-queries.ts'

const fixed = z.object({ published: z.array(published) })

/** Mends a finding at one click, and says where that is now. */
export function SafeFix({ finding: { id, fix } }: { finding: FindingView }) {
  const client = useQueryClient()
  const mending = useMutation({
    mutationFn: () => sendJson('POST', '/findings/fix', { findingId: id }, fixed),
    onSuccess: ({ published: gateways }) =>
      toast.success('Mended', {
        description:
          gateways.length > 0
            ? `${count(gateways.length, 'gateway')} ${gateways.length === 1 ? 'serves' : 'serve'} it at once.`
            : fix.kind === 'set-tls-versions'
              ? 'It stands in the draft: deploy it when the rest is ready.'
              : 'Nothing that is deployed shows it.',
      }),
    onError: (error) => toastProblem(asProblem(error)),
    onSettled: () => client.invalidateQueries({ queryKey: topologyQueries.all }),
  })
  return (
    <Button variant="link" busy={mending.isPending} onClick={() => mending.mutate()}>
      {fix.label}
    </Button>
  )
}
