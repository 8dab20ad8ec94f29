import type { Arrival } from '../arrival.ts'
import { type Hops, trustedHops, untrustedHops } from '../forwarded.ts'
import { equalsText } from '../http1/bytes.ts'
import type { Head } from '../http1/head.ts'
import type { Lease } from '../lease.ts'
import type { ServedRoute } from '../plan.ts'
import type { RefusalCode } from '../refusals.ts'
import type { HostRoutes } from '../router.ts'

/** Whom the requests of one connection are for. What the last Host header led to is kept: most ask for one host only. */
export class Addressee {
  /** In lower case, without port. */
  host = ''
  /** Why nothing for this host may come by this connection. */
  fault: RefusalCode | null = null
  private readonly arrival: Arrival
  private readonly trustedHops: number
  private text = ''
  private hops: Hops | null = null
  private routes: readonly HostRoutes<ServedRoute>[] = []
  private lease: Lease | null = null

  constructor(arrival: Arrival, ownProxies: number) {
    this.arrival = arrival
    this.trustedHops = ownProxies
  }

  /** Looks at the Host header and at what proxies say. */
  look(head: Head, lease: Lease): Hops {
    const { arrival } = this
    const start = head.valueStart(head.hostField)
    const end = head.valueEnd(head.hostField)
    const isNew = this.hops === null || !equalsText(head.bytes, start, end, this.text)
    if (isNew) {
      this.text = head.bytes.latin1Slice(start, end)
      this.host = this.text.replace(/:\d+$/, '').toLowerCase()
      this.hops = untrustedHops(arrival.peer, arrival.secure, this.text)
    }
    if (isNew || this.lease !== lease) {
      this.lease = lease
      this.routes = arrival.routesOf(lease.plan, this.host)
      this.fault = arrival.faultOf(lease.plan, this.host)
    }
    if (this.trustedHops > 0)
      return trustedHops(head, this.trustedHops, arrival.peer, arrival.secure, this.text)
    return this.hops ?? untrustedHops(arrival.peer, arrival.secure, this.text)
  }

  /** The route for a path; null for the one in the head, which is in normal form then. */
  route(head: Head, path: string | null): ServedRoute | null {
    const bytes = path === null ? head.bytes : Buffer.from(path, 'latin1')
    const start = path === null ? head.base + head.targetStart : 0
    const end = path === null ? head.base + head.targetEnd : bytes.length
    for (const routes of this.routes) {
      const route = routes.find(bytes, start, end)
      if (route !== null) return route
    }
    return null
  }
}
