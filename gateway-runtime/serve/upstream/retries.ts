import type { RetrySettings } from '#policies/settings.ts'
import { clock } from '../clock.ts'
import type { Head } from '../http1/head.ts'
import type { TrailerFields } from '../http1/trailers.ts'
import type { Caller, UpstreamFailure, UpstreamLink } from './connection.ts'
import type { Endpoint } from './endpoint.ts'

type Trigger = RetrySettings['triggers'][number]

const CONNECT_FAILURES: ReadonlySet<UpstreamFailure> = new Set([
  'upstream_unreachable',
  'upstream_connect_timeout',
  'upstream_tls_handshake',
])
const RESETS: ReadonlySet<UpstreamFailure> = new Set([
  'upstream_reset',
  'upstream_response_timeout',
  'upstream_bad_response',
])

/** What retries need of the pool that they are made in. */
export interface RetryingPool {
  /** For all attempts together. */
  readonly totalMs: number
  start(caller: RetryingCaller): void
  cancelAttempt(caller: RetryingCaller): void
  /** Asks the budget for one more retry at a time; whoever gets it gives it back. */
  takeRetry(): boolean
  retried(): void
  endRetry(): void
  /** The request is over, for its pool. */
  ended(caller: RetryingCaller): void
}

/**
 * Stands between a caller and the pool and sends its request again where that is safe: nothing of an answer has
 * reached the client, no byte of a request body has been sent, and the method may be repeated.
 */
export class RetryingCaller implements Caller {
  readonly inner: Caller
  /** Where the last attempt went. */
  tried: Endpoint | null = null
  private readonly pool: RetryingPool
  private readonly settings: RetrySettings
  private readonly startMs = clock.nowMs
  private link: UpstreamLink | null = null
  private retries = 0
  private isSent = false
  private holdsBudget = false
  /** The answer at hand is not passed on. */
  private discards = false
  private isOver = false
  private timer: NodeJS.Timeout | undefined

  constructor(inner: Caller, pool: RetryingPool, settings: RetrySettings) {
    this.inner = inner
    this.pool = pool
    this.settings = settings
  }

  get isHead(): boolean {
    return this.inner.isHead
  }
  get requestDone(): boolean {
    return this.inner.requestDone
  }
  get takesTrailers(): boolean {
    return this.inner.takesTrailers
  }
  get balancingKey(): string | undefined {
    return this.inner.balancingKey
  }

  upstreamReady(connection: UpstreamLink): void {
    this.link = connection
    this.tried = connection.endpoint
    this.isSent = true
    this.inner.upstreamReady(connection)
  }

  upstreamWritable(): void {
    this.inner.upstreamWritable()
  }

  interimResponse(head: Head): void {
    this.inner.interimResponse(head)
  }

  switchProtocols(head: Head, bytes: Buffer, start: number, end: number): boolean {
    const switched = this.inner.switchProtocols(head, bytes, start, end)
    if (switched) this.over()
    return switched
  }

  response(head: Head, bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    if (this.isOver || !this.wantsRetry(head.status) || !this.takeRetry())
      return this.inner.response(head, bytes, slices, ends)
    this.discards = true
    // What is complete leaves a connection behind that can be used again.
    if (ends) return false
    this.link?.destroy()
    this.again()
    return false
  }

  responseBody(bytes: Buffer, slices: readonly number[], ends: boolean): boolean {
    return this.discards ? false : this.inner.responseBody(bytes, slices, ends)
  }

  responseTrailers(fields: TrailerFields): void {
    if (!this.discards) this.inner.responseTrailers(fields)
  }

  responseEnded(): void {
    if (this.discards) return this.again()
    this.over()
    this.inner.responseEnded()
  }

  tunnelBytes(bytes: Buffer, start: number, end: number): boolean {
    return this.inner.tunnelBytes(bytes, start, end)
  }

  tunnelEnded(): void {
    this.inner.tunnelEnded()
  }

  upstreamFailed(failure: UpstreamFailure, retryAfterSeconds?: number): void {
    if (!this.isOver && this.isTriggeredBy(failure) && this.takeRetry()) return this.again()
    this.over()
    this.inner.upstreamFailed(failure, retryAfterSeconds)
  }

  mayRetry(): boolean {
    return this.inner.mayRetry()
  }

  takeBack(idempotentOnly: boolean): boolean {
    return this.inner.takeBack(idempotentOnly)
  }

  /** The link was ended by whoever was served on it: by the client, unless it was for another attempt. */
  abandoned(): void {
    if (!this.discards) this.over()
  }

  cancel(): void {
    clearTimeout(this.timer)
    this.pool.cancelAttempt(this)
    this.over()
  }

  private has(trigger: Trigger): boolean {
    return this.settings.triggers.includes(trigger)
  }

  private wantsRetry(status: number): boolean {
    if (this.has('retriable-status-codes') && this.settings.statusCodes.includes(status)) return true
    if (status < 500) return false
    return this.has('5xx') || (this.has('gateway-error') && status >= 502 && status <= 504)
  }

  private isTriggeredBy(failure: UpstreamFailure): boolean {
    if (CONNECT_FAILURES.has(failure)) return this.has('connect-failure') || this.has('5xx')
    if (!RESETS.has(failure)) return false
    return this.has('reset') || this.has('5xx') || (this.has('gateway-error') && this.isSent)
  }

  private takeRetry(): boolean {
    const { numRetries, idempotentOnly } = this.settings
    if (this.retries >= numRetries || clock.nowMs - this.startMs >= this.pool.totalMs) return false
    if (!this.holdsBudget && !this.pool.takeRetry()) return false
    this.holdsBudget = true
    // Before anything was sent, nothing can happen twice.
    if (this.isSent && !this.inner.takeBack(idempotentOnly)) return false
    this.retries++
    this.pool.retried()
    return true
  }

  private again(): void {
    this.discards = false
    this.isSent = false
    this.link = null
    const { backOffBaseMs, backOffMaxMs } = this.settings
    const longest = Math.min(backOffMaxMs, backOffBaseMs * 2 ** (this.retries - 1))
    this.timer = setTimeout(() => this.pool.start(this), Math.random() * longest)
  }

  private over(): void {
    if (this.isOver) return
    this.isOver = true
    if (this.holdsBudget) this.pool.endRetry()
    this.pool.ended(this)
  }
}
