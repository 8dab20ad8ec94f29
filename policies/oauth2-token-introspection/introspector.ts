import { frozen } from '../claims.ts'
import type { Ports } from '../definition.ts'
import type { Claims } from '../exchange.ts'
import { Remembered } from '../remembered.ts'
import type { IntrospectionConfig } from './config.ts'

/** What the issuer says of a token: its claims, or that it is not good. */
export type Finding = { readonly claims: Claims } | 'inactive'

interface Entry {
  readonly finding: Finding
  /** Monotonic milliseconds. */
  readonly untilMs: number
}

const bytesMax = 65_536
/** A token that is not good stays so, but one that is not good yet may become it. */
const inactiveMs = 10_000

/** After so many failures in a row the issuer is left alone for a while, so that callers do not wait in vain. */
const failuresMax = 5
const pauseMinMs = 1_000
const pauseMaxMs = 30_000

/** Asks the issuer about tokens, each once at a time, and remembers what it says. Tokens are kept as hashes. */
export class Introspector {
  readonly #config: IntrospectionConfig
  readonly #ports: Ports
  readonly #remembered: Remembered<Entry>
  readonly #flights = new Map<string, Promise<Finding | undefined>>()
  #failures = 0
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(config: IntrospectionConfig, ports: Ports) {
    this.#config = config
    this.#ports = ports
    this.#remembered = new Remembered(config.maxCacheEntries)
  }

  /** What is remembered of a token. */
  known(hash: string): Finding | undefined {
    const entry = this.#remembered.get(hash)
    if (entry === undefined) return undefined
    if (this.#ports.monotonicMs() < entry.untilMs) return entry.finding
    this.#remembered.delete(hash)
    return undefined
  }

  /** Undefined where the issuer cannot be asked or gives no answer that makes sense. */
  ask(token: string, hash: string): Promise<Finding | undefined> {
    const running = this.#flights.get(hash)
    if (running !== undefined) return running
    const flight = this.#attempt(token, hash).finally(() => this.#flights.delete(hash))
    this.#flights.set(hash, flight)
    return flight
  }

  async #attempt(token: string, hash: string): Promise<Finding | undefined> {
    const now = this.#ports.monotonicMs()
    if (now < this.#pausedUntilMs) return undefined
    // The first one behind a pause tries for all of them.
    const triesForAll = this.#failures >= failuresMax
    if (triesForAll) this.#pausedUntilMs = now + this.#config.authenticationTimeout
    try {
      const finding = await this.#fetch(token, hash)
      this.#failures = 0
      this.#pausedUntilMs = Number.NEGATIVE_INFINITY
      return finding
    } catch (error) {
      // What was asked before a pause and fails within it must not make it longer.
      if (triesForAll || this.#ports.monotonicMs() >= this.#pausedUntilMs) this.#failed(error)
      return undefined
    }
  }

  #failed(error: unknown): void {
    this.#failures++
    const beyond = this.#failures - failuresMax
    const pauseMs = beyond < 0 ? 0 : Math.min(pauseMinMs * 2 ** beyond, pauseMaxMs)
    if (pauseMs > 0) this.#pausedUntilMs = this.#ports.monotonicMs() + pauseMs
    // Those between the first one and a pause say nothing new.
    if (this.#failures > 1 && pauseMs === 0) return
    const reason = error instanceof Error ? error.message : String(error)
    const { introspectionURL: url } = this.#config
    this.#ports.log('warn', 'introspection_unavailable', { url, reason, pauseMs })
  }

  async #fetch(token: string, hash: string): Promise<Finding> {
    const { introspectionURL: url, authorizationValue, authenticationTimeout } = this.#config
    const { status, body } = await this.#ports.request({
      url,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorizationValue === '' ? {} : { authorization: authorizationValue }),
      },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      timeoutMs: authenticationTimeout,
      maxBytes: bytesMax,
    })
    if (status === 401 || status === 403)
      throw new Error(`The issuer does not accept the gateway's own credentials (${status}).`)
    if (status !== 200) throw new Error(`The issuer answered ${status}.`)
    const finding = findingIn(body)
    this.#remember(hash, finding)
    return finding
  }

  #remember(hash: string, finding: Finding): void {
    const ttlMs = this.#config.validatedTokenTTL * 1_000
    const lifeMs = finding === 'inactive' ? inactiveMs : lifetimeMs(finding.claims, this.#ports.nowMs())
    const untilMs = this.#ports.monotonicMs() + Math.min(ttlMs, lifeMs)
    if (Math.min(ttlMs, lifeMs) > 0) this.#remembered.set(hash, { finding, untilMs })
  }
}

function lifetimeMs({ exp }: Claims, nowMs: number): number {
  return typeof exp === 'number' ? exp * 1_000 - nowMs : Number.POSITIVE_INFINITY
}

function findingIn(body: string): Finding {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    // Said below.
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('active' in parsed) ||
    typeof parsed.active !== 'boolean'
  )
    throw new Error('The issuer did not answer as RFC 7662 has it.')
  if (!parsed.active) return 'inactive'
  // An object of JSON, whose members are looked at where they are used.
  const { active: _, ...claims } = parsed as Readonly<Record<string, unknown>>
  return { claims: frozen(claims) }
}
