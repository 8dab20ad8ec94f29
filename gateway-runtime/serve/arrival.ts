import type { Socket } from 'node:net'
import type { TlsSession } from '#policies/exchange.ts'
import type { Plan, ServedRoute } from './plan.ts'
import type { RefusalCode } from './refusals.ts'
import type { HostRoutes } from './router.ts'

/** How a client's connection came in, and what that lets it ask for. */
export interface Arrival {
  /** The client's address: the socket's, or the one that a PROXY header gives. */
  readonly peer: string
  readonly secure: boolean
  readonly tls: TlsSession | undefined
  /** The routes of a host (lower-case, without port) on the listener; their base paths are looked at in that order. */
  routesOf(plan: Plan, host: string): readonly HostRoutes<ServedRoute>[]
  /** Why no request for that host may come by this connection, which then ends; null where it may. */
  faultOf(plan: Plan, host: string): RefusalCode | null
  /** Cuts the connection in a way that nobody takes for a clean end. */
  reset(): void
}

/** An open port. What it is for may change while it stays open. */
export interface Door {
  /** The id of its listener in the plan. */
  listener: string
}

const NO_ROUTES: readonly HostRoutes<ServedRoute>[] = []

/** A connection without TLS. */
export class PlainArrival implements Arrival {
  readonly peer: string
  readonly secure = false
  readonly tls = undefined
  private readonly door: Door
  private readonly socket: Socket

  constructor(door: Door, socket: Socket, peer: string) {
    this.door = door
    this.socket = socket
    this.peer = peer
  }

  routesOf(plan: Plan, host: string): readonly HostRoutes<ServedRoute>[] {
    return plan.listeners.get(this.door.listener)?.router.routesOf(host) ?? NO_ROUTES
  }

  // The port may have become one for TLS alone since this connection was made.
  faultOf(plan: Plan): RefusalCode | null {
    return plan.listeners.get(this.door.listener)?.protocol === 'https' ? 'misdirected_request' : null
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }
}

/** An address as policies and logs have it: IPv4 without its IPv6 wrapping. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
