import type { Ports } from '../definition.ts'
import { isFieldValue } from '../header-fields.ts'

export interface TokenOptions {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  readonly timeoutMs: number
}

const bytesMax = 65_536
/** For issuers that do not say how long their tokens are good. */
const lifetimeAssumedMs = 300_000
const lifetimeMaxMs = 24 * 3_600_000
/** From this share of its life on, a token's successor is asked for while the token is used. */
const refreshShare = 0.8
const retryMinMs = 1_000
const retryMaxMs = 30_000
/** An upstream that refuses every token must not make the gateway ask for one with every request. */
const discardEveryMs = 30_000

/** Keeps an access token of the gateway's own (client credentials, RFC 6749 §4.4): asks for it once at a time, ahead of its end. */
export class TokenKeeper {
  readonly #options: TokenOptions
  readonly #ports: Ports
  #header: string | undefined
  #refreshAtMs = Number.NEGATIVE_INFINITY
  #endMs = Number.NEGATIVE_INFINITY
  #flight: Promise<string | undefined> | undefined
  #failures = 0
  #retryAtMs = Number.NEGATIVE_INFINITY
  #discardedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: TokenOptions, ports: Ports) {
    this.#options = options
    this.#ports = ports
  }

  /** The Authorization header: at once while the token is good, undefined where none can be had for now. */
  header(): string | undefined | Promise<string | undefined> {
    const now = this.#ports.monotonicMs()
    if (now >= this.#endMs) return this.#ask(now)
    if (now >= this.#refreshAtMs) void this.#ask(now)
    return this.#header
  }

  /** The upstream refused the token: the next request gets another one, though not time and again. */
  discard(header: string): void {
    const now = this.#ports.monotonicMs()
    if (header !== this.#header || now - this.#discardedAtMs < discardEveryMs) return
    this.#discardedAtMs = now
    this.#endMs = Number.NEGATIVE_INFINITY
  }

  /** Never rejects. */
  #ask(now: number): undefined | Promise<string | undefined> {
    if (this.#flight === undefined && now < this.#retryAtMs) return undefined
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  async #fetch(): Promise<string | undefined> {
    const { url, timeoutMs } = this.#options
    const askedAtMs = this.#ports.monotonicMs()
    try {
      const request = { url, method: 'POST', ...this.#message(), timeoutMs, maxBytes: bytesMax } as const
      const { status, body } = await this.#ports.request(request)
      if (status !== 200) throw new Error(`The token endpoint answered ${status}.`)
      const { token, lifetimeMs } = tokenIn(body)
      this.#header = `Bearer ${token}`
      this.#refreshAtMs = askedAtMs + lifetimeMs * refreshShare
      this.#endMs = askedAtMs + lifetimeMs
      this.#failures = 0
      return this.#header
    } catch (error) {
      const waitMs = Math.min(retryMinMs * 2 ** this.#failures++, retryMaxMs)
      const now = this.#ports.monotonicMs()
      this.#retryAtMs = now + waitMs
      const reason = error instanceof Error ? error.message : String(error)
      this.#ports.log('warn', 'token_unavailable', { url, reason, retryInMs: waitMs })
      // While its successor cannot be had, the old one may still be good.
      return now < this.#endMs ? this.#header : undefined
    }
  }

  #message() {
    const { clientId, clientSecret, scopes } = this.#options
    return {
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      }).toString(),
    }
  }
}

/** RFC 6749 §2.3.1 has id and secret form-encoded before they become Basic credentials. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

function tokenIn(body: string): { token: string; lifetimeMs: number } {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    // Said below.
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new Error('The token endpoint did not answer with JSON.')
  // An object of JSON, whose members are looked at one by one.
  const {
    access_token: token,
    token_type: type,
    expires_in: expiresIn,
  } = parsed as Readonly<Record<string, unknown>>
  if (typeof token !== 'string' || !isFieldValue(token)) throw new Error('The token endpoint gave no token.')
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
    throw new Error('The token endpoint gave a token of another kind than Bearer.')
  const seconds = Number(expiresIn)
  const isGiven = expiresIn !== undefined && expiresIn !== null && seconds > 0
  return { token, lifetimeMs: isGiven ? Math.min(seconds * 1_000, lifetimeMaxMs) : lifetimeAssumedMs }
}
