import { upstreamRefusal } from '#domain/address.ts'
import type { Fault } from '#domain/problem.ts'
import type { OutboundTls } from '#policies/settings.ts'
import { itemPointer, type UpstreamItem } from './items.ts'

type Endpoints = readonly Readonly<UpstreamItem['endpoints'][number]>[]

/** Says why no requests can be shared out among endpoints; null where they can. */
export function weightFault(endpoints: Endpoints): string | null {
  return endpoints.some(({ weight = 1 }) => weight > 0) ? null : 'one endpoint needs a weight above 0'
}

/** What is wrong with an upstream by itself. */
export function upstreamFaults({ id, endpoints }: UpstreamItem, allow: { loopback: boolean }): Fault[] {
  const unweighted = weightFault(endpoints)
  const refused = endpoints.flatMap(({ url }, index) => {
    const detail = upstreamRefusal(url, allow)
    return detail === null ? [] : [{ pointer: itemPointer(id, 'endpoints', index, 'url'), detail }]
  })
  return unweighted === null
    ? refused
    : [...refused, { pointer: itemPointer(id, 'endpoints'), detail: unweighted }]
}

/** What is spoken with an upstream, by its ALPN name. */
export function alpnOf(protocol: UpstreamItem['protocol']): 'h2' | 'http/1.1' {
  return protocol === 'http2' ? 'h2' : 'http/1.1'
}

/** Why an upstream cannot be reached with that TLS; null where it can. `path` leads into the policy's configuration. */
export function outboundTlsFault(
  { alpn }: OutboundTls,
  { endpoints, protocol }: Pick<UpstreamItem, 'protocol'> & { readonly endpoints: Endpoints },
): { path: readonly string[]; detail: string } | null {
  const plain = endpoints.find(({ url, weight = 1 }) => weight > 0 && !url.toLowerCase().startsWith('https:'))
  if (plain !== undefined)
    return { path: [], detail: `TLS is set for the upstream, but the address ${plain.url} is http://` }
  const spoken = alpnOf(protocol)
  if (alpn.length === 0 || alpn.includes(spoken)) return null
  return { path: ['alpn'], detail: `alpn must allow ${spoken}, which is what is spoken with this upstream` }
}
