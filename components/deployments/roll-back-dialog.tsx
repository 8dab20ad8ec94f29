'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Input } from '../ui/input.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { ChangeList } from './change-list.tsx'
import { countOf } from './looks.ts'
import { deploymentQueries, rollBack } from './queries.ts'
import { Raced } from './raced.tsx'

interface Props {
  gatewayId: string
  headRevision: number
  /** The revision whose items are served again; null while the dialog is closed. */
  to: number | null
  onClose: () => void
  onRolledBack: (revision: number) => void
}

/** Shows what rolling back would change, and does it. */
export function RollBackDialog({ to, onClose, ...props }: Props) {
  return (
    <Dialog open={to !== null} onOpenChange={(open) => !open && onClose()}>
      {to !== null && <Content to={to} onClose={onClose} {...props} />}
    </Dialog>
  )
}

function Content({ gatewayId, headRevision, to, onClose, onRolledBack }: Props & { to: number }) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const comparison = useQuery(deploymentQueries.comparison(gatewayId, headRevision, to))
  const mutation = useMutation({
    mutationFn: () => rollBack({ gatewayId, number: to, expectedHeadRevision: headRevision, note }),
    onSuccess: (revision) => {
      client.setQueryData(deploymentQueries.revision(gatewayId, revision.number).queryKey, revision)
      void client.invalidateQueries({ queryKey: deploymentQueries.all })
      onRolledBack(revision.number)
    },
  })
  const problem = mutation.error ? asProblem(mutation.error) : null
  const count = comparison.data?.count
  return (
    <DialogContent
      title={`Roll back to revision ${to}`}
      description={`Makes revision ${headRevision + 1} with what revision ${to} served. Drafts stay as they are.`}
      size="lg"
      footer={
        <form
          className="flex w-full flex-wrap items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            mutation.mutate()
          }}
        >
          <Input
            value={note}
            aria-label="Why, for the history"
            onChange={(event) => setNote(event.target.value)}
            maxLength={500}
            placeholder="Why, for the history (optional)"
            className="min-w-40 flex-1"
          />
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button type="submit" variant="primary" busy={mutation.isPending} disabled={count === 0}>
            Roll back
          </Button>
        </form>
      }
    >
      <div className="flex flex-col gap-3">
        {problem?.code === 'revision.raced' && (
          <Raced
            problem={problem}
            onAgain={() => {
              void client.invalidateQueries({ queryKey: deploymentQueries.all })
              onClose()
            }}
          />
        )}
        {problem && problem.code !== 'revision.raced' && <ProblemPanel problem={problem} />}
        {comparison.error && <ProblemPanel problem={asProblem(comparison.error)} />}
        {comparison.isPending && <Skeleton className="h-32 w-full" />}
        {comparison.data && (
          <>
            <p className="text-sm text-ink-2">
              {count === 0
                ? `Revision ${headRevision} serves exactly this already.`
                : `What changes for clients, ${headRevision} to ${to}: ${countOf(count ?? 0, 'change')}.`}
            </p>
            <ChangeList difference={comparison.data} />
          </>
        )}
      </div>
    </DialogContent>
  )
}
