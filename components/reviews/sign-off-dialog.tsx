'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useId, useState } from 'react'
import { listed } from '#domain/listing.ts'
import type { Signatories, SignOff } from '#domain/sign-off.ts'
import { ChangeList } from '../deployments/change-list.tsx'
import { deploymentQueries } from '../deployments/queries.ts'
import { asProblem } from '../shell/problem-error.ts'
import { compareHref } from '../topology/history/when.ts'
import { Mono } from '../ui/code-line.tsx'
import { Label } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { toast } from '../ui/toast.tsx'
import { shortHash, subjectOf } from './looks.ts'
import { giveSignOff, reviewQueries } from './queries.ts'

/** What is to be signed off. */
export interface ToSign {
  readonly gatewayId: string
  readonly gatewayName: string
  readonly hash: string
  readonly revision: number | null
  readonly api?: string | null
  readonly signatories: Signatories
  readonly last: SignOff | null
  /** Where the page behind does not show the difference already. */
  readonly showChanges: boolean
}

interface Props {
  wish: ToSign
  onClose: () => void
}

/** Shows what one answers for, and signs it off by its hash. */
export function SignOffDialog({ wish, onClose }: Props) {
  const note = useId()
  const [text, setText] = useState('')
  const { refusal, mayBeSignedBy } = wish.signatories
  return (
    <FormDialog
      title={`Sign off ${subjectOf(wish).toLowerCase()}`}
      description="You answer for exactly this. It is kept for good."
      size="lg"
      submit="Sign off"
      disabled={refusal !== null}
      foot={(form) => (
        <>
          <Label htmlFor={note} className="sr-only">
            Note
          </Label>
          <Input
            id={note}
            form={form}
            value={text}
            maxLength={500}
            onChange={(event) => setText(event.target.value)}
            placeholder="What you looked at (optional)"
            className="min-w-40 flex-1"
          />
        </>
      )}
      save={() => giveSignOff(wish.gatewayId, { hash: wish.hash, note: text.trim() })}
      refreshes={[reviewQueries.all, deploymentQueries.all]}
      onSaved={() => {
        toast.success(`${subjectOf(wish)} is signed off`)
        onClose()
      }}
      onClose={onClose}
    >
      {() => (
        <>
          {refusal !== null && (
            <Notice tone="warn" title="You may not sign this off">
              {refusal}
              {mayBeSignedBy.length > 0 && ` ${listed(mayBeSignedBy)} may.`}
            </Notice>
          )}
          <p className="text-sm text-ink-2">
            Manifest <Mono>{shortHash(wish.hash)}</Mono>
            {wish.signatories.authors.length > 0 && `, changed by ${listed(wish.signatories.authors)}`}.{' '}
            {wish.last ? (
              <Link
                className="text-accent hover:underline"
                href={compareHref({ from: `sign-off:${wish.last.id}`, to: 'deployed' })}
                onClick={onClose}
              >
                What changed on the topology since {subjectOf(wish.last).toLowerCase()}
              </Link>
            ) : (
              'Nothing was signed off here before.'
            )}
          </p>
          {wish.showChanges && wish.revision !== null && (
            <Changes gatewayId={wish.gatewayId} from={wish.last?.revision ?? 0} to={wish.revision} />
          )}
        </>
      )}
    </FormDialog>
  )
}

function Changes({ gatewayId, from, to }: { gatewayId: string; from: number; to: number }) {
  const { data, error } = useQuery(deploymentQueries.comparison(gatewayId, from, to))
  if (error) return <ProblemPanel problem={asProblem(error)} />
  if (!data) return <Skeleton className="h-32 w-full" />
  if (data.count === 0)
    return <p className="text-sm text-ink-2">It serves what was signed off as revision {from}.</p>
  return <ChangeList difference={data} />
}
