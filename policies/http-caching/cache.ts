import type { Ports } from '../definition.ts'
import type { Claims, Client, Exchange, Refusal } from '../exchange.ts'
import { compileFormula, type Formula, textOf } from '../formula.ts'
import type { Config } from './config.ts'
import { Entries, type Kept } from './entries.ts'
import { Flights } from './flights.ts'
import { identityOf } from './identity.ts'
import { isBeyondUs, mayBePartial, rangeOf } from './ranges.ts'
import { NodeEntries } from './node-entries.ts'
import { SharedEntries } from './shared-entries.ts'
import {
  type Asked,
  directivesOf,
  type Fields,
  Freshness,
  isNotModified,
  isSelected,
  keptFields,
  type StoredAnswer,
} from './stored-answer.ts'

/** What is known of one request on its way. */
interface Course {
  readonly key: string
  readonly asked: Asked
  readonly isHead: boolean
  /** The part of the answer that is asked for. */
  readonly range: string | undefined
  readonly identity: string | undefined
  readonly client: Client | undefined
  readonly claims: Claims | undefined
  /** It went on to the upstream. */
  isForwarded: boolean
  /** The client is gone or has its answer. */
  isOver: boolean
  /** Its body will be shown, or has been. */
  isAwaited: boolean
  /** This request fetches what others wait for. */
  isLeading: boolean
  stale: StoredAnswer | undefined
  /** The upstream was asked whether the stale answer is still right, for the cache and not for the client. */
  isConfirming: boolean
  /** The head of an answer that will be kept. */
  head: { readonly status: number; readonly fields: Fields } | undefined
}

const conditions = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range']
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** Of an answer that the client has already (RFC 9110 §15.4.5). */
const fieldsOf304 = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'vary',
  'last-modified',
])

/** The cache of one attached policy. */
export class Cache {
  readonly #given: Config
  readonly #ports: Ports
  readonly #freshness: Freshness
  readonly #kept: Kept
  readonly #flights: Flights
  readonly #keyOf: Formula
  readonly #isForRequest: Formula
  readonly #isForAnswer: Formula
  readonly #courses = new WeakMap<Exchange, Course>()

  /** @throws Error where it is to be shared and the node has no shared store. */
  constructor(given: Config, ports: Ports) {
    this.#given = given
    this.#ports = ports
    this.#freshness = new Freshness(ports.nowMs, given.useHttpCacheHeaders ? undefined : given.ttl)
    this.#keyOf = compileFormula(given.httpCachingKey)
    this.#isForRequest = compileFormula(given.requestExpression)
    this.#isForAnswer = compileFormula(given.responseExpression, true)
    // Whatever the configuration: with another one it begins anew, since keys and lifetimes have another meaning.
    const meaning = JSON.stringify(given)
    this.#kept = ports.state(`kept ${meaning}`, () => keptOf(given, ports, this.#freshness))
    this.#flights = ports.state(`flights ${meaning}`, () => new Flights(ports))
  }

  asked(exchange: Exchange): Refusal | undefined | Promise<Refusal | undefined> {
    this.#courses.delete(exchange)
    const invalid = this.#invalidate(exchange)
    if (invalid !== undefined) return invalid
    const { method } = exchange
    if ((method !== 'GET' && method !== 'HEAD') || exchange.upgrades) return undefined
    if (this.#isForRequest(exchange) !== true) return undefined
    const course = this.#courseOf(exchange)
    const { range } = course
    if (range !== undefined && isBeyondUs(range)) return undefined
    this.#courses.set(exchange, course)
    return this.#look(exchange, course, range === undefined)
  }

  #courseOf(exchange: Exchange): Course {
    const key = this.#keyFor(exchange)
    return {
      key,
      asked: this.#freshness.ask(key, exchange),
      isHead: exchange.method === 'HEAD',
      // RFC 9110 §14.2: it means something for GET alone.
      range: exchange.method === 'GET' ? exchange.header('range') : undefined,
      identity: identityOf(exchange, !this.#given.useHttpCacheHeaders),
      client: exchange.client,
      claims: exchange.claims,
      isForwarded: false,
      isOver: false,
      isAwaited: false,
      isLeading: false,
      stale: undefined,
      isConfirming: false,
      head: undefined,
    }
  }

  #look(
    exchange: Exchange,
    course: Course,
    mayWait: boolean,
  ): Refusal | undefined | Promise<Refusal | undefined> {
    const found = this.#kept.find(course.key)
    return found instanceof Promise
      ? found.then((answers) => this.#decide(exchange, course, answers, mayWait))
      : this.#decide(exchange, course, found, mayWait)
  }

  #decide(
    exchange: Exchange,
    course: Course,
    found: readonly StoredAnswer[],
    mayWait: boolean,
  ): Refusal | undefined | Promise<Refusal | undefined> {
    const { key, asked } = course
    const stored = found.find((one) => isSelected(one, asked) && this.#mayHave(course, one))
    if (stored !== undefined) {
      const answer = this.#fresh(course, stored)
      if (answer !== undefined) return answer
    }
    if (directivesOf(asked.headers['cache-control']).has('only-if-cached')) return notCached
    if (mayWait && this.#flights.has(key) && this.#mayShare(course)) {
      this.#ports.count('coalesced')
      return this.#flights.wait(key).then(() => this.#look(exchange, course, false))
    }
    this.#forward(exchange, course, stored)
    return undefined
  }

  #mayHave({ identity }: Course, { isPublic }: StoredAnswer): boolean {
    // Without following headers the identity is part of the key.
    return !this.#given.useHttpCacheHeaders || isPublic || identity === undefined
  }

