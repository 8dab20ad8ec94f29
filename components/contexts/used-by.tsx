import type { TrustUse } from '#domain/trust-record.ts'
import { Chip } from '../ui/chip.tsx'

/** Who uses something, by name; so many of them at most. */
export function UsedBy({ uses, most }: { uses: readonly TrustUse[]; most: number }) {
  if (uses.length === 0) return <span className="text-ink-3">nobody</span>
  const rest = uses.length - most
  return (
    <span className="flex flex-wrap gap-1.5">
      {uses.slice(0, most).map(({ kind, id, name }) => (
        <Chip key={`${kind} ${id}`} className="h-auto min-h-6 whitespace-normal">
          <span className="text-ink-3">{kind === 'api' ? 'API' : kind}</span> {name}
        </Chip>
      ))}
      {rest > 0 && <span className="self-center text-xs text-ink-3">and {rest} more</span>}
    </span>
  )
}
