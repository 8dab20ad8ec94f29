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

/** Asks the issuer about tokens, each once at a time, and remembers what it says. Tokens are kept as hashes. */
export class Introspector {
  readonly #config: IntrospectionConfig
  readonly #ports: Ports
  readonly #remembered: Remembered<Entry>
  readonly #flights = new Map<string, Promise<Finding>>()

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

  /** Rejects where the issuer cannot be asked or gives no answer that makes sense. */
  ask(token: string, hash: string): Promise<Finding> {
    const running = this.#flights.get(hash)
    if (running !== undefined) return running
    const flight = this.#fetch(token, hash).finally(() => this.#flights.delete(hash))
    this.#flights.set(hash, flight)
    return flight
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
