'use client'
import { difference } from '#domain/deployment.ts'
import type { ProblemError } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { ChangeList } from './change-list.tsx'

/** Somebody else deployed first: what they changed, and the way on. */
export function Raced({ problem, onAgain }: { problem: ProblemError; onAgain: () => void }) {
  const changes = difference.safeParse(problem.document['changes'])
  return (
    <Notice
      tone="warn"
      alert
      title="Somebody deployed meanwhile; nothing of yours was deployed"
      actions={
        <Button size="sm" onClick={onAgain}>
          Compare with what runs now
        </Button>
      }
    >
      {problem.message}
      {changes.success && changes.data.count > 0 && (
        <>
          <p className="mt-2 mb-1 font-medium text-ink">What they changed</p>
          <ChangeList difference={changes.data} />
        </>
      )}
    </Notice>
  )
}
