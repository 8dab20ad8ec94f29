'use client'
import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds at this moment; the server, which has no window, answers as it is told. */
export function useMediaQuery(text: string, onServer: boolean): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const query = window.matchMedia(text)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    [text],
  )
  return useSyncExternalStore(
    subscribe,
    () => window.matchMedia(text).matches,
    () => onServer,
  )
}
