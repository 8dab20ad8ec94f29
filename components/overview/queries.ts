import { queryOptions } from '@tanstack/react-query'
import { overview } from '#domain/overview.ts'
import { getJson } from '../shell/api.ts'

export const overviewQuery = queryOptions({
  // Everything that can change here is about deployments too, so the live connection asks it again with them.
  queryKey: ['deployments', 'overview'],
  queryFn: ({ signal }) => getJson('/overview', overview, signal),
  // Nodes report their traffic every five seconds; nobody is told of each report.
  refetchInterval: 10_000,
})
