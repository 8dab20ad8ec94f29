import { CircleSlash, FileQuestion, Lock, type LucideIcon, SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './class-names.ts'

interface Props {
  title: ReactNode
  children?: ReactNode
  /** The next sensible step. */
  action?: ReactNode
  className?: string
}

function Empty({ icon: Icon, title, children, action, className }: Props & { icon: LucideIcon }) {
  return (
    <div
      className={cn(
        'flex min-h-52 flex-col items-center justify-center rounded-lg border border-dashed border-line-2 bg-panel px-6 py-10 text-center',
        className,
      )}
    >
      <Icon aria-hidden className="mb-3 size-5 text-ink-3" strokeWidth={1.5} />
      <p className="text-sm font-semibold">{title}</p>
      {children && <div className="mt-1 max-w-96 text-sm text-ink-2">{children}</div>}
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

/** Nothing was made yet: says what it would be and offers to make the first. */
export function NoneYet({ icon = FileQuestion, ...props }: Props & { icon?: LucideIcon }) {
  return <Empty icon={icon} {...props} />
}

/** There are some, but the filter leaves none: offers to lift it. */
export function NoMatch(props: Props) {
  return <Empty icon={SearchX} {...props} />
}

/** The role may not see it: says who may. */
export function NoPermission(props: Props) {
  return <Empty icon={Lock} {...props} />
}

/** It could not be read: says why and offers to try again. */
export function LoadFailed(props: Props) {
  return <Empty icon={CircleSlash} {...props} />
}
