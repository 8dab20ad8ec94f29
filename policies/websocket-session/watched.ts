import type { Ports } from '../definition.ts'
import type { Claims, Session } from '../exchange.ts'
import type { WebsocketSessionConfig } from './config.ts'
import { expiryMs, renewalIn, subjectOf } from './renewal.ts'

/** Longer messages cannot be renewals: a token goes into a header too. */
const messageBytesMax = 32_768
/** A client that sends wrong tokens again and again costs a verification each time. */
const failuresMax = 5

/** One open socket, closed when its token has expired, unless the client brings another one. */
export class WatchedSession {
  readonly #session: Session
  readonly #config: WebsocketSessionConfig
  readonly #ports: Ports
  readonly #endsMs: number
  #cancel: () => void = () => undefined
  #isRenewing = false
  #hasEnded = false
  #failures = 0

  constructor(session: Session, config: WebsocketSessionConfig, ports: Ports) {
    this.#session = session
    this.#config = config
    this.#ports = ports
    const { maxLifetime } = config
    this.#endsMs = maxLifetime === 0 ? Infinity : ports.monotonicMs() + maxLifetime * 1_000
  }

  start(): void {
    this.#session.onEnd(() => {
      this.#hasEnded = true
      this.#cancel()
    })
    this.#session.intercept(messageBytesMax, (text) => this.#take(text))
    this.#arm()
  }

  /** How long the socket may stay open from now on. */
  #leftMs(): number {
    const { exchange } = this.#session
    const expires = expiryMs(exchange.claims)
    const lifeMs = this.#endsMs - this.#ports.monotonicMs()
    if (expires === undefined) return lifeMs
    if (expires === null) return 0
    return Math.min(lifeMs, expires + this.#config.graceSeconds * 1_000 - this.#ports.nowMs())
  }

  #arm(): void {
    this.#cancel()
    const leftMs = this.#leftMs()
    if (leftMs === Infinity) return
    this.#cancel = this.#ports.after(Math.max(0, leftMs), () => this.#due())
  }

  #due(): void {
    // The clock on the wall may have been set back meanwhile.
    if (this.#leftMs() > 0) return this.#arm()
    const isOld = this.#endsMs <= this.#ports.monotonicMs()
    this.#evict(isOld ? 'lifetime' : 'expired', isOld ? 'the socket is too old' : 'the token has expired')
  }

  #evict(why: string, reason: string): void {
    this.#ports.count('evicted', { why })
    this.#session.close(this.#config.closeCode, reason)
  }

  #take(text: string): boolean {
    const renewal = renewalIn(text, this.#config.renewal.message)
    if (renewal === undefined) return false
    if (renewal.token === undefined) this.#refuse('no_token')
    else if (this.#isRenewing) this.#refuse('busy')
    else void this.#renew(renewal.token)
    return true
  }

  async #renew(token: string): Promise<void> {
    this.#isRenewing = true
    const claims = await this.#verified(token)
    this.#isRenewing = false
    if (this.#hasEnded) return
    if (claims === undefined) return this.#refuse('invalid_token')
    const reason = this.#faultOf(claims)
    if (reason !== undefined) return this.#refuse(reason)
    this.#failures = 0
    this.#session.renewed(claims)
    this.#arm()
    this.#ports.count('renewed')
    const expires = expiryMs(claims)
    this.#answer({
      status: 'renewed',
      ...(typeof expires === 'number' ? { expiresAt: Math.floor(expires / 1_000) } : {}),
    })
  }

  async #verified(token: string): Promise<Claims | undefined> {
    try {
      return await this.#session.exchange.renewIdentity?.(token)
    } catch (error) {
      this.#ports.log('warn', 'websocket_renewal_failed', { reason: String(error) })
      return undefined
    }
  }

  #faultOf(claims: Claims): string | undefined {
    const subject = subjectOf(this.#session.exchange.claims)
    if (subject === undefined || subject !== subjectOf(claims)) return 'other_subject'
    const expires = expiryMs(claims)
    if (expires === null) return 'invalid_token'
    const leftMs = (expires ?? Infinity) - this.#ports.nowMs()
    return leftMs <= this.#config.renewal.minRemaining * 1_000 ? 'expires_too_soon' : undefined
  }

  #refuse(reason: string): void {
    this.#ports.count('renewal_refused', { reason })
    this.#answer({ status: 'refused', reason })
    if (++this.#failures >= failuresMax) this.#evict('failures', 'too many wrong tokens')
  }

  #answer(fields: Record<string, unknown>): void {
    this.#session.send(JSON.stringify({ type: this.#config.renewal.message, ...fields }))
  }
}
