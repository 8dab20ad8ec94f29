import { type CertificateFacts, pathFrom } from './certificate.ts'
import { listed } from './listing.ts'
import type { AuthorityView, CertificateView, ContextView } from './trust.ts'

/** Whether the parts of a context go together, before it is saved and as long as it lasts. */

type Named = Pick<ContextView, 'name' | 'class'>

/** Why the CAs do not go with the class: what a third party vouches for, nobody of the organisation may. */
export function whyGreyCaIsOurs(
  { name, class: cls }: Named,
  authorities: readonly Pick<AuthorityView, 'name' | 'runBy'>[],
): string | null {
  const ours = authorities.filter(({ runBy }) => runBy === 'organisation')
  if (cls !== 'non-org-external' || ours.length === 0) return null
  const names = listed(ours.map((authority) => authority.name))
  return `${name} is non-organisation external, where the third party runs the CA, but the organisation runs ${names}.`
}

/**
 * Why the keystore does not go with the CAs. Null where the chain reaches one of them, or may do once its gap is
 * closed; `issuers` are all CAs that anybody knows.
 */
export function whyNotIssued(
  { name }: Pick<ContextView, 'name'>,
  keystore: Pick<CertificateView, 'name'> & { readonly chain: readonly CertificateFacts[] },
  authorities: readonly Pick<AuthorityView, 'name' | 'certificate'>[],
  issuers: readonly CertificateFacts[],
): string | null {
  const [leaf, ...sent] = keystore.chain
  if (!leaf) return null
  const trusted = authorities.map(({ certificate }) => certificate)
  const { certificates, anchor, missing } = pathFrom(leaf, [...sent, ...issuers], trusted)
  // An issuer that nobody knows may yet come from a CA of the context: that is an incomplete chain.
  if (anchor || missing !== null) return null
  const issuer = certificates.length > 1 ? certificates.at(-1)?.subject : leaf.issuer
  const by = leaf.selfSigned ? 'is self-signed' : `was issued by ${issuer}`
  const allowed = listed(authorities.map((authority) => authority.name)) || 'any CA'
  return `${keystore.name} in the keystore of ${name} ${by}, not by ${allowed} of the same context.`
}
