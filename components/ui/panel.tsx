import type { ComponentProps, ReactNode } from 'react'
import { cn } from './class-names.ts'

/** A box of lines, without a shadow. */
export function Panel({ className, ...props }: ComponentProps<'div'>) {
  return <div {...props} className={cn('rounded-lg border border-line bg-panel', className)} />
}

interface SectionProps {
  title: ReactNode
  description?: ReactNode
  /** At the right end of the heading. */
  action?: ReactNode
  className?: string
  children: ReactNode
}

/** A headed part of a page. */
export function Section({ title, description, action, className, children }: SectionProps) {
  return (
    <section className={cn('min-w-0', className)}>
      <div className="mb-2 flex min-h-6 flex-wrap items-center gap-x-3">
        <h2 className="text-sm font-semibold">{title}</h2>
        {description && <span className="text-xs text-ink-3">{description}</span>}
        {action && <span className="ml-auto flex items-center gap-2">{action}</span>}
      </div>
      {children}
    </section>
  )
}

/** Facts in two columns: what it is called, what it is. */
export function Facts({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <dl className={cn('grid grid-cols-[minmax(96px,auto)_1fr] gap-x-3 gap-y-1.5 text-sm', className)}>
      {children}
    </dl>
  )
}

export function Fact({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{label}</dt>
      <dd className="min-w-0 break-words text-ink">{children}</dd>
    </>
  )
}
