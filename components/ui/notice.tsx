import type { ReactNode } from 'react'
import { cn } from './class-names.ts'

const edges = {
  info: 'border-l-accent',
  ok: 'border-l-ok',
  warn: 'border-l-warn',
  err: 'border-l-err',
} as const

interface Props {
  tone: keyof typeof edges
  title: ReactNode
  /** What can be done about it. */
  actions?: ReactNode
  /** Interrupts a screen reader, for what has just gone wrong. */
  alert?: boolean
  className?: string
  children?: ReactNode
}

/** Something to know, with what to do about it: a finding, a refusal, a warning. */
export function Notice({ tone, title, actions, alert = false, className, children }: Props) {
  return (
    <div
      role={alert ? 'alert' : undefined}
      className={cn('rounded-md border border-l-3 border-line bg-panel px-3 py-2', edges[tone], className)}
    >
      <div className="text-sm font-semibold">{title}</div>
      {children && <div className="mt-0.5 text-sm text-ink-2">{children}</div>}
      {actions && <div className="mt-1.5 flex flex-wrap gap-3 text-sm">{actions}</div>}
    </div>
  )
}
