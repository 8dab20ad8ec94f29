import type { Prepared } from '#policies/definition.ts'
import type { Destination } from '#policies/exchange.ts'
import type { Applies } from '#policies/rules.ts'
import type { InboundTls } from '#policies/settings.ts'
import type { RouteCounters } from './metrics.ts'
import { buildRouter, type Routed, type Router } from './router.ts'
import type { Pool } from './upstream/pool.ts'

/** One attached policy, ready to run. */
export interface LivePolicy {
  readonly id: string
  readonly kind: string
  readonly prepared: Prepared
  /** Which requests it is for; undefined for all. */
  readonly applies?: Applies | undefined
  /** Decides and reports, and lets through. */
  readonly dryRun?: boolean
}

/** Another upstream of a route, as its policies hold it. */
export interface LiveDestination extends Destination {
  readonly pool: Pool
}

/** One API instance, ready to serve. */
export interface LiveRoute extends Routed {
  readonly id: string
  readonly apiName: string
  /** Lower-case, without port; `*` for any. */
  readonly host: string
  /** Begins with /, ends without one unless it is the root, and is in the normal form of paths.ts. */
  readonly basePath: string
  readonly stripBasePath: boolean
  /** Ids of the listeners that it is served on; all without this. */
  readonly listeners?: readonly string[]
  readonly inboundTls?: InboundTls
  readonly upstream: Pool
  /** Pools that its policies may choose instead. */
  readonly destinations?: readonly LiveDestination[]
  /** In the order in which their request phases run. */
  readonly policies: readonly LivePolicy[]
}

/** A route with what the server keeps beside it. */
export interface ServedRoute extends Routed {
  readonly route: LiveRoute
  /** What is taken off a path; empty for nothing. */
  readonly strippedBase: string
  /** Whether any of its policies hears of ends, looks at whole bodies, watches WebSockets. */
  readonly hasDone: boolean
  readonly hasRequestBodies: boolean
  readonly hasResponseBodies: boolean
  readonly hasSessions: boolean
  /** Set when the plan is swapped in: counters outlive plans. */
  counters: RouteCounters | null
}

/** Everything a server serves at one time. Never changed: a new one replaces it. */
export interface Plan {
  readonly routes: readonly LiveRoute[]
  readonly served: readonly ServedRoute[]
  readonly listeners: ReadonlyMap<string, ServedListener>
}

/** Where connections come in, as a plan says it. */
export interface PlanListener {
  readonly id: string
  readonly protocol: 'http' | 'https'
  /** Every connection must begin with a PROXY header. */
  readonly proxyProtocol: boolean
}

export interface ServedListener extends PlanListener {
  /** Over the routes that are on it. */
  readonly router: Router<ServedRoute>
}

/** What a plan has where none was named: one listener without TLS. */
export const plainListener: PlanListener = { id: '', protocol: 'http', proxyProtocol: false }

/** Makes a plan. Throws an Error that names the route where two claim one address or a base path is not normal. */
export function buildPlan(
  routes: readonly LiveRoute[],
  listeners: readonly PlanListener[] = [plainListener],
): Plan {
  const served = routes.map(serve)
  return {
    routes,
    served,
    listeners: new Map(listeners.map((listener) => [listener.id, serveOn(listener, served)])),
  }
}

function serveOn(listener: PlanListener, served: readonly ServedRoute[]): ServedListener {
  const here = served.filter(({ route }) => route.listeners?.includes(listener.id) ?? true)
  return { ...listener, router: buildRouter(here) }
}

function serve(route: LiveRoute): ServedRoute {
  const { id, host, basePath, stripBasePath, policies } = route
  return {
    id,
    host,
    basePath,
    route,
    strippedBase: stripBasePath && basePath !== '/' ? basePath : '',
    hasDone: policies.some(({ prepared }) => prepared.onDone !== undefined),
    hasRequestBodies: policies.some(({ prepared }) => prepared.requestBody !== undefined),
    hasResponseBodies: policies.some(({ prepared }) => prepared.responseBody !== undefined),
    hasSessions: policies.some(({ prepared }) => prepared.onSession !== undefined),
    counters: null,
  }
}
