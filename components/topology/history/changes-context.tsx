'use client'
import { createContext, useContext, useMemo } from 'react'
import { type Changed, changedIn } from '#diagram/changes.ts'
import type { TopologyComparison } from '#domain/topology-comparison.ts'

/** What changed, by what is drawn. */
export interface Changes extends Changed {
  readonly comparison: TopologyComparison | null
  /** Whether what is drawn is now, so that something can be said and done about it. */
  readonly isNow: boolean
  /** Whether comments are shown: they belong to the page, not to what it shows of the topology. */
  readonly hasComments: boolean
}

const nothing: Changes = {
  comparison: null,
  isNow: true,
  ...changedIn(null),
  hasComments: false,
}
const context = createContext<Changes>(nothing)

export const ChangesProvider = context.Provider

export function useChangesOf(comparison: TopologyComparison | null, isNow: boolean): Changes {
  return useMemo(
    () => ({
      comparison,
      isNow,
      ...changedIn(comparison),
      hasComments: true,
    }),
    [comparison, isNow],
  )
}

export function useChanges(): Changes {
  return useContext(context)
}
