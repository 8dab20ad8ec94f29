import { addressKind } from './address.ts'
import { normalPath } from './path.ts'

/** How an imported API is named and exposed unless somebody says otherwise. */

export const apiNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
export const basePathPattern =
  /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@%]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)*)?$/
export const hostPattern =
  /^(?:\*|(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)$/

/** A title as a name for addresses: “Orders API (v2)” becomes orders-api-v2. Null when nothing is left of it. */
export function nameFromTitle(title: string): string | null {
  const plain = title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return apiNamePattern.test(plain) ? plain : null
}

/** What is worth proposing: the path under which the gateway serves it, and where the requests go. */
export interface ExposureProposal {
  basePath: string
  /** Empty when the document names no server that could be reached. */
  upstreamUrl: string
}

/** The base path from the API's name; the upstream from the first server that is an address of its own. */
export function proposeExposure(name: string, servers: readonly string[]): ExposureProposal {
  const upstream = servers.map(absolute).find((url) => url !== null)
  return { basePath: `/${name}`, upstreamUrl: upstream ?? '' }
}

function absolute(server: string): string | null {
  const url = URL.parse(server.startsWith('//') ? `https:${server}` : server)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) return null
  if (addressKind(url.hostname) === 'metadata') return null
  return url.href.replace(/\/$/, '')
}

/** A base path as it is stored: in the normal form of paths, without a slash at its end. What has none is left as it is. */
export function tidyBasePath(given: string): string {
  const path = `/${given.split('/').filter(Boolean).join('/')}`
  const normal = normalPath(path) ?? path
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal
}
