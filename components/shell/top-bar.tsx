'use client'
import { Menu, Search } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { Kbd } from '../ui/kbd.tsx'
import { Dot, type Tone } from '../ui/state.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import { type LiveState, useLiveState } from './live.tsx'
import { useShell } from './shell-context.tsx'

/** Opens the sidebar where there is no room for it. */
export function MenuButton() {
  const { openMenu } = useShell()
  return (
    <Button
      variant="ghost"
      size="icon"
      className="-ml-1.5 md:hidden"
      aria-label="Open the menu"
      onClick={openMenu}
    >
      <Menu aria-hidden />
    </Button>
  )
}

const liveLook: Record<LiveState, { tone: Tone; label: string; text: string }> = {
  live: { tone: 'ok', label: 'live', text: 'Changes show by themselves.' },
  connecting: { tone: 'idle', label: 'connecting', text: 'Opening the connection that brings changes.' },
  away: {
    tone: 'warn',
    label: 'not live',
    text: 'The connection is away; reload to see changes. It tries again by itself.',
  },
}

/** Whether the page is live. */
export function LiveMark() {
  const { tone, label, text } = liveLook[useLiveState()]
  return (
    <Tooltip text={text} side="bottom">
      <button
        type="button"
        className="flex h-6 cursor-default items-center gap-1.5 rounded-md px-1 text-xs whitespace-nowrap text-ink-2"
        aria-label={`${label}. ${text}`}
      >
        <Dot tone={tone} />
        {label}
      </button>
    </Tooltip>
  )
}

/** Which environment is looked at. */
export function EnvironmentChip() {
  const { environments } = useShell().account
  if (environments.length === 0) return null
  const text = environments.length === 1 ? environments[0] : `${environments.length} environments`
  return (
    <Chip className="hidden lg:inline-flex" title={environments.join(', ')}>
      {text}
    </Chip>
  )
}

/** Opens the search over everything. */
export function SearchButton() {
  const { openSearch } = useShell()
  return (
    <Button onClick={openSearch} aria-keyshortcuts="Control+K Meta+K">
      <Search aria-hidden className="sm:hidden" />
      {/* On a phone the word is for screen readers alone; the key is announced by itself. */}
      <span className="sr-only sm:not-sr-only">Search</span>
      <span aria-hidden className="hidden sm:inline-flex">
        <Kbd>Ctrl K</Kbd>
      </span>
    </Button>
  )
}
