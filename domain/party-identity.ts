import { z } from 'zod'
import { canonicalName, isDistinguishedName } from './distinguished-name.ts'
import { compileNames, namePatternFault } from './subject-alt-names.ts'
import type { SubjectAltName } from './certificate.ts'

/**
 * By what a party is known when it shows a certificate. Each is one line that says itself what it is: a whole
 * subject (`CN=shop,O=Acme`), the SHA-256 of a certificate, or a name as allow-lists have them
 * (`spiffe://acme/shop`, `*.shop.example`).
 */

export const identityKinds = ['certificate', 'subject', 'name'] as const
export type IdentityKind = (typeof identityKinds)[number]

const fingerprint = /^(?:[0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/i

export function identityKind(identity: string): IdentityKind {
  if (fingerprint.test(identity)) return 'certificate'
  return isDistinguishedName(identity) ? 'subject' : 'name'
}

/** What is wrong with an identity, or undefined. */
export function identityFault(identity: string): string | undefined {
  if (identityKind(identity) !== 'name') return undefined
  const fault = namePatternFault(identity)
  return (
    fault && `“${identity}” ${fault}; nor is it a subject such as CN=shop,O=Acme or a SHA-256 fingerprint`
  )
}

/** In one form, so that the same is never there twice. */
function standard(identity: string): string {
  return identityKind(identity) === 'certificate' ? identity.replaceAll(':', '').toLowerCase() : identity
}

export const identitiesMax = 50

/** As somebody gives them. */
export const partyIdentities = z
  .array(
    z
      .string()
      .trim()
      .max(2_000)
      .check(({ value, issues }) => {
        const message = identityFault(value)
        if (message !== undefined) issues.push({ code: 'custom', path: [], message, input: value })
      })
      .transform(standard),
  )
  .max(identitiesMax, `A party may have ${identitiesMax} identities at most.`)
  .transform((all) => [...new Set(all)])
  .describe(
    'What its certificates are known by: names (URIs, DNS names, mailboxes, addresses), whole subjects, SHA-256 fingerprints',
  )

interface Shown {
  /** Of the leaf, lower-case hex; null where nobody said. */
  readonly sha256: string | null
  readonly subject: string
  readonly names: readonly SubjectAltName[]
}

interface Known {
  readonly id: string
  readonly identities: readonly string[]
}

/** Whose certificates are whose: of what was shown the parties that it names, by the most exact kind that names any. */
export class Identities {
  readonly #certificates: ReadonlyMap<string, ReadonlySet<string>>
  readonly #subjects: ReadonlyMap<string, ReadonlySet<string>>
  readonly #names: readonly { readonly id: string; readonly match: ReturnType<typeof compileNames> }[]

  constructor(parties: readonly Known[]) {
    this.#certificates = byIdentity(parties, 'certificate', standard)
    this.#subjects = byIdentity(parties, 'subject', canonicalName)
    this.#names = parties.flatMap(({ id, identities }) => {
      const patterns = identities.filter((identity) => identityKind(identity) === 'name')
      return patterns.length > 0 ? [{ id, match: compileNames(patterns) }] : []
    })
  }

  of({
    sha256,
    subject,
    names,
  }: Shown): { readonly by: IdentityKind; readonly ids: readonly string[] } | null {
    const found: Record<IdentityKind, Iterable<string>> = {
      certificate: (sha256 !== null && this.#certificates.get(sha256)) || [],
      subject: (subject !== '' && this.#subjects.get(canonicalName(subject))) || [],
      name: this.#names.flatMap(({ id, match }) => (match(names) ? [id] : [])),
    }
    for (const by of identityKinds) {
      const ids = [...found[by]]
      if (ids.length > 0) return { by, ids }
    }
    return null
  }
}

function byIdentity(
  parties: readonly Known[],
  kind: IdentityKind,
  form: (identity: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { id, identities } of parties)
    for (const identity of identities)
      if (identityKind(identity) === kind) {
        const name = form(identity)
        found.set(name, (found.get(name) ?? new Set()).add(id))
      }
  return found
}
