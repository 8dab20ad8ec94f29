// Named by its file: looking for the `main` of a package is what would slow typed arrays down in this process.
import CachePolicy from 'http-cache-semantics/index.js'
import type { Exchange } from '../exchange.ts'

export type Fields = Readonly<Record<string, string>>

/** A request as it was when the cache was asked. */
export interface Asked {
  readonly url: string
  readonly method: 'GET'
  readonly headers: Record<string, string>
}

/** An answer that may be given again. */
export interface StoredAnswer {
  readonly status: number
  /** As the upstream sent them, without those of framing and connection. */
  readonly headers: Fields
  readonly body: Uint8Array
  /** Who decides how long it is fresh. */
  readonly judge: CachePolicy
  /** The values of the headers that it varies by. */
  readonly selecting: Fields
  /** The answer says itself that it is for everybody (RFC 9111 §3.5). */
  readonly isPublic: boolean
  /** It must not be given when it is stale, whatever the client or the answer says else (RFC 9111 §5.2.2.2). */
  readonly mustRevalidate: boolean
}

const ofTheConnection = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The head of an answer, as far as it may be kept. */
export function keptFields(exchange: Exchange): Fields {
  const named = new Set(
    exchange.responseHeaderValues('connection').flatMap((value) => value.toLowerCase().split(/\s*,\s*/)),
  )
  return Object.fromEntries(
    exchange
      .responseHeaderNames()
      .filter((name) => !ofTheConnection.has(name) && !named.has(name))
      .map((name) => [name, exchange.responseHeaderValues(name).join(', ')]),
  )
}

/** The names of the directives of a Cache-Control. */
export function directivesOf(cacheControl: string | undefined): Set<string> {
  return new Set(
    (cacheControl ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => part.split('=', 1)[0]?.trim() ?? ''),
  )
}

function varyOf(headers: Fields): string[] {
  const names = (headers['vary'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  // An encoded answer is for those who take the encoding, whether the upstream remembers to say so or not.
  if (headers['content-encoding'] !== undefined) names.push('accept-encoding')
  return [...new Set(names)].filter((name) => name !== '')
}

/** Judges answers by RFC 9111, or gives all of them the same lifetime. */
export class Freshness {
  readonly #Judge: typeof CachePolicy
  readonly #ttlSeconds: number | undefined

  /** With a lifetime what clients and answers say of caching is passed over. */
  constructor(nowMs: () => number, ttlSeconds: number | undefined) {
    this.#ttlSeconds = ttlSeconds
    this.#Judge = class extends CachePolicy {
      now(): number {
        return nowMs()
      }
    }
  }

  ask(key: string, exchange: Exchange): Asked {
    const headers = Object.fromEntries(
      exchange.headerNames().map((name) => [name, exchange.headerValues(name).join(', ')]),
    )
    if (this.#ttlSeconds !== undefined) {
      delete headers['cache-control']
      delete headers['pragma']
    } else if (headers['cache-control'] !== undefined) {
      headers['cache-control'] = headers['cache-control'].toLowerCase()
      // RFC 9111 §5.4: it counts only where there is no Cache-Control.
      delete headers['pragma']
    }
    // The host is part of the key where it should be.
    delete headers['host']
    return { url: key, method: 'GET', headers }
  }

  /** What is kept of an answer, or undefined where it must not be or is of no use. */
  store(asked: Asked, status: number, headers: Fields, body: Uint8Array): StoredAnswer | undefined {
    const vary = varyOf(headers)
    if (headers['set-cookie'] !== undefined || vary.includes('*')) return undefined
    const directives = directivesOf(headers['cache-control'])
    const judge = new this.#Judge(asked, { status, headers: this.#judged(headers, vary) }, judging)
    const hasValidator = headers['etag'] !== undefined || headers['last-modified'] !== undefined
    if (!judge.storable() || (judge.timeToLive() === 0 && !hasValidator)) return undefined
    return {
      status,
      headers,
      body,
      judge,
      selecting: Object.fromEntries(vary.map((name) => [name, asked.headers[name] ?? ''])),
      isPublic: directives.has('public') || directives.has('s-maxage'),
      mustRevalidate: directives.has('must-revalidate') || directives.has('proxy-revalidate'),
    }
  }

  /** A stored answer that a 304 has confirmed, or undefined where the 304 is about another one. */
  confirmed(stored: StoredAnswer, asked: Asked, fields: Fields): StoredAnswer | undefined {
    const confirming = { status: 304, headers: { ...fields } }
    const { matches } = stored.judge.revalidatedPolicy(asked, confirming)
    if (!matches) return undefined
    const { 'content-encoding': _encoding, 'content-range': _range, ...fresh } = fields
    return this.store(asked, stored.status, { ...stored.headers, ...fresh }, stored.body)
  }

  /** Whether a stale answer may be given in the place of an error (RFC 5861 §4). */
  coversError(stored: StoredAnswer, asked: Asked, status: number): boolean {
    if (stored.mustRevalidate) return false
    const { policy, matches } = stored.judge.revalidatedPolicy(asked, { status, headers: {} })
    return matches && policy === stored.judge
  }

  revived(state: CachePolicy.CachePolicyObject): CachePolicy {
    return this.#Judge.fromObject(state)
  }

  /** The head as the library is to see it: names of directives in lower case, and fresh answers usable. */
  #judged(headers: Fields, vary: readonly string[]): Record<string, string> {
    const { 'cache-control': cacheControl, age, expires, pragma, ...rest } = headers
    const varying = vary.length === 0 ? rest : { ...rest, vary: vary.join(', ') }
    if (this.#ttlSeconds !== undefined)
      return { ...varying, 'cache-control': `public, max-age=${this.#ttlSeconds}` }
    // The library never gives answers with must-revalidate, not even fresh ones; here it counts once they are stale.
    const directives = (cacheControl ?? '')
      .toLowerCase()
      .split(',')
      .filter((directive) => directive.trim() !== 'must-revalidate')
    return {
      ...varying,
      ...(age === undefined ? {} : { age }),
      ...(expires === undefined ? {} : { expires }),
      ...(pragma === undefined ? {} : { pragma }),
      ...(cacheControl === undefined ? {} : { 'cache-control': directives.join(',') }),
    }
  }
}

/** Answers that say nothing of their lifetime are not kept: no guess from the date of their last change. */
const judging = { shared: true, cacheHeuristic: 0 } as const

/** Whether an answer is one for this request, by the headers that it varies by. */
export function isSelected({ selecting }: StoredAnswer, { headers }: Asked): boolean {
  return Object.entries(selecting).every(([name, value]) => (headers[name] ?? '') === value)
}

function opaque(tag: string): string {
  return tag.trim().replace(/^W\//, '')
}

/** Whether the client has this very answer already (RFC 9110 §13.1.2 and §13.1.3). */
export function isNotModified({ status, headers }: StoredAnswer, asked: Asked): boolean {
  if (status !== 200) return false
  const { 'if-none-match': tags, 'if-modified-since': since } = asked.headers
  if (tags !== undefined) {
    const { etag } = headers
    if (tags.trim() === '*') return true
    return etag !== undefined && tags.split(',').some((tag) => opaque(tag) === opaque(etag))
  }
  const changed = headers['last-modified']
  return since !== undefined && changed !== undefined && Date.parse(changed) <= Date.parse(since)
}
