import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { certificateFacts } from '#domain/certificate.ts'
import type { Owner } from '#domain/party.ts'
import type { StepKind } from '#domain/rotation-plan.ts'
import {
  type AuthorityRecord,
  authorityRecord,
  certificateRecord,
  rotationOutlook,
  type RotationRecord,
  rotationRecord,
  rotationSummary,
  trustImpact,
} from '#domain/trust-record.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'

/** CAs, what was issued here, and their rotations. */
export const authorityQueries = {
  all: ['trust', 'authorities'] as const,
  list: () =>
    queryOptions({
      queryKey: [...authorityQueries.all, 'list'],
      queryFn: async ({ signal }) =>
        (await getJson('/authorities', z.object({ authorities: z.array(authorityRecord) }), signal))
          .authorities,
    }),
  impact: (id: string) =>
    queryOptions({
      queryKey: ['topology', 'authority-impact', id],
      queryFn: ({ signal }) => getJson(`/authorities/${id}/impact`, trustImpact, signal),
    }),
  /** What contexts may show, and what CAs here have issued. */
  certificates: () =>
    queryOptions({
      queryKey: ['trust', 'keystores'],
      queryFn: async ({ signal }) =>
        (await getJson('/certificates', z.object({ certificates: z.array(certificateRecord) }), signal))
          .certificates,
    }),
}

export interface AuthorityDraft {
  readonly name: string
  readonly runBy: Owner
}

export function importAuthority(draft: AuthorityDraft & { content: { text: string } }) {
  return sendJson('POST', '/authorities', draft, authorityRecord)
}

export function makeDevelopmentAuthority() {
  const pair = z.object({ root: authorityRecord, issuing: authorityRecord })
  return sendJson('POST', '/authorities/development', undefined, pair)
}

export function saveAuthority(draft: AuthorityDraft, { id, version }: AuthorityRecord) {
  return sendJson('PATCH', `/authorities/${id}`, draft, authorityRecord, { ifMatch: version })
}

export function removeAuthority({ id, version }: AuthorityRecord) {
  return sendJson('DELETE', `/authorities/${id}`, undefined, nothing, { ifMatch: version })
}

export interface Signing {
  readonly csr: string
  readonly kind: 'server' | 'client'
  readonly lifetimeDays: number
}

export function signRequest({ id, ...body }: Signing & { id: string }) {
  const signed = z.object({ chain: z.array(certificateFacts), pem: z.string() })
  return sendJson('POST', `/authorities/${id}/sign`, body, signed)
}

// ── Rotations ───────────────────────────────────────────────────────────────

// Where a rotation stands follows from what nodes say, of which the topology hears.
export const rotationQueries = {
  all: ['topology', 'rotations'] as const,
  list: () =>
    queryOptions({
      queryKey: [...rotationQueries.all, 'list'],
      queryFn: async ({ signal }) =>
        (await getJson('/rotations', z.object({ rotations: z.array(rotationSummary) }), signal)).rotations,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...rotationQueries.all, 'one', id],
      queryFn: ({ signal }) => getJson(`/rotations/${id}`, rotationRecord, signal),
      // That a node has gone silent is told by nobody.
      refetchInterval: 2_000,
    }),
  outlook: (wish: RotationWish) =>
    queryOptions({
      queryKey: [...rotationQueries.all, 'outlook', wish],
      queryFn: () => sendJson('POST', '/rotations/preview', wish, rotationOutlook),
    }),
}

export interface RotationWish {
  readonly fromId: string
  /** Null for one that is made here. */
  readonly toId: string | null
}

export function beginRotation(wish: RotationWish) {
  return sendJson('POST', '/rotations', wish, rotationRecord)
}

type Known = Pick<RotationRecord, 'id' | 'version'>

export function moveRotation({
  id,
  version,
  way,
  step,
}: Known & { way: 'advance' | 'reverse'; step: StepKind }) {
  return sendJson('POST', `/rotations/${id}/${way}`, { step }, rotationRecord, { ifMatch: version })
}

export function vouch({ id, version, vouchedIds }: Known & { vouchedIds: readonly string[] }) {
  return sendJson('PATCH', `/rotations/${id}`, { vouchedIds }, rotationRecord, { ifMatch: version })
}

export function endRotation({ id, version }: Known) {
  return sendJson('DELETE', `/rotations/${id}`, undefined, nothing, { ifMatch: version })
}
