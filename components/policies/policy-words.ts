import type { Category, Mark } from '#domain/chain.ts'
import type { Look } from '../ui/state.tsx'

export const categoryTitle: Record<Category, string> = {
  trust: 'Trust',
  identity: 'Identity',
  traffic: 'Traffic',
  resilience: 'Resilience',
  shape: 'Shape',
  observability: 'Observability',
}

/** How a step's standing against what runs is shown; `same` says nothing. */
export const markLook: Record<Mark, Look> = {
  same: { label: '', tone: 'idle' },
  added: { label: 'added', tone: 'ok' },
  changed: { label: 'changed', tone: 'warn' },
  moved: { label: 'moved', tone: 'warn' },
  off: { label: 'turned off', tone: 'warn' },
  unused: { label: 'off', tone: 'idle' },
}

/** The difference to what runs in a few words: `1 changed, 2 added`. */
export function marksInWords(marks: ReadonlyMap<string, Mark>, removed: number): string {
  const counts = Map.groupBy(marks.values(), (mark) => markLook[mark].label)
  const parts = [...counts]
    .filter(([label]) => label !== '' && label !== markLook.unused.label)
    .map(([label, same]) => `${same.length} ${label}`)
  if (removed > 0) parts.push(`${removed} removed`)
  return parts.join(', ')
}

/** How many differences there are. */
export function countMarks(marks: ReadonlyMap<string, Mark>, removed: number): number {
  return [...marks.values()].filter((mark) => mark !== 'same' && mark !== 'unused').length + removed
}
