import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { documentOutcome, documentPreview } from '#domain/documents.ts'
import { networkView } from '#domain/stored.ts'
import { getJson, sendJson } from '../shell/api.ts'
import type { choicesFor } from './choices.ts'
import type { ReadFile } from './read-files.ts'

type Chosen = ReturnType<typeof choicesFor>

interface Wish extends Partial<Chosen> {
  readonly files: readonly ReadFile[]
  readonly gatewayId: string | undefined
}

const networkList = z.object({ networks: z.array(networkView) })

export const documentQueries = {
  networks: () =>
    queryOptions({
      queryKey: ['topology', 'networks'],
      queryFn: async ({ signal }) => (await getJson('/networks', networkList, signal)).networks,
    }),
}

/** Says what documents become, and makes nothing. */
export function previewDocuments(wish: Wish) {
  return sendJson('POST', '/documents/preview', wish, documentPreview)
}

export function importDocuments(wish: Wish) {
  return sendJson('POST', '/documents', wish, documentOutcome)
}
