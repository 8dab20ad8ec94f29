import { KeyRound, type LucideIcon, Minus, Pencil, Plus } from 'lucide-react'
import { changeSigns } from '#diagram/changes.ts'
import type { NotKept } from '#domain/topology-comparison.ts'
import type { LegChange } from '#domain/topology-difference.ts'

/** What was not kept from the beginning. */
export const notComparedWords: Record<NotKept, string> = {
  seen: 'whom and what nodes had seen',
  nodes: 'how nodes were',
}

type Kind = LegChange['kind']

const onPage: Record<Kind, { icon: LucideIcon; stroke: string; chip: string }> = {
  added: { icon: Plus, stroke: 'var(--ok)', chip: 'bg-ok-soft text-ok' },
  removed: { icon: Minus, stroke: 'var(--err)', chip: 'bg-err-soft text-err' },
  're-trusted': { icon: Pencil, stroke: 'var(--accent)', chip: 'bg-accent-soft text-accent' },
  'changed-ca': { icon: KeyRound, stroke: 'var(--warn)', chip: 'bg-warn-soft text-warn' },
}

/** How a change is shown: as in pictures, with an icon where there is room. */
export function changeLook(kind: Kind) {
  return { ...changeSigns[kind], ...onPage[kind] }
}
