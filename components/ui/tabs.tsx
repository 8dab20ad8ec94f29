'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { Tabs as Radix } from 'radix-ui'
import { type ComponentProps, type ReactNode, useEffect, useRef } from 'react'
import { cn } from './class-names.ts'

export const Tabs = Radix.Root

const tabLook =
  '-mb-px flex h-9 items-center gap-1.5 border-b-2 border-transparent text-sm whitespace-nowrap text-ink-2 transition-colors hover:text-ink focus-visible:rounded-sm focus-visible:-outline-offset-2'
const tabOn = 'border-accent font-medium text-accent hover:text-accent'

export function TabsList({ className, children, ...props }: ComponentProps<typeof Radix.List>) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // An address may open a tab that lies beyond the edge of a narrow screen.
    const active = list.current?.querySelector('[data-state=active]')
    active?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [])
  return (
    <Radix.List
      {...props}
      ref={list}
      className={cn(
        // `relative` keeps texts for screen readers, which stand absolutely, inside what scrolls.
        'relative flex items-center gap-4 overflow-x-auto overflow-y-hidden border-b border-line',
        className,
      )}
    >
      {children}
    </Radix.List>
  )
}

export function TabsTrigger({ className, ...props }: ComponentProps<typeof Radix.Trigger>) {
  return (
    <Radix.Trigger
      {...props}
      className={cn(
        tabLook,
        'data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-accent',
        className,
      )}
    />
  )
}

export function TabsContent({ className, ...props }: ComponentProps<typeof Radix.Content>) {
  return <Radix.Content {...props} className={cn('pt-4 focus-visible:outline-offset-4', className)} />
}

export interface LinkTab {
  href: string
  label: ReactNode
  /** Active only at exactly this address; else below it too. */
  exact?: boolean
}

/** Tabs that are pages of their own. */
export function LinkTabs({
  tabs,
  label,
  className,
}: {
  tabs: readonly LinkTab[]
  label: string
  className?: string
}) {
  const path = usePathname()
  return (
    <nav
      aria-label={label}
      className={cn(
        'flex items-center gap-4 overflow-x-auto overflow-y-hidden border-b border-line',
        className,
      )}
    >
      {tabs.map(({ href, label: text, exact }) => {
        const on = path === href || (!exact && path.startsWith(`${href}/`))
        return (
          <Link
            key={href}
            href={href}
            aria-current={on ? 'page' : undefined}
            className={cn(tabLook, on && tabOn)}
          >
            {text}
          </Link>
        )
      })}
    </nav>
  )
}
