'use client'
import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { allPages } from './navigation.ts'
import type { Shell } from './shell-context.tsx'

/** How long the second key of a pair may take. */
const pairMs = 1_200

/** Listens for the portal's keys, except while somebody types or a dialog is open. */
export function useShortcuts(shell: Shell): void {
  const router = useRouter()
  useEffect(() => {
    let first: { key: string; at: number } | null = null
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        shell.openSearch()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '?') {
        shell.openShortcuts()
        return
      }
      const pair = first && event.timeStamp - first.at < pairMs ? first.key : null
      const page = allPages.find(({ keys }) => keys[0] === pair && keys[1] === event.key)
      first = page ? null : { key: event.key, at: event.timeStamp }
      if (page) router.push(page.href)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [shell, router])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target.matches('input, textarea, select') ||
    document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null
  )
}
