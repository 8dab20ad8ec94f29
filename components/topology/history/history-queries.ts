import { queryOptions } from '@tanstack/react-query'
import { momentChoices } from '#domain/moment.ts'
import { topologyComparison } from '#domain/topology-comparison.ts'
import { topologyView } from '#domain/topology.ts'
import { getJson } from '../../shell/api.ts'

/** What stood there at other times, and what changed in between. */
export const historyQueries = {
  all: ['history'] as const,
  moments: () =>
    queryOptions({
      queryKey: [...historyQueries.all, 'moments'],
      queryFn: ({ signal }) => getJson('/topology/moments', momentChoices, signal),
    }),
  at: (moment: string) =>
    queryOptions({
      queryKey: [...historyQueries.all, 'at', moment],
      queryFn: ({ signal }) =>
        getJson(`/topology?${new URLSearchParams({ at: moment })}`, topologyView, signal),
    }),
  comparison: (from: string, to: string) =>
    queryOptions({
      queryKey: [...historyQueries.all, 'comparison', from, to],
      queryFn: ({ signal }) =>
        getJson(`/topology/comparison?${new URLSearchParams({ from, to })}`, topologyComparison, signal),
    }),
}
