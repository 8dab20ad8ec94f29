import type { AccessLog } from './log.ts'
import type { Limits } from './limits.ts'
import type { Figures } from './metrics.ts'
import type { Plan } from './plan.ts'

/**
 * The data plane of one process. What a runtime needs of serve/ is here, in plan.ts (`buildPlan`, `LiveRoute`)
 * and in upstream/pool.ts (`createPool`, `poolIdentity`).
 */
export interface Server {
  /**
   * Serves a plan from the next request on and returns the one before. Running exchanges finish on theirs,
   * WebSockets stay open. Policies and pools that no plan in use holds any more are disposed of once the last
   * exchange on them has ended; those that the new plan took over (same object) live on.
   */
  swap(plan: Plan): Plan | undefined
  /** Opens a port. Before the first plan every request is answered 503 `not_configured`, so swap first. */
  listen(where: { address: string; port: number }): Promise<Listening>
  /**
   * Closes every port, ends idle connections, lets running exchanges finish with `Connection: close`, ends
   * WebSockets with 1001 and cuts what is left at the deadline.
   */
  drain(deadlineMs: number): Promise<void>
  /** Counters since the start; the reader takes differences. */
  figures(): Figures
}

export interface Listening {
  readonly port: number
  /** Stops accepting here; connections that are open live on. */
  close(): Promise<void>
}

export interface ServerEvent {
  readonly level: 'info' | 'warning' | 'error'
  readonly code: string
  readonly detail: string
}

export interface ServerOptions {
  readonly limits?: Partial<Limits>
  readonly log?: AccessLog
  /** How many proxies in front are ours: 0 drops what the client says of itself, n keeps the n rightmost hops. */
  readonly trustedHops?: number
  readonly onEvent?: (event: ServerEvent) => void
}
