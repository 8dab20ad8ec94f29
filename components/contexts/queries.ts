import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import type { NetworkClass } from '#domain/network.ts'
import { type ContextRecord, contextRecord, published, trustImpact } from '#domain/trust-record.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'

/** mTLS contexts, and whom each of them reaches. */
export const contextQueries = {
  all: ['trust', 'contexts'] as const,
  list: () =>
    queryOptions({
      queryKey: [...contextQueries.all, 'list'],
      queryFn: async ({ signal }) =>
        (await getJson('/contexts', z.object({ contexts: z.array(contextRecord) }), signal)).contexts,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...contextQueries.all, 'one', id],
      queryFn: ({ signal }) => getJson(`/contexts/${id}`, contextRecord, signal),
    }),
  impact: (id: string) =>
    queryOptions({
      // Nodes come and go: the same words as for the topology are asked again when they do.
      queryKey: ['topology', 'context-impact', id],
      queryFn: ({ signal }) => getJson(`/contexts/${id}/impact`, trustImpact, signal),
    }),
}

export interface ContextDraft {
  readonly name: string
  readonly class: NetworkClass
  readonly authorityIds: readonly string[]
  readonly keystoreId: string | null
}

const changed = z.object({ context: contextRecord, published: z.array(published) })

export async function saveContext(draft: ContextDraft, known?: ContextRecord) {
  if (known) return sendJson('PATCH', `/contexts/${known.id}`, draft, changed, { ifMatch: known.version })
  return { context: await sendJson('POST', '/contexts', draft, contextRecord), published: [] }
}

export function removeContext({ id, version }: ContextRecord) {
  return sendJson('DELETE', `/contexts/${id}`, undefined, nothing, { ifMatch: version })
}
