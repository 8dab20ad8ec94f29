'use client'
import { useEffect, useSyncExternalStore } from 'react'

/** A key, or keys one after the other, and what they do. */
export interface Shortcut {
  readonly keys: readonly string[]
  readonly does: string
}

/** The keys of what the page shows now, besides those that work everywhere. */
export interface PageKeys {
  readonly title: string
  readonly shortcuts: readonly Shortcut[]
}

let shown: PageKeys | null = null
const listeners = new Set<() => void>()

function show(next: PageKeys | null): void {
  shown = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Has the dialog behind `?` name these keys for as long as they work; give it a constant, or null for none. */
export function useNamedKeys(keys: PageKeys | null): void {
  useEffect(() => {
    show(keys)
    return () => show(null)
  }, [keys])
}

export function usePageKeys(): PageKeys | null {
  return useSyncExternalStore(
    subscribe,
    () => shown,
    () => null,
  )
}
