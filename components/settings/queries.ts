import { infiniteQueryOptions } from '@tanstack/react-query'
import { type AuditPage, auditPage, auditVerification } from '#domain/audit.ts'
import { getJson } from '../shell/api.ts'

export type TrailFilter = 'all' | 'refused'

export const trailQuery = (filter: TrailFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) => getJson(`/audit?${searchOf(filter, pageParam)}`, auditPage, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: AuditPage) => last.nextCursor,
    staleTime: 5_000,
  })

function searchOf(filter: TrailFilter, cursor: string | null): URLSearchParams {
  const query = new URLSearchParams({ limit: '50' })
  if (filter === 'refused') query.set('outcome', 'refused')
  if (cursor !== null) query.set('cursor', cursor)
  return query
}

/** Has the portal walk the whole trail. */
export function verifyTrail() {
  return getJson('/audit/verification', auditVerification)
}
