'use client'
import { queryOptions, useQuery } from '@tanstack/react-query'

/** How the portal itself is: well, without its database, or out of reach. */
export type PortalHealth = 'well' | 'database-away' | 'portal-away'

const healthQuery = queryOptions({
  queryKey: ['portal', 'health'],
  queryFn: ({ signal }) => readHealth(signal),
  staleTime: 0,
  // Asked often enough that a page is green again within seconds of a recovery.
  refetchInterval: (query) => (query.state.data === 'well' ? 15_000 : 3_000),
})

/** Asks the portal how it is. */
export async function readHealth(signal: AbortSignal): Promise<PortalHealth> {
  try {
    const response = await fetch('/api/health', { cache: 'no-store', signal })
    return response.status === 503 ? 'database-away' : 'well'
  } catch (error) {
    if (signal.aborted) throw error
    return 'portal-away'
  }
}

/** The portal's health, watched; null until the first answer. */
export function usePortalHealth(): PortalHealth | null {
  return useQuery(healthQuery).data ?? null
}
