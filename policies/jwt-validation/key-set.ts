import type { Ports } from '../definition.ts'
import { type Algorithm, keyOfJwk, type VerificationKey } from './key.ts'
import type { KeySource } from './key-source.ts'

export interface KeySetOptions {
  readonly url: string
  /** How long keys count as fresh. */
  readonly timeToLiveMs: number
  /** How long keys are used beyond that while the issuer cannot be asked. */
  readonly staleLimitMs: number
  readonly timeoutMs: number
}

const bytesMax = 262_144
const keysMax = 100
/** Unknown key ids are anybody's to send: they make the gateway ask at most this often. */
const unknownEveryMs = 30_000
/** Waits after failures, doubled each time between these. */
const retryMinMs = 1_000
const retryMaxMs = 30_000
/** From this share of their life on, fresh keys are asked for while the old ones are used. */
const refreshShare = 0.8

/**
 * The keys that an issuer publishes (RFC 7517 §5). One request at a time asks for them; they are renewed ahead of
 * their end, and used beyond it up to a limit while the issuer is away.
 */
export class KeySet implements KeySource {
  readonly #options: KeySetOptions
  readonly #ports: Ports
  #keys: readonly VerificationKey[] = []
  #document = ''
  #generation = 0
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #flight: Promise<boolean> | undefined
  #failures = 0
  #retryAtMs = Number.NEGATIVE_INFINITY
  #unknownAtMs = Number.NEGATIVE_INFINITY

  constructor(options: KeySetOptions, ports: Ports) {
    this.#options = options
    this.#ports = ports
  }

  generation(): number | undefined {
    const age = this.#ageMs()
    if (age >= this.#options.timeToLiveMs * refreshShare) this.#refreshAside()
    return this.#isUsable(age) ? this.#generation : undefined
  }

  async find(
    keyId: string | undefined,
    algorithm: Algorithm,
  ): Promise<readonly VerificationKey[] | undefined> {
    if (this.#ageMs() >= this.#options.timeToLiveMs && this.#mayRetry()) await this.#refresh()
    if (!this.#isUsable(this.#ageMs())) return undefined
    const found = this.#lookUp(keyId, algorithm)
    if (found.length > 0 || keyId === undefined || this.#isKnown(keyId)) return found
    return (await this.renew()) ? this.#lookUp(keyId, algorithm) : found
  }

  async renew(): Promise<boolean> {
    // Whoever comes while the answer is on its way waits for that one.
    if (this.#flight !== undefined) return this.#flight
    const now = this.#ports.monotonicMs()
    if (now - this.#unknownAtMs < unknownEveryMs || !this.#mayRetry()) return false
    this.#unknownAtMs = now
    return this.#refresh()
  }

  #ageMs(): number {
    return this.#ports.monotonicMs() - this.#fetchedAtMs
  }

  #isUsable(ageMs: number): boolean {
    return ageMs < this.#options.timeToLiveMs + this.#options.staleLimitMs
  }

  #mayRetry(): boolean {
    return this.#flight !== undefined || this.#ports.monotonicMs() >= this.#retryAtMs
  }

  #lookUp(keyId: string | undefined, algorithm: Algorithm): VerificationKey[] {
    return this.#keys.filter((key) => (keyId === undefined || key.id === keyId) && key.fits(algorithm))
  }

  #isKnown(keyId: string): boolean {
    return this.#keys.some((key) => key.id === keyId)
  }

  #refreshAside(): void {
    if (this.#flight === undefined && this.#mayRetry()) void this.#refresh()
  }

  /** Never rejects; false where the keys are the old ones. */
  #refresh(): Promise<boolean> {
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  async #fetch(): Promise<boolean> {
    const { url, timeoutMs } = this.#options
    try {
      const headers = { accept: 'application/jwk-set+json, application/json' }
      const { status, body } = await this.#ports.request({ url, headers, timeoutMs, maxBytes: bytesMax })
      if (status !== 200) throw new Error(`The issuer answered ${status}.`)
      this.#take(body)
      this.#fetchedAtMs = this.#ports.monotonicMs()
      this.#failures = 0
      this.#ports.count('jwks_fetches', { result: 'ok' })
      return true
    } catch (error) {
      const waitMs = Math.min(retryMinMs * 2 ** this.#failures++, retryMaxMs)
      this.#retryAtMs = this.#ports.monotonicMs() + waitMs
      const reason = error instanceof Error ? error.message : String(error)
      this.#ports.log('warn', 'jwks_unavailable', { url, reason, retryInMs: waitMs })
      this.#ports.count('jwks_fetches', { result: 'failed' })
      return false
    }
  }

  #take(document: string): void {
    if (document === this.#document) return
    const keys = this.#keysOf(document)
    if (keys.length === 0) throw new Error('The issuer publishes no key that can be used.')
    this.#keys = keys
    this.#document = document
    this.#generation++
  }

  #keysOf(document: string): VerificationKey[] {
    const published = listIn(document)
    if (published.length > keysMax) throw new Error(`The issuer publishes more than ${keysMax} keys.`)
    return published.flatMap((jwk, index) => {
      const key = keyOfJwk(jwk)
      if (typeof key !== 'string') return [key]
      this.#ports.log('warn', 'jwks_key_ignored', { url: this.#options.url, index, reason: key })
      return []
    })
  }
}

function listIn(document: string): readonly unknown[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(document)
  } catch {
    // Said below.
  }
  const keys: unknown =
    typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : undefined
  if (!Array.isArray(keys)) throw new Error('The issuer did not answer with a key set.')
  return keys
}
