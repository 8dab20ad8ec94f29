import type { Prepared } from '#policies/definition.ts'
import { buildRouter, type Router } from './router.ts'
import type { Pool } from './upstream/pool.ts'

/** One attached policy, ready to run. */
export interface LivePolicy {
  readonly id: string
  readonly kind: string
  readonly prepared: Prepared
}

/** One API instance, ready to serve. */
export interface LiveRoute {
  readonly id: string
  readonly apiName: string
  /** Lower-case, without port; `*` for any. */
  readonly host: string
  /** Begins with /, ends without one unless it is the root, and is in the normal form of paths.ts. */
  readonly basePath: string
  readonly stripBasePath: boolean
  readonly upstream: Pool
  /** In the order in which their request phases run. */
  readonly policies: readonly LivePolicy[]
}

/** Everything a server serves at one time. Never changed: a new one replaces it. */
export interface Plan {
  readonly routes: readonly LiveRoute[]
  readonly router: Router<LiveRoute>
}

/** Makes a plan. Throws an Error that names the route where two claim one address or a base path is not normal. */
export function buildPlan(routes: readonly LiveRoute[]): Plan {
  return { routes, router: buildRouter(routes) }
}
