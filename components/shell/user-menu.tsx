'use client'
import { ChevronsUpDown, Keyboard, LogOut } from 'lucide-react'
import { useTheme } from 'next-themes'
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '../ui/menu.tsx'
import { useShell } from './shell-context.tsx'
import { signOut } from './sign-out.ts'

/** Who is signed in, as what; the theme; the way out. */
export function UserMenu() {
  const { account, openShortcuts } = useShell()
  const { theme, setTheme } = useTheme()
  return (
    <Menu>
      <MenuTrigger className="flex items-center gap-2 rounded-md px-2 py-1.5 text-left text-sm transition-colors hover:bg-canvas">
        <span className="min-w-0 flex-1">
          <span className="block truncate text-ink">{account.organisation}</span>
          <span className="block truncate text-xs text-ink-3">{account.name}</span>
        </span>
        <span className="text-xs text-ink-3">{account.role}</span>
        <ChevronsUpDown aria-hidden className="size-3 text-ink-3" />
      </MenuTrigger>
      <MenuContent align="start" side="top" className="w-52">
        <MenuLabel>
          {account.name}, {account.role} of {account.organisation}
        </MenuLabel>
        <MenuSeparator />
        <MenuLabel>Theme</MenuLabel>
        <MenuRadioGroup value={theme ?? 'system'} onValueChange={setTheme}>
          <MenuRadioItem value="system">System</MenuRadioItem>
          <MenuRadioItem value="light">Light</MenuRadioItem>
          <MenuRadioItem value="dark">Dark</MenuRadioItem>
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem onSelect={openShortcuts}>
          <Keyboard aria-hidden />
          Keyboard shortcuts
        </MenuItem>
        <MenuItem onSelect={() => signOut()}>
          <LogOut aria-hidden />
          Sign out
        </MenuItem>
      </MenuContent>
    </Menu>
  )
}
