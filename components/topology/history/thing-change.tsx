'use client'
import { changeKinds } from '#diagram/changes.ts'
import { cn } from '../../ui/class-names.ts'
import { changeLook } from './change-looks.ts'
import { useChanges } from './changes-context.tsx'

/** Says of a card that it came or went; nothing where it did not. */
export function ThingChange({ id, className }: { id: string; className?: string }) {
  const kind = useChanges().things.get(id)
  if (!kind) return null
  return <Mark kind={kind} {...(className ? { className } : {})} />
}

/** What changed on the legs of a row of the table. */
export function LegsChange({ legIds }: { legIds: readonly string[] }) {
  const { legs } = useChanges()
  const kinds = new Set(legIds.flatMap((id) => legs.get(id) ?? []).map(({ kind }) => kind))
  if (kinds.size === 0) return null
  return (
    <span className="mt-1 flex flex-wrap gap-1">
      {changeKinds.map((kind) => kinds.has(kind) && <Mark key={kind} kind={kind} />)}
    </span>
  )
}

function Mark({ kind, className }: { kind: (typeof changeKinds)[number]; className?: string }) {
  const { icon: Icon, word, chip } = changeLook(kind)
  return (
    <span
      className={cn(
        'inline-flex h-4 shrink-0 items-center gap-0.5 rounded-full px-1.5 text-2xs font-semibold',
        chip,
        className,
      )}
    >
      <Icon aria-hidden className="size-2.5" />
      {word}
    </span>
  )
}
