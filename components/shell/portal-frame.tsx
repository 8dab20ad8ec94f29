'use client'
import { type ReactNode, useMemo, useState } from 'react'
import { Drawer, DrawerContent } from '../ui/drawer.tsx'
import { Toaster } from '../ui/toast.tsx'
import { TooltipProvider } from '../ui/tooltip.tsx'
import { CommandPalette } from './command-palette.tsx'
import { HealthBanner } from './health-banner.tsx'
import { LiveProvider } from './live.tsx'
import { QueryProvider } from './query-client.tsx'
import { type Account, ShellProvider } from './shell-context.tsx'
import { ShortcutsDialog } from './shortcuts-dialog.tsx'
import { Sidebar } from './sidebar.tsx'
import { useShortcuts } from './use-shortcuts.ts'

/** Everything around a page: sidebar, search, shortcuts, banner, toasts. */
export function PortalFrame({ account, children }: { account: Account; children: ReactNode }) {
  const [open, setOpen] = useState<'search' | 'menu' | 'shortcuts' | null>(null)
  const shell = useMemo(
    () => ({
      account,
      openSearch: () => setOpen('search'),
      openMenu: () => setOpen('menu'),
      openShortcuts: () => setOpen('shortcuts'),
    }),
    [account],
  )
  useShortcuts(shell)
  const close = (stays: boolean) => {
    if (!stays) setOpen(null)
  }
  return (
    <QueryProvider>
      <LiveProvider>
        <TooltipProvider delayDuration={300}>
          <ShellProvider value={shell}>
            <a
              href="#content"
              className="fixed top-2 left-2 z-[1300] -translate-y-16 rounded-md bg-accent px-3 py-1.5 text-sm text-on-accent focus:translate-y-0"
            >
              Skip to the content
            </a>
            <div className="flex min-h-dvh">
              <aside className="sticky top-0 hidden h-dvh w-52 shrink-0 border-r border-line bg-panel md:block">
                <Sidebar />
              </aside>
              <div className="flex min-w-0 flex-1 flex-col has-[>[data-full]]:h-dvh">
                <HealthBanner />
                {children}
              </div>
            </div>
            <Drawer open={open === 'menu'} onOpenChange={close}>
              <DrawerContent side="left" title="Menu" bare className="w-64">
                <Sidebar onNavigate={() => setOpen(null)} />
              </DrawerContent>
            </Drawer>
            <CommandPalette open={open === 'search'} onOpenChange={close} />
            <ShortcutsDialog open={open === 'shortcuts'} onOpenChange={close} />
            <Toaster />
          </ShellProvider>
        </TooltipProvider>
      </LiveProvider>
    </QueryProvider>
  )
}
