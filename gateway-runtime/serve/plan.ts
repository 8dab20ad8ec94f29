import type { Prepared } from '#policies/definition.ts'
import type { Destination } from '#policies/exchange.ts'
import type { Applies } from '#policies/rules.ts'
import type { InboundTls } from '#policies/settings.ts'
import type { RouteCounters } from './metrics.ts'
import type { Operations } from './operations.ts'
import { buildRouter, RouteFault, type Routed, type Router } from './router.ts'
import { type TlsContext, TlsContexts } from './tls/context.ts'
import { HostTable } from './tls/hosts.ts'
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

/**
 * Makes a plan. Throws a RouteFault where two routes claim one address of a listener or different TLS for one host,
 * where a route cannot be reached on a listener that it names, or on none; and where TLS cannot be set up.
 */
export function buildPlan(
  routes: readonly LiveRoute[],
  listeners: readonly PlanListener[] = [plainListener],
  contexts = new TlsContexts(),
): Plan {
  const served = routes.map(serve)
  for (const route of served) checkListeners(route, listeners)
  const onListeners = listeners.map((listener) => serveOn(listener, served, contexts))
  const reached = new Set(onListeners.flatMap(({ here }) => here))
  const lost = listeners.length === 0 ? undefined : served.find((route) => !reached.has(route))
  if (lost !== undefined) throw new RouteFault(lost.id, whyLost(lost))
  return {
    routes,
    served,
    listeners: new Map(onListeners.map(({ listener }) => [listener.id, listener])),
  }
}

interface OnListener {
  readonly listener: ServedListener
  /** The routes that can be reached there. */
  readonly here: readonly ServedRoute[]
}

function serveOn(listener: PlanListener, served: readonly ServedRoute[], contexts: TlsContexts): OnListener {
  const meant = served.filter(({ route }) => route.listeners?.includes(listener.id) ?? true)
  return listener.protocol === 'https' ? serveTls(listener, meant, contexts) : servePlain(listener, meant)
}

// What an API asks of TLS would mean nothing without it: there it is not served.
function servePlain(listener: PlanListener, meant: readonly ServedRoute[]): OnListener {
  const wrong = meant.find(({ route }) => route.inboundTls !== undefined && route.listeners !== undefined)
  if (wrong !== undefined)
    throw new RouteFault(
      wrong.id,
      `${nameOf(wrong)} has a tls policy and cannot be served on ${listener.id}, which speaks http`,
    )
  const here = meant.filter(({ route }) => route.inboundTls === undefined)
  return { listener: { ...listener, router: buildRouter(here, nameOf), hosts: undefined }, here }
}

function serveTls(listener: PlanListener, meant: readonly ServedRoute[], contexts: TlsContexts): OnListener {
  const table = new HostTable(contextsByHost(meant, contexts))
  const byContext = new Map<TlsContext, ServedRoute[]>()
  for (const route of meant) {
    const context = table.find(route.host)
    if (context !== undefined) {
      const sharing = byContext.get(context)
      if (sharing === undefined) byContext.set(context, [route])
      else sharing.push(route)
    } else if (route.route.listeners !== undefined)
      throw new RouteFault(
        route.id,
        `${nameOf(route)}: no tls policy gives a certificate for ${route.host} on ${listener.id}`,
      )
  }
  const places = new Map<TlsContext, TlsPlace>()
  for (const [context, routes] of byContext)
    places.set(context, { context, router: buildRouter(routes, nameOf) })
  const here = [...byContext.values()].flat()
  return {
    listener: { ...listener, router: buildRouter([]), hosts: table.map((context) => places.get(context)) },
    here,
  }
}

function contextsByHost(routes: readonly ServedRoute[], contexts: TlsContexts): Map<string, TlsContext> {
  const found = new Map<string, { context: TlsContext; by: ServedRoute }>()
  for (const served of routes) {
    const { inboundTls } = served.route
    if (inboundTls === undefined) continue
    const context = contextOf(served, inboundTls, contexts)
    const other = found.get(served.host)
    if (other === undefined) found.set(served.host, { context, by: served })
    else if (other.context !== context)
      throw new RouteFault(
        served.id,
        `${nameOf(served)} and ${nameOf(other.by)} ask for different TLS at ${served.host}`,
      )
  }
  return new Map([...found].map(([host, { context }]) => [host, context]))
}

function contextOf(served: ServedRoute, settings: InboundTls, contexts: TlsContexts): TlsContext {
  try {
    return contexts.of(settings)
  } catch (error) {
    throw new RouteFault(
      served.id,
      `${nameOf(served)}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function checkListeners(served: ServedRoute, listeners: readonly PlanListener[]): void {
  const unknown = served.route.listeners?.find((id) => listeners.every((listener) => listener.id !== id))
  if (unknown === undefined) return
  throw new RouteFault(
    served.id,
    `${nameOf(served)} is to be served on ${unknown}, and there is no such listener`,
  )
}

function whyLost(lost: ServedRoute): string {
  return lost.route.inboundTls === undefined
    ? `${nameOf(lost)}: there is no listener for http, and no tls policy gives a certificate for ${lost.host}`
    : `${nameOf(lost)} has a tls policy, and there is no listener for https`
}

function nameOf({ route }: ServedRoute): string {
  return `${route.apiName} (${route.id})`
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
