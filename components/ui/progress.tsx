import { cn } from './class-names.ts'
import type { Tone } from './state.tsx'

const fills: Record<Tone, string> = {
  ok: 'bg-ok',
  warn: 'bg-warn',
  err: 'bg-err',
  busy: 'bg-accent',
  idle: 'bg-ink-3',
}

interface Props {
  value: number
  max: number
  /** What progresses, for screen readers. */
  label: string
  tone?: Tone
  className?: string
}

/** How much of a whole is done. */
export function Progress({ value, max, label, tone = 'busy', className }: Props) {
  const share = max === 0 ? 0 : Math.min(1, value / max)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={max}
      className={cn('h-1 w-full overflow-hidden rounded-full bg-line', className)}
    >
      <div
        className={cn('h-full rounded-full transition-[width]', fills[tone])}
        style={{ width: `${share * 100}%` }}
      />
    </div>
  )
}
