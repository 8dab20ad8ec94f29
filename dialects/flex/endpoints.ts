import { upstreamAddress } from './address.ts'
import type { Path } from './document.ts'
import type { Register } from './register.ts'
import type { Reach } from './resources.ts'
import type { Reference } from './secrets.ts'

/** One address of an upstream, and where it was written. */
export interface Endpoint {
  readonly address: string
  readonly url: string
  readonly protocol: 'http1' | 'http2'
  readonly weight: number | undefined
  readonly path: Path
}

/** All addresses of an upstream that is written at a path. */
export function endpointsOf({ address, endpoints }: Reach, base: Path): Endpoint[] {
  const written = endpoints?.map((one, index) => ({ ...one, path: [...base, 'endpoints', index, 'address'] }))
  return (written ?? [{ address: address ?? '', path: [...base, 'address'] }]).map(
    ({ address: text, weight, path }) => ({ address: text, ...upstreamAddress(text), weight, path }),
  )
}

/** Whether all endpoints are spoken to alike; what differs is a fault, since one upstream cannot do both. */
export function areAlike(endpoints: readonly Endpoint[], at: Reference, register: Register): boolean {
  const [first] = endpoints
  const schemeOf = (one: Endpoint | undefined) => one?.address.split('://', 1)[0]
  const other = endpoints.find((one) => schemeOf(one) !== schemeOf(first))
  if (other === undefined) return true
  const detail = `${other.address} and ${first?.address ?? ''} are spoken to differently, which one upstream cannot do`
  register.report(at, other.path, detail)
  return false
}
