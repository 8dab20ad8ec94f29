import type { ReviewState } from '#domain/review.ts'
import type { Look } from '../ui/state.tsx'

export const reviewLook: Record<ReviewState, Look> = {
  open: { label: 'open', tone: 'busy' },
  'signed-off': { label: 'signed off', tone: 'ok' },
  objected: { label: 'objected to', tone: 'err' },
  'moved-on': { label: 'moved on', tone: 'warn' },
  withdrawn: { label: 'withdrawn', tone: 'idle' },
}

/** What is judged: a revision, a draft, or one API of it. */
export function subjectOf(of: { revision: number | null; api?: string | null; gatewayName: string }): string {
  if (of.revision !== null) return `Revision ${of.revision} of ${of.gatewayName}`
  return of.api ? `Draft of ${of.api} at ${of.gatewayName}` : `Draft of ${of.gatewayName}`
}

/** Enough of a hash to tell it from others. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12)
}