  /** Whether what another request brings could do for this one. */
  #mayShare({ key, identity, isHead, asked }: Course): boolean {
    const isOwn = this.#given.useHttpCacheHeaders && identity !== undefined
    return !isOwn && !isHead && !this.#flights.isUnfit(key) && !hasCondition(asked)
  }

  /** The stored answer where it may be given without asking the upstream. */
  #fresh(course: Course, stored: StoredAnswer): Refusal | undefined {
    const { judge, mustRevalidate } = stored
    const isStale = judge.stale()
    if (isStale && mustRevalidate) return undefined
    const { response, revalidation } = judge.evaluateRequest(course.asked)
    if (response === undefined) return undefined
    // RFC 5861 §3: one request renews the answer, the others need not wait for it.
    if (revalidation !== undefined && !this.#flights.has(course.key)) return undefined
    this.#ports.count(isStale ? 'stale_hits' : 'hits')
    return given(stored, course)
  }

  #forward(exchange: Exchange, course: Course, stale: StoredAnswer | undefined): void {
    if (course.isOver) return
    this.#ports.count('misses')
    // A part is not kept, and what it belongs to is for the upstream to say.
    if (course.range !== undefined) return
    course.isForwarded = true
    course.stale = stale
    if (!course.isHead && !hasCondition(course.asked)) course.isLeading = this.#flights.begin(course.key)
    if (stale === undefined || course.isHead || hasCondition(course.asked)) return
    const { etag, 'last-modified': changed } = stale.headers
    if (etag !== undefined) exchange.setHeader('if-none-match', etag)
    if (changed !== undefined) exchange.setHeader('if-modified-since', changed)
    course.isConfirming = etag !== undefined || changed !== undefined
  }

  answered(exchange: Exchange): Refusal | undefined {
    const course = this.#courses.get(exchange)
    const { status } = exchange
    if (course === undefined) {
      // RFC 9111 §4.4: what an unsafe request has changed is not to be answered from before.
      if (!safe.has(exchange.method) && status >= 200 && status < 400)
        this.#kept.forget(this.#keyFor(exchange, 'GET'))
      return undefined
    }
    if (!course.isForwarded) return undefined
    const instead = this.#inPlace(exchange, course)
    if (instead !== undefined) return instead
    if (!course.isHead && this.#isWorthKeeping(exchange, course))
      course.head = { status, fields: keptFields(exchange) }
    else this.#land(course, false)
    return undefined
  }

  /** The stored answer in the place of one that confirms it, or of an error that it covers. */
  #inPlace(exchange: Exchange, course: Course): Refusal | undefined {
    const { stale, asked, key } = course
    if (stale === undefined) return undefined
    if (exchange.status === 304) {
      const confirmed = this.#freshness.confirmed(stale, asked, keptFields(exchange))
      if (confirmed !== undefined) this.#kept.keep(key, asked, confirmed)
      if (!course.isConfirming) return undefined
      this.#ports.count('confirmed')
      this.#land(course, confirmed !== undefined)
      return given(confirmed ?? stale, course)
    }
    return this.#inPlaceOfError(course, exchange.status)
  }

  #inPlaceOfError(course: Course, status: number): Refusal | undefined {
    const { stale, asked } = course
    if (stale === undefined || status < 500 || !this.#freshness.coversError(stale, asked, status))
      return undefined
    this.#ports.count('errors_covered')
    this.#land(course, true)
    // It has its answer, and that is not to be kept again.
    course.isForwarded = false
    return given(stale, course)
  }

  /** The upstream could not be asked. */
  failed(exchange: Exchange, status: number): Refusal | undefined {
    const course = this.#courses.get(exchange)
    return course === undefined ? undefined : this.#inPlaceOfError(course, status)
  }

  #isWorthKeeping(exchange: Exchange, course: Course): boolean {
    const { status } = exchange
    if (status === 304 || this.#isForAnswer(exchange) !== true) return false
    const fields = keptFields(exchange)
    const stored = this.#freshness.store(course.asked, status, fields, new Uint8Array(0))
    if (stored === undefined) return false
    // Found out behind the cache only: from here it would be given without that policy being asked, public or not.
    if (exchange.client !== course.client || exchange.claims !== course.claims) return false
    return !this.#given.useHttpCacheHeaders || stored.isPublic || course.identity === undefined
  }

  wants(exchange: Exchange): boolean {
    const course = this.#courses.get(exchange)
    if (course?.head === undefined) return false
    course.isAwaited = true
    return true
  }

  complete(exchange: Exchange, body: Uint8Array | null): void {
    const course = this.#courses.get(exchange)
    if (course?.head === undefined) return
    const { key, asked, head } = course
    // Copied, since the bytes may be a part of something larger.
    const stored =
      body === null ? undefined : this.#freshness.store(asked, head.status, head.fields, new Uint8Array(body))
    if (stored !== undefined) {
      this.#kept.keep(key, asked, stored)
      this.#ports.count('stored')
    }
    this.#land(course, stored !== undefined)
  }

  done(exchange: Exchange): void {
    const course = this.#courses.get(exchange)
    if (course === undefined) return
    course.isOver = true
    if (!course.isAwaited) this.#land(course, false)
  }

  #land(course: Course, isKept: boolean): void {
    if (!course.isLeading) return
    course.isLeading = false
    this.#flights.end(course.key, isKept)
  }

  #keyFor(exchange: Exchange, method = exchange.method): string {
    // HEAD is answered from what GET was.
    const key = textOf(this.#keyOf(exchange, method === 'HEAD' ? 'GET' : method))
    if (this.#given.useHttpCacheHeaders) return key
    const identity = identityOf(exchange, true)
    return identity === undefined ? key : `${key} ${this.#ports.sha256(identity)}`
  }

  #invalidate(exchange: Exchange): Refusal | undefined {
    const name = this.#given.invalidationHeader.toLowerCase()
    const wish = name === '' ? undefined : exchange.header(name)
    if (wish === undefined) return undefined
    exchange.removeHeader(name)
    if (wish === 'invalidate') this.#kept.forget(this.#keyFor(exchange, 'GET'))
    else if (wish === 'invalidate-all') this.#kept.forgetAll()
    else return unknownWish
    return undefined
  }
}

