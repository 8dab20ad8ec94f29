import { KeyRound, type LucideIcon, Minus, Pencil, Plus } from 'lucide-react'
import type { LegChange } from '#domain/topology-difference.ts'

/** How a change is shown: never by colour alone, but by a word, a sign and a dash as well. */
export interface ChangeLook {
  readonly word: string
  readonly icon: LucideIcon
  /** Before the word where there is no room for an icon. */
  readonly sign: string
  readonly stroke: string
  readonly dash: string | undefined
  readonly chip: string
}

export const changeLook: Record<LegChange['kind'], ChangeLook> = {
  added: {
    word: 'added',
    icon: Plus,
    sign: '+',
    stroke: 'var(--ok)',
    dash: undefined,
    chip: 'bg-ok-soft text-ok',
  },
  removed: {
    word: 'removed',
    icon: Minus,
    sign: '−',
    stroke: 'var(--err)',
    dash: '3 5',
    chip: 'bg-err-soft text-err',
  },
  're-trusted': {
    word: 're-trusted',
    icon: Pencil,
    sign: '±',
    stroke: 'var(--accent)',
    dash: '10 4',
    chip: 'bg-accent-soft text-accent',
  },
  'changed-ca': {
    word: 'other CA',
    icon: KeyRound,
    sign: '⚿',
    stroke: 'var(--warn)',
    dash: '10 3 2 3',
    chip: 'bg-warn-soft text-warn',
  },
}

export const changeKinds = ['added', 'removed', 're-trusted', 'changed-ca'] as const

/** The one that is drawn where a leg changed in several ways. */
export function drawnChange(changes: readonly LegChange[] | undefined): LegChange | undefined {
  return changes?.toSorted((a, b) => changeKinds.indexOf(a.kind) - changeKinds.indexOf(b.kind))[0]
}
