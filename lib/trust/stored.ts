import { z } from 'zod'
import type { CertificateFacts } from '#domain/certificate.ts'
import type { Acceptance } from '#domain/acceptance.ts'
import { acceptance } from '#domain/acceptance.ts'
import {
  type AuthorityView,
  authorityView,
  type CertificateView,
  certificateView,
  type ContextView,
  contextView,
} from '#domain/trust.ts'
import type { CertificateVersionView } from '#domain/trust-record.ts'
import type { CertificateVersion, FindingAcceptance, Prisma } from '#prisma/generated/client.ts'
import { factsInPem } from './pem-facts.ts'

/** Rows as the domain knows them. The database holds kinds and owners as text; here they are checked. */

export const withVersions = {
  versions: { orderBy: { number: 'desc' } },
  kept: { select: { nodes: { select: { chain: true } } } },
} satisfies Prisma.CertificateInclude

/** The version that is shown, alone. */
export const withCurrent = {
  versions: { where: { state: 'current' } },
  kept: { select: { nodes: { select: { chain: true } } } },
} satisfies Prisma.CertificateInclude

export const withAuthorities = {
  authorities: { select: { authorityId: true }, orderBy: { authorityId: 'asc' } },
} satisfies Prisma.MtlsContextInclude

type CertificateRow = Prisma.CertificateGetPayload<{ include: typeof withCurrent }>
type AuthorityRow = Prisma.AuthorityGetPayload<object>
type ContextRow = Prisma.MtlsContextGetPayload<{ include: typeof withAuthorities }>

/** The facts of a chain that this folder has stored. */
export function chainFacts(pem: string | null): CertificateFacts[] {
  const facts = factsInPem(pem ?? '', Number.POSITIVE_INFINITY)
  if (facts === null) throw new Error('a stored certificate cannot be read')
  return facts
}

// Before the first version there is no chain.
const entry = certificateView.extend({ chain: z.array(certificateView.shape.chain.element) })

/** What is shown, as PEM: the version of today, or of what its nodes show that which ends first. */
export function shownBy({ versions, kept }: CertificateRow): string | null {
  if (kept !== null) return soonestOf(kept.nodes.flatMap(({ chain }) => chain ?? []))
  return versions.find(({ state }) => state === 'current')?.chain ?? null
}

export function soonestOf(chains: readonly string[]): string | null {
  const endOf = (chain: string) => Date.parse(chainFacts(chain)[0]?.notAfter ?? '')
  return chains.toSorted((a, b) => endOf(a) - endOf(b))[0] ?? null
}

/** A certificate by the version that it shows, of those versions that were read. */
export function toEntry(row: CertificateRow): z.output<typeof entry> {
  const current = row.versions.find(({ state }) => state === 'current')
  return entry.parse({
    ...row,
    chain: chainFacts(shownBy(row)),
    hasKey: current?.keySealed != null,
  })
}

/** The same where there is something to show; null where the first is only requested yet. */
export function toCertificate(row: CertificateRow): CertificateView | null {
  const { chain, ...rest } = toEntry(row)
  return chain.length === 0 ? null : { ...rest, chain }
}

export function toVersion(row: CertificateVersion): CertificateVersionView {
  const { number, state, chain, keySealed, issuerId, createdAt, createdBy } = row
  return {
    number,
    state,
    chain: chainFacts(chain),
    hasKey: keySealed !== null,
    issuerId,
    createdAt: createdAt.toISOString(),
    createdBy,
  }
}

export function toAuthority(row: AuthorityRow): AuthorityView {
  const [certificate] = chainFacts(row.certificate)
  return authorityView.parse({ ...row, certificate, canIssue: row.keySealed !== null })
}

export function toContext(row: ContextRow): ContextView {
  return contextView.parse({ ...row, authorityIds: row.authorities.map(({ authorityId }) => authorityId) })
}

export function toAcceptance(row: FindingAcceptance): Acceptance {
  return acceptance.parse({ ...row, until: row.until.toISOString() })
}
