import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsSession } from '#policies/exchange.ts'
import type { VerifiedPeer } from '#tls/verified-peer.ts'
import { AgreedSession } from '../agreements.ts'
import type { Arrival, Door } from '../arrival.ts'
import type { Plan, ServedRoute, TlsPlace } from '../plan.ts'
import type { RefusalCode } from '../refusals.ts'
import type { HostRoutes } from '../router.ts'
import type { TlsContext } from './context.ts'

const NO_ROUTES: readonly HostRoutes<ServedRoute>[] = []

/** What a handshake came to. */
export interface Handshaken {
  readonly context: TlsContext
  /** In lower case. */
  readonly serverName: string | undefined
  /** Undefined where none was shown or asked for, or where `fault` says why it does not count. */
  readonly peer: VerifiedPeer | undefined
  readonly fault: RefusalCode | null
}

/** A connection behind a TLS handshake. */
export class TlsArrival implements Arrival {
  readonly peer: string
  readonly secure = true
  readonly tls: TlsSession
  private readonly door: Door
  private readonly raw: Socket
  private readonly handshaken: Handshaken

  constructor(door: Door, raw: Socket, peer: string, socket: TLSSocket, handshaken: Handshaken) {
    this.door = door
    this.raw = raw
    this.peer = peer
    this.handshaken = handshaken
    this.tls = new AgreedSession(socket, handshaken)
  }

  routesOf(plan: Plan, host: string): readonly HostRoutes<ServedRoute>[] {
    return this.placeIn(plan)?.router.routesOf(host) ?? NO_ROUTES
  }

  /**
   * A host of other TLS settings than those that were spoken about in the handshake cannot be asked for here: its
   * client certificates may be other ones (RFC 9110 §7.4). Where the settings have changed since, what can be seen
   * without a new handshake is looked at again: a certificate that is needed now, its names and its key.
   */
  faultOf(plan: Plan, host: string): RefusalCode | null {
    const { fault, context, peer } = this.handshaken
    if (fault !== null) return fault
    const place = this.placeIn(plan)
    if (place === undefined) return 'misdirected_request'
    if (plan.listeners.get(this.door.listener)?.hosts?.find(host) !== place) return 'misdirected_request'
    return place.context === context ? null : place.context.faultOf(peer)
  }

  private placeIn(plan: Plan): TlsPlace | undefined {
    return plan.listeners.get(this.door.listener)?.hosts?.find(this.handshaken.serverName)
  }

  // Of a TLS socket Node can reset only what lies below.
  reset(): void {
    this.raw.resetAndDestroy()
  }
}
