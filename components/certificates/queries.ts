import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import type { CertificateKind, SubjectAltName } from '#domain/certificate.ts'
import { expiryList, standing } from '#domain/expiry.ts'
import type { renewalMethods } from '#domain/trust.ts'
import {
  authorityRecord,
  certificateContent,
  certificateRecord,
  published,
  rotationPreview,
  trustImpact,
} from '#domain/trust-record.ts'
import { getJson, nothing, sendJson } from '../shell/api.ts'
import type { Content } from './files.ts'

// Nobody is told that time passes.
const dayPassesMs = 600_000
const reportMs = 5_000

/** Certificates, when they end, and what they stand with. */
export const certificateQueries = {
  all: ['trust'] as const,
  expiries: () =>
    queryOptions({
      queryKey: [...certificateQueries.all, 'expiries'],
      queryFn: ({ signal }) => getJson('/expiries', expiryList, signal),
      staleTime: 30_000,
      refetchInterval: dayPassesMs,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...certificateQueries.all, 'certificate', id],
      queryFn: ({ signal }) => getJson(`/certificates/${id}`, certificateRecord, signal),
      // What nodes show they report, and nobody tells of every report.
      refetchInterval: ({ state }) => (state.data?.kept ? reportMs : false),
    }),
  standing: (id: string) =>
    queryOptions({
      queryKey: [...certificateQueries.all, 'standing', id],
      queryFn: ({ signal }) => getJson(`/certificates/${id}/standing`, standing, signal),
      refetchInterval: dayPassesMs,
    }),
  impact: (id: string) =>
    queryOptions({
      queryKey: [...certificateQueries.all, 'impact', id],
      queryFn: ({ signal }) => getJson(`/certificates/${id}/impact`, trustImpact, signal),
    }),
  /** CAs whose key is here. */
  issuers: () =>
    queryOptions({
      queryKey: [...certificateQueries.all, 'issuers'],
      queryFn: async ({ signal }) => {
        const read = z.object({ authorities: z.array(authorityRecord) })
        const { authorities } = await getJson('/authorities', read, signal)
        return authorities.filter(({ canIssue }) => canIssue)
      },
    }),
}

interface Entry {
  name: string
  kind: CertificateKind
}
interface Wish extends Entry {
  names: readonly SubjectAltName[]
}

export type NewCertificate =
  | ({ source: 'import'; content: Content } & Entry)
  | ({ source: 'issue'; authorityId: string; lifetimeDays: number } & Wish)
  | ({ source: 'request' } & Wish)
  | ({ source: 'nodes'; gatewayId: string; authorityId: string | null; lifetimeDays: number } & Wish)
  | { source: 'cert-manager'; document: string }

export function addCertificate(wanted: NewCertificate) {
  return sendJson('POST', '/certificates', wanted, certificateRecord)
}

export function checkContent(content: Content) {
  return sendJson('POST', '/certificates/check', { content }, certificateContent)
}

const developmentAuthorities = z.object({ root: authorityRecord, issuing: authorityRecord })

/** Makes the development CA, or reads the one that there is. */
export async function developmentAuthority() {
  return (await sendJson('POST', '/authorities/development', undefined, developmentAuthorities)).issuing
}

/** A certificate as somebody has seen it; changes of another state are refused. */
interface Seen {
  id: string
  version: number
}

export interface CertificateChange {
  name?: string
  rotationWindowDays?: number | null
  renewalMethod?: (typeof renewalMethods)[number]
}

export function changeCertificate({ id, version: ifMatch }: Seen, change: CertificateChange) {
  return sendJson('PATCH', `/certificates/${id}`, change, certificateRecord, { ifMatch })
}

export function deleteCertificate({ id, version: ifMatch }: Seen) {
  return sendJson('DELETE', `/certificates/${id}`, undefined, nothing, { ifMatch })
}

const rotated = z.object({ certificate: certificateRecord, published: z.array(published) })
export type Rotated = z.infer<typeof rotated>

export function previewRotation(id: string, content: Content) {
  return sendJson('POST', `/certificates/${id}/preview`, { content }, rotationPreview)
}

export type Renewal = { source: 'issue' } | { source: 'import'; content: Content }

export function rotateCertificate({ id, version: ifMatch }: Seen, renewal: Renewal) {
  return sendJson('POST', `/certificates/${id}/versions`, renewal, rotated, { ifMatch })
}

export function completeRequest({ id, version: ifMatch }: Seen, content: Content) {
  return sendJson('PUT', `/certificates/${id}/request`, { content }, rotated, { ifMatch })
}

/** Has every node make another key. */
export function renewByNodes({ id, version: ifMatch }: Seen) {
  return sendJson('POST', `/certificates/${id}/nodes/renewal`, undefined, certificateRecord, { ifMatch })
}

/** Brings what was signed elsewhere for the request of one node. */
export function completeForNode({ id, version: ifMatch }: Seen, nodeId: string, content: Content) {
  const path = `/certificates/${id}/nodes/${nodeId}/completion`
  return sendJson('POST', path, { content }, certificateRecord, { ifMatch })
}

export function requestVersion({ id, version: ifMatch }: Seen) {
  return sendJson('POST', `/certificates/${id}/request`, undefined, rotated, { ifMatch })
}

export function cancelRequest({ id, version: ifMatch }: Seen) {
  return sendJson('DELETE', `/certificates/${id}/request`, undefined, rotated, { ifMatch })
}

export function restoreVersion({ id, version: ifMatch }: Seen, number: number) {
  return sendJson('POST', `/certificates/${id}/versions/${number}/restore`, undefined, rotated, { ifMatch })
}

export function retireVersion({ id, version: ifMatch }: Seen, number: number) {
  return sendJson('DELETE', `/certificates/${id}/versions/${number}`, undefined, rotated, { ifMatch })
}
