import type { Exchange, Session } from '#policies/exchange.ts'
import { isPassedOver, outcomeOf, type PolicyWatch, type Running, seenBy } from '../course.ts'
import type { ListedSession, OpenSession } from '../metrics.ts'
import { runDone } from '../phases.ts'
import type { LivePolicy, LiveRoute, ServedRoute } from '../plan.ts'
import { CLOSE } from './frames.ts'
import type { Tunnel } from './tunnel.ts'

/** What sessions need of the server. */
export interface SessionsHost extends PolicyWatch {
  readonly metrics: { webSockets: number; readonly sessions: Set<OpenSession> }
  keep(route: LiveRoute): () => void
}

type Opened = Running & { readonly startMs: number; readonly route: ServedRoute | null }

/** One open WebSocket as it is counted, and as the policies that watch it see it. */
export class Sessions implements OpenSession {
  private readonly ends: { readonly policy: LivePolicy; readonly ended: () => void }[] = []
  private readonly exchange: Opened
  private readonly tunnel: Tunnel
  private readonly host: SessionsHost
  private readonly openedAtMs = Date.now()
  private readonly release: () => void

  constructor(exchange: Opened, tunnel: Tunnel, host: SessionsHost) {
    this.exchange = exchange
    this.tunnel = tunnel
    this.host = host
    const { route } = exchange
    const isWatched = route !== null && (route.hasSessions || route.hasDone)
    this.release = isWatched ? host.keep(route.route) : () => undefined
    host.metrics.webSockets++
    host.metrics.sessions.add(this)
    if (route?.counters) route.counters.webSockets++
  }

  /** Shows the socket to the policies that were asked. One that throws ends it, unless it is in dry run. */
  open(): void {
    const { exchange } = this
    const { route } = exchange
    if (route === null || !route.hasSessions) return
    for (const [place, policy] of route.route.policies.entries()) {
      if (place >= exchange.reached || isPassedOver(exchange, place)) continue
      if (policy.prepared.onSession === undefined) continue
      this.guarded(policy, () =>
        policy.prepared.onSession?.(this.sessionFor(policy, seenBy(policy, place, exchange), route)),
      )
    }
  }

  get listed(): ListedSession {
    const { route, client, claims } = this.exchange
    const { sub, exp } = claims ?? {}
    return {
      route: route?.id,
      client: client?.id,
      subject: typeof sub === 'string' ? sub : undefined,
      openedAtMs: this.openedAtMs,
      expiresAtMs: typeof exp === 'number' ? exp * 1_000 : undefined,
    }
  }

  /** The socket has ended; a code says why, where neither side has closed it in an orderly way. */
  end(code: string | undefined): void {
    const { exchange, host, tunnel } = this
    const { route } = exchange
    tunnel.end()
    host.metrics.webSockets--
    host.metrics.sessions.delete(this)
    if (route?.counters) route.counters.webSockets--
    for (const { policy, ended } of this.ends.splice(0)) this.guarded(policy, ended)
    if (route?.hasDone === true) {
      const { course } = exchange
      const counts = { requestBytes: tunnel.clientBytes, responseBytes: tunnel.upstreamBytes }
      const why = tunnel.code ?? (tunnel.hasClosed ? undefined : code)
      const outcome = outcomeOf({ course, status: 101, ...counts }, why, performance.now() - exchange.startMs)
      runDone(exchange, route.route.policies, host, outcome)
    }
    this.release()
  }

  private sessionFor(policy: LivePolicy, exchange: Exchange, route: ServedRoute): Session {
    const { tunnel, host: watch } = this
    const onEnd = (ended: () => void) => void this.ends.push({ policy, ended })
    if (policy.dryRun === true) {
      return {
        exchange,
        close: (status, detail) =>
          watch.dryRefused(policy, { status, code: `${policy.kind}.closed`, detail }, route),
        send: () => undefined,
        intercept: (maxBytes, take) =>
          tunnel.intercept(maxBytes, (text) => {
            this.guarded(policy, () => take(text))
            return false
          }),
        onEnd,
      }
    }
    return {
      exchange,
      close: (code, reason) => tunnel.close(code, reason, `${policy.kind}.closed`),
      send: (text) => tunnel.send(text),
      intercept: (maxBytes, take) =>
        tunnel.intercept(maxBytes, (text) => this.guarded(policy, () => take(text)) ?? false),
      onEnd,
    }
  }

  private guarded<T>(policy: LivePolicy, run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      this.host.policyFailed(policy, error)
      if (policy.dryRun !== true) this.tunnel.close(CLOSE.internal, '', 'policy_failed')
      return undefined
    }
  }
}
