import { documentOutcome, documentPreview } from '#domain/documents.ts'
import { sendJson } from '../shell/api.ts'
import type { ReadFile } from './read-files.ts'

interface Wish {
  readonly files: readonly ReadFile[]
  readonly gatewayId: string | undefined
}

/** Says what documents become, and makes nothing. */
export function previewDocuments(wish: Wish) {
  return sendJson('POST', '/documents/preview', wish, documentPreview)
}

export function importDocuments(wish: Wish) {
  return sendJson('POST', '/documents', wish, documentOutcome)
}