const notCached: Refusal = {
  status: 504,
  code: 'http-caching.not_cached',
  detail: 'The client asked for a stored answer alone, and there is none.',
}
const unsatisfiable: Refusal = {
  status: 416,
  code: 'http-caching.range',
  detail: 'The answer has no such part.',
}
const unknownWish: Refusal = {
  status: 400,
  code: 'http-caching.invalidation_unknown',
  detail: 'The header that empties the cache takes invalidate or invalidate-all.',
}

function keptOf(given: Config, ports: Ports, freshness: Freshness): Kept {
  const { distributed, mode, writeBehind, maxCacheEntries, maxCacheBytes } = given
  if (!distributed) {
    const entries = new Entries(maxCacheEntries, maxCacheBytes)
    const name = ports.sha256(JSON.stringify(given))
    return ports.siblings === undefined ? entries : new NodeEntries(entries, ports.siblings, name)
  }
  if (ports.sharedStore === undefined)
    throw new Error(
      'a cache of all nodes (distributed) needs a shared store, and this node was given none: start it with --shared-store redis://…',
    )
  return new SharedEntries(
    ports.sharedStore,
    freshness,
    ports,
    mode === 'write-behind' ? writeBehind : undefined,
    JSON.stringify([given.httpCachingKey, given.useHttpCacheHeaders, given.ttl, given.responseExpression]),
  )
}

function hasCondition({ headers }: Asked): boolean {
  return conditions.some((name) => headers[name] !== undefined)
}

const hit = { code: 'http-caching.hit', detail: 'Answered from the cache.' }

/** A stored answer as it is given: whole, the part that is asked for, or that the client has it already. */
function given(stored: StoredAnswer, { asked, range }: Course): Refusal {
  const age = String(Math.max(0, Math.round(stored.judge.age())))
  const headers = { ...stored.headers, age, 'cache-status': 'Hexgate; hit' }
  if (isNotModified(stored, asked)) {
    const few = Object.entries(headers).filter(([name]) => fieldsOf304.has(name) || name === 'age')
    return { ...hit, status: 304, headers: Object.fromEntries(few) }
  }
  const { status, body } = stored
  const isPartial = status === 200 && range !== undefined && mayBePartial(asked.headers['if-range'], headers)
  const part = isPartial ? rangeOf(range, body.length) : undefined
  if (part === undefined) return { ...hit, status, headers, body }
  if (part === null) return { ...unsatisfiable, headers: { 'content-range': `bytes */${body.length}`, age } }
  const { first, last } = part
  const contentRange = `bytes ${first}-${last}/${body.length}`
  return {
    ...hit,
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: body.subarray(first, last + 1),
  }
}
