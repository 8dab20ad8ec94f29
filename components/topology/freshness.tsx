'use client'
import { RelativeTime } from '../ui/relative-time.tsx'
import { WordState } from '../ui/state.tsx'

/** How old the figures are, said where they are not of now: the reader has paused them, or the portal is away. */
export function Freshness({ at, isLost, paused }: { at: string; isLost: boolean; paused: boolean }) {
  if (!isLost && !paused) return null
  return (
    <WordState tone={isLost ? 'warn' : 'idle'}>
      {isLost ? 'Old figures, of ' : 'Paused, figures of '}
      <RelativeTime at={at} />
    </WordState>
  )
}
