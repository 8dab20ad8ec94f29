'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { CertificateAlarm } from '../certificates/certificate-alarm.tsx'
import { cn } from '../ui/class-names.ts'
import { Logo } from '../ui/logo.tsx'
import { type NavigationPage, navigation, settingsPage } from './navigation.ts'
import { useShell } from './shell-context.tsx'
import { UserMenu } from './user-menu.tsx'

/** Where one can go, in four groups. `onNavigate` closes the sheet that it stands in on a phone. */
export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const { permissions } = useShell().account
  const allowed = (page: NavigationPage) => permissions.includes(page.permission)
  return (
    <div className="flex h-full flex-col gap-0.5 overflow-y-auto px-2.5 py-3.5">
      <Link
        href="/"
        {...(onNavigate ? { onClick: onNavigate } : {})}
        className="mb-2.5 self-start rounded-md px-2 py-0.5"
      >
        <Logo />
      </Link>
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        {navigation.map(({ label, pages }) => {
          const shown = pages.filter(allowed)
          if (shown.length === 0) return null
          return (
            <div key={label ?? 'top'} className="flex flex-col gap-0.5">
              {label && <div className="px-2 pt-3.5 pb-1 text-2xs font-medium text-ink-3">{label}</div>}
              {shown.map((page) => (
                <PageLink key={page.href} page={page} onNavigate={onNavigate} />
              ))}
            </div>
          )
        })}
      </nav>
      <div className="flex-1" />
      {allowed(settingsPage) && (
        <nav aria-label="Settings">
          <PageLink page={settingsPage} onNavigate={onNavigate} />
        </nav>
      )}
      <UserMenu />
    </div>
  )
}

function PageLink({ page, onNavigate }: { page: NavigationPage; onNavigate: (() => void) | undefined }) {
  const path = usePathname()
  const isAt = (href: string) => (href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`))
  const on = [page.href, ...(page.beside ?? [])].some(isAt)
  const Icon = page.icon
  return (
    <Link
      href={page.href}
      aria-current={on ? 'page' : undefined}
      {...(onNavigate ? { onClick: onNavigate } : {})}
      className={cn(
        'flex h-8 items-center gap-2 rounded-md px-2 text-sm text-ink-2 transition-colors hover:bg-canvas hover:text-ink md:h-7.5',
        on && 'bg-accent-soft font-medium text-accent hover:bg-accent-soft hover:text-accent',
      )}
    >
      <Icon aria-hidden className="size-3.75" strokeWidth={1.75} />
      {page.label}
      {page.href === '/certificates' && <CertificateAlarm />}
    </Link>
  )
}
