'use client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { z } from 'zod'

/** How the portal itself is: well, without its database, without its ear for changes, or out of reach. */
export type PortalHealth = 'well' | 'database-away' | 'changes-unheard' | 'portal-away'

const healthQuery = queryOptions({
  queryKey: ['portal', 'health'],
  queryFn: ({ signal }) => readHealth(signal),
  staleTime: 0,
  // Asked often enough that a page is green again within seconds of a recovery.
  refetchInterval: (query) => (query.state.data === 'well' ? 15_000 : 3_000),
})

const unwell = z.object({ problems: z.array(z.object({ part: z.string() })) })

/** What an answer that something is wrong says of the portal. A gateway that is silent is no fault of the portal's. */
export function healthIn(answer: unknown): PortalHealth {
  const parts = unwell.parse(answer).problems.map(({ part }) => part)
  if (parts.includes('database')) return 'database-away'
  return parts.includes('hub') ? 'changes-unheard' : 'well'
}

/** Asks the portal how it is. */
export async function readHealth(signal: AbortSignal): Promise<PortalHealth> {
  try {
    const response = await fetch('/api/health', { cache: 'no-store', signal })
    return response.status === 503 ? healthIn(await response.json()) : 'well'
  } catch (error) {
    if (signal.aborted) throw error
    return 'portal-away'
  }
}

/** The portal's health, watched; null until the first answer. */
export function usePortalHealth(): PortalHealth | null {
  return useQuery(healthQuery).data ?? null
}
