import Link from 'next/link'
import type { ReactNode } from 'react'
import { cn } from './class-names.ts'

/** Tiles side by side in one box, parted by lines. */
export function Tiles({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <div
      className={cn(
        'grid grid-cols-2 gap-px [&>:last-child:nth-child(odd)]:col-span-2 sm:[&>:last-child:nth-child(odd)]:col-span-1 overflow-hidden rounded-lg border border-line bg-line sm:auto-cols-fr sm:grid-flow-col sm:grid-cols-none',
        className,
      )}
    >
      {children}
    </div>
  )
}

interface Props {
  label: ReactNode
  value: ReactNode
  /** One line under the figure. */
  note?: ReactNode
  /** Leads to what is counted. */
  href?: string
}

/** One figure with its name and a note; always as high as its neighbours. */
export function Tile({ label, value, note, href }: Props) {
  const content = (
    <>
      <div className="text-xs text-ink-3">{label}</div>
      <div className="truncate text-xl font-semibold tnum">{value}</div>
      <div className="min-h-5 text-sm break-words text-ink-2 max-sm:line-clamp-2 sm:truncate">{note}</div>
    </>
  )
  const look = 'block min-w-0 bg-panel px-4 py-3'
  if (!href) return <div className={look}>{content}</div>
  return (
    <Link
      href={href}
      className={cn(look, 'transition-colors hover:bg-canvas focus-visible:-outline-offset-2')}
    >
      {content}
    </Link>
  )
}
