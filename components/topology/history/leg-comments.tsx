'use client'
import { FindingThreads, SubjectThreads } from '../../reviews/threads.tsx'
import { Part } from '../panel/part.tsx'
import { useChanges } from './changes-context.tsx'

/** What people say about a leg; about one of the past nothing is added. */
export function LegComments({ legId }: { legId: string }) {
  const { isNow, hasComments } = useChanges()
  if (!hasComments) return null
  return (
    <Part title="Comments">
      <SubjectThreads subject={{ kind: 'leg', id: legId }} readOnly={!isNow} />
    </Part>
  )
}

export function FindingComments({ findingId }: { findingId: string }) {
  const { isNow, hasComments } = useChanges()
  return hasComments && <FindingThreads findingId={findingId} readOnly={!isNow} />
}
