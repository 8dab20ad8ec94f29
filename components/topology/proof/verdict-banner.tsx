import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '../../ui/class-names.ts'

interface Props {
  readonly ok: boolean
  readonly icon: LucideIcon
  readonly title: string
  readonly children: ReactNode
}

/** How something was judged, in a word, with what stands behind it; told to screen readers when it comes. */
export function VerdictBanner({ ok, icon: Icon, title, children }: Props) {
  return (
    <div
      role="status"
      className={cn(
        'flex items-start gap-2.5 rounded-lg border px-3 py-2.5',
        ok ? 'border-ok bg-ok-soft' : 'border-err bg-err-soft',
      )}
    >
      <Icon aria-hidden className={cn('mt-0.5 size-5 shrink-0', ok ? 'text-ok' : 'text-err')} />
      <div className="min-w-0">
        <p className="text-base font-semibold">{title}</p>
        {children}
      </div>
    </div>
  )
}
