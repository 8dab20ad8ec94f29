import type { PolicyWatch } from '../course.ts'
import type { Lease } from '../lease.ts'
import type { Limits } from '../limits.ts'
import type { AccessLog } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Overload } from '../overload.ts'
import type { LiveRoute } from '../plan.ts'
import type { BodyBudget } from './body.ts'

/** What client connections share: the server that accepted them. */
export interface ConnectionHost extends PolicyWatch {
  readonly limits: Limits
  readonly metrics: Metrics
  readonly bodies: BodyBudget
  readonly overload: Pick<Overload, 'refuses'>
  readonly log: AccessLog | undefined
  readonly trustedHops: number
  readonly draining: boolean
  /** The plan to start the next exchange on; null before the first one. */
  readonly lease: Lease | null
  /** The policies of a route stay as they are until the answer is called, whatever plan is served. */
  keep(route: LiveRoute): () => void
  closed(connection: OpenConnection): void
}

/** A client's connection as the server that accepted it holds it, whatever is spoken on it. */
export interface OpenConnection {
  /** The server takes no more requests: an idle connection ends now, others after their answers. */
  startDrain(): void
  /** Ends WebSockets with 1001. */
  goAway(): void
  /** The drain's deadline has passed. */
  endDrain(): void
}
