import Link from 'next/link'
import type { ReactNode } from 'react'
import { cn } from '../ui/class-names.ts'
import { EnvironmentChip, LiveMark, MenuButton, SearchButton } from './top-bar.tsx'

export interface Crumb {
  label: string
  href?: string
}

interface Props {
  title: string
  /** Beside the title: which version of it, which kind. */
  note?: string | undefined
  /** Where the page stands, from the outside in, without itself. */
  crumbs?: readonly Crumb[]
  /** What one can do here; the primary action last. */
  actions?: ReactNode
  /** A second bar: filters, tabs, what is compared. */
  bar?: ReactNode
  /** `full` gives the rest of the screen to a canvas that scrolls inside itself. */
  layout?: 'document' | 'full'
  children: ReactNode
}

/** A page of the portal: the bar on top with its place and actions, then its content. */
export function Page({ title, note, crumbs = [], actions, bar, layout = 'document', children }: Props) {
  return (
    <div
      data-full={layout === 'full' ? '' : undefined}
      className={cn('flex min-w-0 flex-1 flex-col', layout === 'full' && 'min-h-0')}
    >
      <header className="sticky top-0 z-40 flex min-h-13 flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-panel px-4 py-2 md:px-4.5">
        <MenuButton />
        <div className="flex min-w-0 flex-1 items-center gap-2">
          <Crumbs crumbs={crumbs} />
          <h1 className="truncate text-lg font-semibold" title={title}>
            {title}
          </h1>
          {note && <span className="truncate text-sm text-ink-3">{note}</span>}
        </div>
        <LiveMark />
        <EnvironmentChip />
        <SearchButton />
        {actions && (
          <div className="flex w-full flex-wrap items-center gap-2 md:w-auto md:gap-3">{actions}</div>
        )}
      </header>
      <main
        id="content"
        tabIndex={-1}
        className={cn('flex min-w-0 flex-1 flex-col focus:outline-none', layout === 'full' && 'min-h-0')}
      >
        {bar && (
          <div className="flex min-h-11 flex-wrap items-center gap-2 border-b border-line bg-panel px-4 py-2 md:px-4.5">
            {bar}
          </div>
        )}
        <div className={cn('min-w-0 flex-1', layout === 'full' ? 'flex min-h-0' : 'px-4 py-4.5 md:px-5.5')}>
          {children}
        </div>
      </main>
    </div>
  )
}

function Crumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  if (crumbs.length === 0) return null
  return (
    <nav aria-label="Breadcrumb" className="hidden min-w-0 sm:block">
      <ol className="flex min-w-0 items-center gap-1.5 text-sm whitespace-nowrap text-ink-3">
        {crumbs.map(({ label, href }) => (
          <li key={`${label}${href}`} className="flex min-w-0 items-center gap-1.5">
            {href ? (
              <Link href={href} className="truncate rounded-sm hover:text-ink">
                {label}
              </Link>
            ) : (
              <span className="truncate">{label}</span>
            )}
            <span aria-hidden>/</span>
          </li>
        ))}
      </ol>
    </nav>
  )
}
