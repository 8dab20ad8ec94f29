'use client'
import { useSearchParams } from 'next/navigation'
import { useCallback, useMemo } from 'react'
import { readViewState, type ViewState, writeViewState } from './view-state.ts'

/** What is shown, as the address says it, and a way to change it there. */
export function useViewState(): { state: ViewState; change: (change: Partial<ViewState>) => void } {
  const search = useSearchParams()
  const state = useMemo(() => readViewState(new URLSearchParams(search)), [search])
  const change = useCallback((part: Partial<ViewState>) => {
    // The address is ahead of what has been rendered: two changes in one turn both count.
    const now = readViewState(new URLSearchParams(window.location.search))
    // No question to the server: the page has everything already.
    window.history.replaceState(null, '', `${window.location.pathname}${writeViewState({ ...now, ...part })}`)
  }, [])
  return { state, change }
}
