import { definePolicy, type Ports } from '../definition.ts'
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

type Leave = () => void

/** Counts the sockets of each caller, those that are being opened among them. */
class OpenSockets {
  readonly #counts = new Map<string, number>()

  /** Gives what is called once when the socket has ended; undefined where the caller has enough of them. */
  enter(caller: string, max: number): Leave | undefined {
    const count = this.#counts.get(caller) ?? 0
    if (count >= max) return undefined
    this.#counts.set(caller, count + 1)
    return () => this.#leave(caller)
  }

  #leave(caller: string): void {
    const left = (this.#counts.get(caller) ?? 0) - 1
    if (left > 0) this.#counts.set(caller, left)
    else this.#counts.delete(caller)
  }
}

/** Lets a caller open another socket, over all processes of the node; while they are away each counts for itself. */
function doorkeeper(
  config: WebsocketSessionConfig,
  ports: Ports,
): (caller: string) => Leave | undefined | Promise<Leave | undefined> {
  // Counted without a bound as well: there may be one in the next plan.
  const maxSessions = config.maxSessions === 0 ? Number.MAX_SAFE_INTEGER : config.maxSessions
  const sockets = ports.state('sockets', () => new OpenSockets())
  const enterOnNode = ports.enterOnNode?.('sockets')
  if (enterOnNode === undefined) return (caller) => sockets.enter(caller, maxSessions)
  return async (caller) => {
    try {
      return await enterOnNode(caller, maxSessions)
    } catch {
      ports.count('node_failures')
      return sockets.enter(caller, maxSessions)
    }
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
    const enter = doorkeeper(config, ports)
    const leaving = new WeakMap<Exchange, Leave>()
    const over = new WeakSet<Exchange>()
    const entered = (exchange: Exchange, leave: Leave | undefined): Refusal | undefined => {
      if (leave === undefined) return tooMany
      // It may have ended while the node was asked.
      if (over.has(exchange)) leave()
      else leaving.set(exchange, leave)
      return undefined
    }
    return {
      onRequest(exchange) {
        if (!exchange.upgrades) return undefined
        const { claims } = exchange
        const caller = subjectOf(claims)
        if (claims === undefined || caller === undefined || expiryMs(claims) === null) return noIdentity
        // A compressed message could not be told from the upstream's own.
        exchange.removeHeader('sec-websocket-extensions')
        const leave = enter(caller)
        return leave instanceof Promise
          ? leave.then((given) => entered(exchange, given))
          : entered(exchange, leave)
      },
      onSession: (session) => new WatchedSession(session, config, ports).start(),
      onDone(exchange) {
        over.add(exchange)
        leaving.get(exchange)?.()
        leaving.delete(exchange)
      },
    }
  },
})
