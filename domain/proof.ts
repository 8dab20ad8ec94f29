import { z } from 'zod'
import { type CertificateFacts, pathFrom, validityOf, validityStates, type Watch } from './certificate.ts'
import type { ContextRef } from './context.ts'
import type { Index, Stored } from './stored.ts'
import type { AuthorityView, CertificateView, ContextView, InlineCertificates } from './trust.ts'

/** What proves an end of a leg: the chain that is shown there, up to a CA that is trusted. */

const proofLink = z.object({
  subject: z.string(),
  sha256: z.string(),
  notAfter: z.iso.datetime(),
  daysLeft: z.int(),
  state: z.enum(validityStates),
})

export const proof = z.object({
  /** From the leaf to the anchor, as far as it goes. */
  links: z.array(proofLink),
  /** The name of the CA that it ends at; null where it ends at none of the context. */
  anchor: z.string().nullable(),
  /** The issuer that nobody could find: "unknown authority". */
  missing: z.string().nullable(),
  /** Why handshakes fail; null while they do not. */
  fails: z.string().nullable(),
})
export type Proof = z.infer<typeof proof>

/** A context with everything that it names. */
export interface KnownContext {
  readonly view: ContextView
  readonly ref: ContextRef
  readonly authorities: readonly AuthorityView[]
  readonly keystore: CertificateView | null
  /** Null without a keystore. */
  readonly proof: Proof | null
}

/** Every context with its CAs, its keystore and the chain between them, as it stands at a moment. */
export function knownContexts(
  { contexts, watch }: Pick<Stored, 'contexts' | 'watch'>,
  at: Index,
  now: Date,
): ReadonlyMap<string, KnownContext> {
  return new Map(
    contexts.map((view) => {
      const authorities = view.authorityIds.flatMap((id) => at.authorities.get(id) ?? [])
      const keystore = (view.keystoreId !== null && at.certificates.get(view.keystoreId)) || null
      const { id, name, class: cls } = view
      const chain = keystore && proofOf(keystore.chain, authorities, now, watch)
      return [id, { view, ref: { id, name, class: cls }, authorities, keystore, proof: chain }]
    }),
  )
}

function proofOf(
  [leaf, ...sent]: readonly CertificateFacts[],
  authorities: readonly AuthorityView[],
  now: Date,
  watch: Watch,
): Proof | null {
  if (!leaf) return null
  const trusted = authorities.map(({ certificate }) => certificate)
  const { certificates, anchor, missing } = pathFrom(leaf, sent, trusted)
  const links = certificates.map((certificate) => linkOf(certificate, now, watch))
  return {
    links,
    anchor: authorities.find(({ certificate }) => certificate === anchor)?.name ?? null,
    missing,
    fails: whyInvalid(links) ?? (anchor ? null : whyUnproven(missing)),
  }
}

/** The same for certificates that stand in a policy: what they are proved by is the far side's own affair. */
export function inlineProof({ chain, trusted }: InlineCertificates, now: Date, watch: Watch): Proof | null {
  const [leaf, ...sent] = chain
  if (!leaf) return null
  const { certificates, anchor } = pathFrom(leaf, sent, trusted)
  const links = certificates.map((certificate) => linkOf(certificate, now, watch))
  return { links, anchor: anchor?.subject ?? null, missing: null, fails: whyInvalid(links) }
}

function linkOf(certificate: CertificateFacts, now: Date, watch: Watch): Proof['links'][number] {
  const { subject, sha256, notAfter } = certificate
  return { subject, sha256, notAfter, ...validityOf(certificate, now, watch) }
}

function whyInvalid(links: Proof['links']): string | null {
  const bad = links.find(({ state }) => state === 'expired' || state === 'not-yet-valid')
  if (!bad) return null
  return bad.state === 'expired'
    ? `${bad.subject} expired on ${bad.notAfter.slice(0, 10)}`
    : `${bad.subject} is not valid yet`
}

function whyUnproven(missing: string | null): string {
  return missing === null
    ? 'its chain ends at a certificate that the context does not trust'
    : `its chain is incomplete: ${missing} is neither sent nor trusted`
}

/** Every CA certificate that the organisation has seen, wherever it lies. */
export function issuersIn({
  authorities,
  certificates,
}: Pick<Stored, 'authorities' | 'certificates'>): CertificateFacts[] {
  return [
    ...authorities.map(({ certificate }) => certificate),
    ...certificates.flatMap(({ chain }) => chain.filter(({ isCa }) => isCa)),
  ]
}
