import { type Errand, type NetworkPolicyRules, type Pod, selectingPolicies } from '#domain/network-policy.ts'
import type { Cluster } from './cluster.ts'

/** Policies that ask somebody themselves, and for what. */
const asking: Readonly<Record<string, string>> = {
  'jwt-validation': 'the keys',
  'oauth2-token-introspection': 'the introspection',
  'credential-injection-oauth2': 'the tokens',
}

export const askingKinds = Object.keys(asking)

interface Attached {
  readonly kind: string
  readonly config: unknown
}

/** Whom the policies of an API ask: every address in them is one. */
export function errandsOf(
  apiId: string,
  policies: readonly Attached[],
  cluster: Cluster,
  namespace: string,
): Errand[] {
  return policies.flatMap(({ kind, config }) => {
    const what = asking[kind]
    if (what === undefined || typeof config !== 'object' || config === null) return []
    return Object.entries(config).flatMap(([member, value]) =>
      urlsIn(value).map((url): Errand => {
        const name = `${/jwks/i.test(member) ? 'the JWKS' : what} of ${url.hostname}`
        return { name, ...cluster.reached(url, namespace), protocol: 'TCP', apiIds: [apiId] }
      }),
    )
  })
}

/** One address, or several as a list or with commas between them. */
function urlsIn(value: unknown): URL[] {
  const texts: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []
  return texts.flatMap((text) => {
    const url = typeof text === 'string' ? URL.parse(text.trim()) : null
    return url && /^https?:$/.test(url.protocol) ? [url] : []
  })
}

/** Each place once, with all the APIs that need it. */
export function withoutRepeats(errands: readonly Errand[]): Errand[] {
  const byName = new Map<string, Errand>()
  for (const errand of errands) {
    const key = `${errand.name} ${errand.protocol} ${errand.port}`
    const other = byName.get(key)
    const apiIds = other?.apiIds && errand.apiIds ? [...other.apiIds, ...errand.apiIds] : errand.apiIds
    byName.set(key, { ...errand, apiIds })
  }
  return [...byName.values()]
}

/** What the comment of a policy says that it lets out, which must then be let out. */
export function promisedErrands(
  policies: readonly (NetworkPolicyRules & { readonly comment: string })[],
  pod: Pod,
): Errand[] {
  return selectingPolicies('egress', pod, policies)
    .filter(({ comment }) => /\bjwks\b/i.test(comment))
    .map(({ name }) => ({
      name: `the JWKS that the comment of ${name} promises`,
      place: { kind: 'address', address: null },
      protocol: 'TCP',
      port: 443,
      apiIds: null,
    }))
}
