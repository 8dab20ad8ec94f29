'use client'
import { createContext, type ReactNode, useContext } from 'react'

/** Whether the page hears of changes as they happen. */
export type LiveState = 'connecting' | 'live' | 'away'

const context = createContext<LiveState>('connecting')

export function LiveProvider({ children }: { children: ReactNode }) {
  return <context.Provider value="connecting">{children}</context.Provider>
}

export function useLiveState(): LiveState {
  return useContext(context)
}
