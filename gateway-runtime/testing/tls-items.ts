import type { AttachedPolicy, Item } from '#contract/items.ts'
import type { Authority, KeyAndCertificate } from './certificates.ts'
import { oneApi } from './publisher.ts'

/** Configurations of APIs that take their TLS from contexts. */

export function tlsContext(id: string, trusted: readonly Authority[], keystore?: KeyAndCertificate): Item {
  return {
    kind: 'tls-context',
    id: `tls-context:${id}`,
    name: `Context ${id}`,
    trustedCa: trusted.map(({ certificate }) => certificate).join(''),
    ...(keystore === undefined ? {} : { keystore: { certificate: keystore.chain, key: keystore.key } }),
  }
}

/** One API on a listener that speaks TLS. */
export function secureApi(url: string, policies: readonly AttachedPolicy[], ...contexts: Item[]): Item[] {
  const numbered = policies.map((one, order) => ({ ...one, order }))
  const items = oneApi(url, { policies: numbered }).map((item) =>
    item.kind === 'listener' ? { ...item, protocol: 'https' as const } : item,
  )
  return [...items, ...contexts]
}
