import { type Claim, type Placement, placeApis, type PlacingFault } from '#contract/placing.ts'
import type { HostTable } from '#domain/host.ts'
import type { Prepared } from '#policies/definition.ts'
import type { Destination } from '#policies/exchange.ts'
import type { Applies } from '#policies/rules.ts'
import type { InboundTls } from '#policies/settings.ts'
import type { RouteCounters } from './metrics.ts'
import type { Operations } from './operations.ts'
import { buildRouter, type Routed, type Router } from './router.ts'
import { type TlsContext, TlsContexts } from './tls/context.ts'
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
  readonly apiVersion?: string
  /** Lower-case, without port; `*` for any. */
  readonly host: string
  /** Begins with /, ends without one unless it is the root, and is in its normal form. */
  readonly basePath: string
  readonly stripBasePath: boolean
  /** Ids of the listeners that it is served on; all without this. */
  readonly listeners?: readonly string[]
  readonly inboundTls?: InboundTls
  readonly upstream: Pool
  /** What its requests are counted by, where its operations are known. */
  readonly operations?: Operations
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
  /** Over all its routes, for connections without TLS. */
  readonly router: Router<ServedRoute>
  /** With https: what each host has. Only routes of one and the same place share a connection. */
  readonly hosts: HostTable<TlsPlace> | undefined
}

/** One kind of TLS on a listener, and the routes that are served under it. */
export interface TlsPlace {
  readonly context: TlsContext
  readonly router: Router<ServedRoute>
}

/** What a plan has where none was named: one listener without TLS. */
export const plainListener: PlanListener = { id: '', protocol: 'http', proxyProtocol: false }

/** APIs of which not every one can be served where it is meant to be. */
export class PlacingRefused extends Error {
  readonly faults: readonly PlacingFault[]

  constructor(faults: readonly PlacingFault[]) {
    super(faults.map(({ detail }) => detail).join('; '))
    this.faults = faults
  }
}

/** Makes a plan. Throws PlacingRefused where routes have no place or are in each other's way, a TlsFault where TLS cannot be set up. */
export function buildPlan(
  routes: readonly LiveRoute[],
  listeners: readonly PlanListener[] = [plainListener],
  contexts = new TlsContexts(),
): Plan {
  const claims = routes.map((route) => claimOf(route, contexts))
  const { byListener, faults } = placeApis(claims, listeners)
  if (faults.length > 0) throw new PlacingRefused(faults)
  return {
    routes,
    served: claims.map(({ served }) => served),
    listeners: new Map(
      listeners.map((listener) => [listener.id, serveOn(listener, byListener.get(listener.id), contexts)]),
    ),
  }
}

interface RouteClaim extends Claim {
  readonly served: ServedRoute
}

function claimOf(route: LiveRoute, contexts: TlsContexts): RouteClaim {
  const { id, apiName: name, apiVersion: version = '', host, basePath, listeners, inboundTls } = route
  const tls = inboundTls && { key: contexts.keyOf(inboundTls), settings: inboundTls }
  return { id, name, version, host, basePath, listeners, tls, served: serve(route) }
}

function serveOn(
  listener: PlanListener,
  placement: Placement<RouteClaim> | undefined,
  contexts: TlsContexts,
): ServedListener {
  const { plain = [], secure } = placement ?? {}
  const places = new Map([...(secure?.served ?? [])].map(([key, here]) => [key, placeOf(here, contexts)]))
  return { ...listener, router: routerOf(plain), hosts: secure?.hosts.map((key) => places.get(key)) }
}

/** One of those who are served under a TLS asks for it. */
function placeOf(here: readonly RouteClaim[], contexts: TlsContexts): TlsPlace | undefined {
  const tls = here.find((claim) => claim.tls !== undefined)?.tls
  return tls && { context: contexts.of(tls.settings), router: routerOf(here) }
}

function routerOf(claims: readonly RouteClaim[]): Router<ServedRoute> {
  return buildRouter(claims.map(({ served }) => served))
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
