'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useId, useState } from 'react'
import type { Difference } from '#domain/deployment.ts'
import { type SignOffGate } from '#domain/sign-off.ts'
import { GateNotice } from '../reviews/gate-notice.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Label } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { deploymentsHref } from './address.ts'
import { ChangeList } from './change-list.tsx'
import { Hindrances } from './hindrances.tsx'
import { countOf } from './looks.ts'
import { DeploymentProgress } from './progress.tsx'
import { deploy, deploymentQueries } from './queries.ts'
import { Raced } from './raced.tsx'

interface Props {
  gatewayId: string
  /** Deploys this API alone; without it, the whole draft of the gateway. */
  instanceId?: string
  open: boolean
  onOpenChange: (open: boolean) => void
  onDeployed?: (revision: number) => void
}

/** Shows what a deployment would change, deploys it, and then each node as it answers. */
export function DeployDialog({ open, onOpenChange, ...props }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      {open && <Content {...props} />}
    </Dialog>
  )
}

interface Pending {
  gatewayName: string
  headRevision: number
  difference: Difference
  faults: readonly { pointer: string; detail: string }[]
  signOff: SignOffGate | null
}

function usePending(gatewayId: string, instanceId: string | undefined) {
  const draft = useQuery({
    ...deploymentQueries.draft(gatewayId),
    enabled: instanceId === undefined,
    staleTime: 0,
  })
  const instance = useQuery({
    ...deploymentQueries.instance(instanceId ?? ''),
    enabled: instanceId !== undefined,
    staleTime: 0,
  })
  const query = instanceId === undefined ? draft : instance
  const pending: Pending | undefined = query.data
  return { pending, error: query.error, refetch: query.refetch }
}

function Content({ gatewayId, instanceId, onDeployed }: Omit<Props, 'open' | 'onOpenChange'>) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const { pending, error, refetch } = usePending(gatewayId, instanceId)
  const mutation = useMutation({
    mutationFn: (expectedHeadRevision: number) =>
      deploy({ gatewayId, expectedHeadRevision, note, ...(instanceId === undefined ? {} : { instanceId }) }),
    onSuccess: (revision) => {
      client.setQueryData(deploymentQueries.revision(gatewayId, revision.number).queryKey, revision)
      void client.invalidateQueries({ queryKey: deploymentQueries.all })
      onDeployed?.(revision.number)
    },
  })
  const deployed = mutation.data
  if (deployed) {
    return (
      <DialogContent
        title={`Revision ${deployed.number} to ${deployed.gatewayName}`}
        size="lg"
        footer={
          <DialogClose asChild>
            <Button variant="primary">Done</Button>
          </DialogClose>
        }
      >
        <DeploymentProgress gatewayId={gatewayId} number={deployed.number} />
      </DialogContent>
    )
  }
  const again = () => {
    mutation.reset()
    void refetch()
  }
  return (
    <DialogContent
      title={pending ? `Deploy to ${pending.gatewayName}` : 'Deploy'}
      description={pending && describe(pending, instanceId !== undefined)}
      size="lg"
      footer={
        <Foot
          historyHref={instanceId === undefined ? null : deploymentsHref({ gateway: gatewayId })}
          note={note}
          onNote={setNote}
          pending={pending}
          busy={mutation.isPending}
          onDeploy={() => pending && mutation.mutate(pending.headRevision)}
        />
      }
    >
      <div className="flex flex-col gap-3">
        {mutation.error && <Failure error={mutation.error} onAgain={again} />}
        {error && !pending && <Failure error={error} onAgain={again} />}
        {pending ? (
          <Body pending={pending} gatewayId={gatewayId} instanceId={instanceId} />
        ) : (
          !error && <Skeleton className="h-40 w-full" />
        )}
      </div>
    </DialogContent>
  )
}

function describe({ difference, headRevision }: Pending, single: boolean): string {
  const against = headRevision === 0 ? 'Nothing is deployed there yet' : `Against revision ${headRevision}`
  const scope = single ? ' Other drafts stay drafts.' : ''
  return `${against}: ${countOf(difference.count, 'change')}.${scope}`
}

interface BodyProps {
  pending: Pending
  gatewayId: string
  instanceId: string | undefined
}

function Body({ pending, gatewayId, instanceId }: BodyProps) {
  const { difference, faults, signOff } = pending
  return (
    <>
      <Hindrances faults={faults} />
      {signOff && difference.count > 0 && (
        <GateNotice gate={signOff} gatewayId={gatewayId} instanceId={instanceId} />
      )}
      {difference.count === 0 ? (
        <p className="py-6 text-center text-sm text-ink-2">The draft is exactly what is deployed.</p>
      ) : (
        <ChangeList difference={difference} />
      )}
    </>
  )
}

interface FootProps {
  /** The way to earlier revisions; null where the page behind shows them. */
  historyHref: string | null
  note: string
  onNote: (note: string) => void
  pending: Pending | undefined
  busy: boolean
  onDeploy: () => void
}

function Foot({ historyHref, note, onNote, pending, busy, onDeploy }: FootProps) {
  const may = useMay('revisions.deploy')
  const noteId = useId()
  const ready =
    may &&
    pending !== undefined &&
    pending.difference.count > 0 &&
    pending.faults.length === 0 &&
    (pending.signOff === null || pending.signOff.signOff !== null)
  return (
    <form
      className="flex w-full flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && !busy) onDeploy()
      }}
    >
      {may ? (
        <>
          <Label htmlFor={noteId} className="sr-only">
            Note for the history
          </Label>
          <Input
            id={noteId}
            value={note}
            onChange={(event) => onNote(event.target.value)}
            maxLength={500}
            placeholder="Note for the history (optional)"
            className="min-w-40 flex-1"
          />
        </>
      ) : (
        <p className="flex-1 text-sm text-ink-2">Your role may look; owners and operators deploy.</p>
      )}
      {historyHref && (
        <Button variant="ghost" asChild>
          <Link href={historyHref}>History</Link>
        </Button>
      )}
      <DialogClose asChild>
        <Button>Cancel</Button>
      </DialogClose>
      {may && (
        <Button type="submit" variant="primary" busy={busy} disabled={!ready}>
          Deploy
        </Button>
      )}
    </form>
  )
}

function Failure({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const problem = asProblem(error)
  if (problem.code === 'revision.raced') return <Raced problem={problem} onAgain={onAgain} />
  return <ProblemPanel problem={problem} onRetry={onAgain} />
}
