'use client'
import { createContext, useContext, useMemo } from 'react'
import type { TopologyComparison } from '#domain/topology-comparison.ts'
import type { LegChange, TopologyDifference } from '#domain/topology-difference.ts'

/** What changed, by what is drawn. */
export interface Changes {
  readonly comparison: TopologyComparison | null
  /** Whether what is drawn is now, so that something can be said and done about it. */
  readonly isNow: boolean
  readonly legs: ReadonlyMap<string, readonly LegChange[]>
  /** Networks, parties, gateways and APIs that came or went. */
  readonly things: ReadonlyMap<string, 'added' | 'removed'>
  /** Whether comments are shown: they belong to the page, not to what it shows of the topology. */
  readonly hasComments: boolean
}

const nothing: Changes = {
  comparison: null,
  isNow: true,
  legs: new Map(),
  things: new Map(),
  hasComments: false,
}
const context = createContext<Changes>(nothing)

export const ChangesProvider = context.Provider

export function useChangesOf(comparison: TopologyComparison | null, isNow: boolean): Changes {
  return useMemo(
    () => ({
      comparison,
      isNow,
      legs: byLeg(comparison?.difference ?? null),
      things: thingsIn(comparison),
      hasComments: true,
    }),
    [comparison, isNow],
  )
}

function thingsIn(comparison: TopologyComparison | null): Changes['things'] {
  const { added = [], removed = [] } = comparison?.things ?? {}
  return new Map([
    ...added.map((id) => [id, 'added'] as const),
    ...removed.map((id) => [id, 'removed'] as const),
  ])
}

function byLeg(difference: TopologyDifference | null): ReadonlyMap<string, readonly LegChange[]> {
  return Map.groupBy(difference?.legs ?? [], ({ legId }) => legId)
}

export function useChanges(): Changes {
  return useContext(context)
}
