import { queryOptions } from '@tanstack/react-query'
import { topologyView } from '#domain/topology.ts'
import { getJson } from '../shell/api.ts'

export const topologyQueries = {
  all: ['topology'] as const,
  document: () =>
    queryOptions({
      queryKey: [...topologyQueries.all, 'document'],
      queryFn: ({ signal }) => getJson('/topology', topologyView, signal),
    }),
}
