import { randomUUID } from 'node:crypto'
import { claimText } from '#policies/claims.ts'
import type { Claims, Exchange, Session } from '#policies/exchange.ts'
import { isPassedOver, outcomeOf, type PolicyWatch, type Running, seenBy } from '../course.ts'
import type { ListedSession, OpenSession } from '../metrics.ts'
import { runDone } from '../phases.ts'
import type { LivePolicy, LiveRoute, ServedRoute } from '../plan.ts'
import { CLOSE } from './frames.ts'
import type { Tunnel } from './tunnel.ts'

/** What sessions need of the server. */
export interface SessionsHost extends PolicyWatch {
  readonly metrics: { webSockets: number; readonly sessions: Map<string, OpenSession> }
  keep(route: LiveRoute): () => void
}

/** Where no policy says which claim has it. */
const AGENCY_CLAIM = 'agency'

type Opened = Running & { readonly startMs: number; readonly route: ServedRoute | null }

/** One open WebSocket as it is counted, and as the policies that watch it see it. */
export class Sessions implements OpenSession {
  private readonly ends: { readonly policy: LivePolicy; readonly ended: () => void }[] = []
  private readonly exchange: Opened
  private readonly tunnel: Tunnel
  private readonly host: SessionsHost
  private readonly id = randomUUID()
  private readonly openedAtMs = Date.now()
  private renewals = 0
  private readonly release: () => void

  constructor(exchange: Opened, tunnel: Tunnel, host: SessionsHost) {
    this.exchange = exchange
    this.tunnel = tunnel
    this.host = host
    const { route } = exchange
    const isWatched = route !== null && (route.hasSessions || route.hasDone)
    this.release = isWatched ? host.keep(route.route) : () => undefined
    host.metrics.webSockets++
    host.metrics.sessions.set(this.id, this)
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
      id: this.id,
      route: route?.id,
      client: client?.id,
      subject: typeof sub === 'string' ? sub : undefined,
      agency: claims === undefined ? undefined : agencyIn(claims, route),
      renewals: this.renewals,
      openedAtMs: this.openedAtMs,
      expiresAtMs: typeof exp === 'number' ? exp * 1_000 : undefined,
    }
  }

  evict(): void {
    this.tunnel.close(CLOSE.endedByOperator, 'ended by an operator', 'evicted')
  }

  /** The socket has ended; a code says why, where neither side has closed it in an orderly way. */
  end(code: string | undefined): void {
    const { exchange, host, tunnel } = this
    const { route } = exchange
    tunnel.end()
    host.metrics.webSockets--
    host.metrics.sessions.delete(this.id)
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
        renewed: (claims) => void (exchange.claims = claims),
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
      renewed: (claims) => {
        exchange.claims = claims
        this.renewals++
      },
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

function agencyIn(claims: Claims, route: ServedRoute | null): string | undefined {
  const told = route?.route.policies.find(({ prepared }) => prepared.agencyOf !== undefined)
  return told === undefined ? claimText(claims[AGENCY_CLAIM]) : told.prepared.agencyOf?.(claims)
}
