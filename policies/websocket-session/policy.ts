import { definePolicy } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { type WebsocketSessionConfig, websocketSessionConfig } from './config.ts'
import { expiryMs, subjectOf } from './renewal.ts'
import { WatchedSession } from './watched.ts'

const noIdentity: Refusal = {
  status: 401,
  code: 'websocket-session.no_identity',
  detail: 'A WebSocket needs a verified identity.',
  headers: { 'www-authenticate': 'Bearer' },
}
const tooMany: Refusal = {
  status: 429,
  code: 'websocket-session.too_many',
  detail: 'This caller has too many WebSockets open.',
}

/** Counts the sockets of each caller, those that are being opened among them. */
class OpenSockets {
  readonly #counts = new Map<string, number>()

  isFull(caller: string, max: number): boolean {
    return max > 0 && (this.#counts.get(caller) ?? 0) >= max
  }

  add(caller: string): void {
    this.#counts.set(caller, (this.#counts.get(caller) ?? 0) + 1)
  }

  remove(caller: string): void {
    const left = (this.#counts.get(caller) ?? 0) - 1
    if (left > 0) this.#counts.set(caller, left)
    else this.#counts.delete(caller)
  }
}

/** Closes WebSockets whose token has expired, and lets clients renew it on the open socket. */
export const websocketSession = definePolicy<WebsocketSessionConfig>({
  kind: 'websocket-session',
  policyVersion: '1.0.0',
  title: 'WebSocket session',
  summary: 'Closes WebSockets when their token expires; clients renew it on the open socket.',
  category: 'identity',
  config: websocketSessionConfig,
  summarise({ closeCode, graceSeconds, maxLifetime, maxSessions }) {
    return [
      `Closed with ${closeCode} ${graceSeconds === 0 ? 'at' : `${graceSeconds} s behind`} the expiry of the token`,
      ...(maxLifetime === 0 ? [] : [`after ${maxLifetime} s at the latest`]),
      ...(maxSessions === 0 ? [] : [`at most ${maxSessions} for each caller`]),
    ].join(', ')
  },
  prepare(config, ports) {
    const sockets = ports.state('sockets', () => new OpenSockets())
    const counted = new WeakMap<Exchange, string>()
    return {
      onRequest(exchange) {
        if (!exchange.upgrades) return undefined
        const { claims } = exchange
        const caller = subjectOf(claims)
        if (claims === undefined || caller === undefined || expiryMs(claims) === null) return noIdentity
        if (sockets.isFull(caller, config.maxSessions)) return tooMany
        sockets.add(caller)
        counted.set(exchange, caller)
        // A compressed message could not be told from the upstream's own.
        exchange.removeHeader('sec-websocket-extensions')
        return undefined
      },
      onSession: (session) => new WatchedSession(session, config, ports).start(),
      onDone(exchange) {
        const caller = counted.get(exchange)
        if (caller !== undefined) sockets.remove(caller)
      },
    }
  },
})
