'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { TopologyComparison } from '#domain/topology-comparison.ts'
import type { Topology } from '#domain/topology.ts'
import { asProblem, type ProblemError } from '../../shell/problem-error.ts'
import { historyQueries } from './history-queries.ts'
import type { When } from './when.ts'

/** What the page draws: now, what was, or two moments laid over each other. */
export interface Shown {
  /** Null while another time is fetched for the first time. */
  readonly topology: Topology | null
  readonly comparison: TopologyComparison | null
  readonly isNow: boolean
  readonly problem: ProblemError | null
}

export function useShown(live: Topology, { at, compare }: When): Shown {
  const past = useQuery({
    ...historyQueries.at(at ?? ''),
    enabled: at !== null && compare === null,
    placeholderData: keepPreviousData,
  })
  const compared = useQuery({
    ...historyQueries.comparison(compare?.from ?? '', compare?.to ?? ''),
    enabled: compare !== null,
    placeholderData: keepPreviousData,
  })
  if (compare) {
    const comparison = compared.data ?? null
    return {
      topology: comparison?.topology ?? null,
      comparison,
      isNow: false,
      problem: compared.error && asProblem(compared.error),
    }
  }
  if (at === null) return { topology: live, comparison: null, isNow: true, problem: null }
  return {
    topology: past.data ?? null,
    comparison: null,
    isNow: false,
    problem: past.error && asProblem(past.error),
  }
}
