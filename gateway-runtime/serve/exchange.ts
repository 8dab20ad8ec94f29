import { randomBytes } from 'node:crypto'
import type { Claims, Client, Destination, Exchange, TlsSession } from '#policies/exchange.ts'
import { type Course, courseOf, type OwnHeaders, type Running } from './course.ts'
import type { Hops } from './forwarded.ts'
import { isQuery } from './http1/bytes.ts'
import { FIELD, type Head } from './http1/head.ts'
import { HeadEdits, REQUEST_DROPS, RESPONSE_DROPS } from './http1/serialise.ts'
import type { Lease } from './lease.ts'
import type { LiveDestination, LivePolicy, ServedRoute } from './plan.ts'
import type { Pool } from './upstream/pool.ts'

// Unique over restarts and nodes by 64 random bits, within the process by a counter. All but the last two digits
// of the counter stay the same for a while, and to print a number takes longer than to look two digits up.
const processPart = randomBytes(8).toString('hex')
const lastDigits = Array.from({ length: 36 ** 2 }, (_, i) => i.toString(36).padStart(2, '0'))
let firstDigits = 0
let sequence = 0
let start = `${processPart}-`

// What the upstream will not see of the client's head, policies do not see either.
const HIDDEN = REQUEST_DROPS & ~(1 << FIELD.host) & ~(1 << FIELD.forwardedClientCert)
// Who asks for a name with an underscore means it, though: clients are told to send client_id.
const HIDDEN_FROM_NAMED = HIDDEN & ~(1 << FIELD.underscore)

/** A request id that no other request has. */
export function ownRequestId(): string {
  const digits = lastDigits[sequence]
  if (digits !== undefined) {
    sequence++
    return start + digits
  }
  sequence = 0
  start = `${processPart}-${(++firstDigits).toString(36)}`
  return ownRequestId()
}

// Visible ASCII that ends neither the path nor the line.
const DESTINATION_PATH = /^\/[!"$->@-~]*$/
const TRUSTED_ID = /^[A-Za-z0-9._:-]{1,128}$/

function valuesOf(head: Head, name: string, hidden: number): string[] {
  const values: string[] = []
  for (let field = head.find(name, hidden); field >= 0; field = head.find(name, hidden, field + 1)) {
    values.push(head.value(field))
  }
  return values
}

function namesOf(head: Head | null, hidden: number): string[] {
  if (head === null) return []
  const names: string[] = []
  for (let field = 0; field < head.fieldCount; field++) {
    if (((hidden >> head.kind(field)) & 1) === 0) names.push(head.name(field).toLowerCase())
  }
  return names
}

function namesWith(came: readonly string[], edits: HeadEdits | null): string[] {
  if (edits === null) return [...new Set(came)]
  return [...new Set([...came.filter((name) => edits.get(name) !== null), ...edits.writtenNames()])]
}

/** One request over HTTP/1.1 and its answer, as policies see it. */
export class Http1Exchange implements Running {
  readonly head: Head
  readonly hops: Hops
  readonly method: string
  readonly host: string
  readonly lease: Lease
  readonly startMs: number
  private readonly trustsId: boolean
  route: ServedRoute | null = null
  client: Client | undefined = undefined
  claims: Claims | undefined = undefined
  renewIdentity: Exchange['renewIdentity'] = undefined
  destination: Destination | undefined = undefined
  isOriginAllowed = false
  /** Where the request goes, once that is chosen. */
  pool: Pool | null = null
  /** What a consistent hash over the endpoints of that pool is taken of. */
  balancingKey: string | undefined = undefined
  readonly tls: TlsSession | undefined
  upgrades = false
  requestEdits: HeadEdits | null = null
  responseEdits: HeadEdits | null = null
  reached = 0
  over = false
  course: Course | null = null
  status = 0
  /** Body bytes passed to the client. */
  bodyBytes = 0
  /** Why the gateway or a policy answered in the upstream's place. */
  code: string | undefined = undefined
  refusedByPolicy = false
  decidedBy: LivePolicy | null = null
  retried = false
  /** The head of the answer while response phases run: the upstream's, or a refusal's headers. */
  answerHead: Head | null = null
  answerHeaders: OwnHeaders | null = null
  private isPathAsSent = true
  private normalisedPath: string | null = null
  private replacedQuery: string | null = null
  private replacedPath: string | undefined = undefined
  private id = ''

  constructor(
    head: Head,
    hops: Hops,
    host: string,
    lease: Lease,
    trustsId: boolean,
    startMs: number,
    tls?: TlsSession,
  ) {
    this.head = head
    this.hops = hops
    this.method = head.method
    this.host = host
    this.lease = lease
    this.trustsId = trustsId
    this.startMs = startMs
    this.tls = tls
  }

  get requestId(): string {
    if (this.id === '') this.id = this.trustedId() ?? ownRequestId()
    return this.id
  }

  private trustedId(): string | undefined {
    const field = this.head.requestIdField
    if (field < 0 || !this.trustsId) return undefined
    const value = this.head.value(field)
    return TRUSTED_ID.test(value) ? value : undefined
  }

  /** Set where the path as sent is not in normal form. */
  set normalPath(path: string) {
    this.isPathAsSent = false
    this.normalisedPath = path
  }

  get path(): string {
    this.normalisedPath ??= this.pathAsSent()
    return this.normalisedPath
  }

  private pathAsSent(): string {
    const { target } = this.head
    const question = target.indexOf('?')
    return (question < 0 ? target : target.slice(0, question)) || '/'
  }

  get httpVersion(): Exchange['httpVersion'] {
    return this.head.minor === 0 ? '1.0' : '1.1'
  }

  get resourcePath(): string {
    const basePath = this.route?.basePath ?? '/'
    if (basePath === '/') return this.path
    return this.path.slice(basePath.length) || '/'
  }

  get query(): string {
    if (this.replacedQuery !== null) return this.replacedQuery
    const target = this.head.target
    const question = target.indexOf('?')
    return question < 0 ? '' : target.slice(question)
  }

  limitBody(maxBytes: number): void {
    const course = courseOf(this)
    course.bodyBytesMax = Math.min(course.bodyBytesMax, maxBytes)
  }

  setQuery(query: string): void {
    if (query !== '' && !isQuery(query)) throw new TypeError('not a query')
    this.replacedQuery = query
  }

  get destinationPath(): string | undefined {
    return this.replacedPath
  }

  set destinationPath(path: string | undefined) {
    if (path !== undefined && !DESTINATION_PATH.test(path)) throw new TypeError('not a path')
    this.replacedPath = path
  }

  /** Path and query are the very bytes that the client sent. */
  get isTargetAsSent(): boolean {
    return this.isPathAsSent && this.replacedQuery === null && this.replacedPath === undefined
  }

  /** Chooses where the request goes: what policies want for the destination from now on changes nothing. */
  choosePool(): Pool | null {
    const { destination, route } = this
    // Every destination that policies are given is a live one.
    this.pool =
      destination === undefined ? (route?.route.upstream ?? null) : (destination as LiveDestination).pool
    this.balancingKey = this.pool?.keyOf?.(this)
    return this.pool
  }

  get remoteAddress(): string {
    return this.hops.clientAddress
  }

  get secure(): boolean {
    return this.hops.secure
  }

  header(name: string): string | undefined {
    const edited = this.requestEdits?.get(name)
    if (edited !== undefined) return edited ?? undefined
    const field = this.head.find(name, HIDDEN_FROM_NAMED)
    return field < 0 ? undefined : this.head.value(field)
  }

  headerValues(name: string): readonly string[] {
    const edited = this.requestEdits?.get(name)
    if (edited !== undefined) return edited === null ? [] : [edited]
    return valuesOf(this.head, name, HIDDEN_FROM_NAMED)
  }

  headerNames(): readonly string[] {
    return namesWith(namesOf(this.head, HIDDEN), this.requestEdits)
  }

  setHeader(name: string, value: string): void {
    this.requestEdits ??= new HeadEdits()
    this.requestEdits.set(name, value)
  }

  removeHeader(name: string): void {
    this.requestEdits ??= new HeadEdits()
    this.requestEdits.remove(name)
  }

  responseHeader(name: string): string | undefined {
    const edited = this.responseEdits?.get(name)
    if (edited !== undefined) return edited ?? undefined
    if (this.answerHeaders !== null) {
      const own = Object.hasOwn(this.answerHeaders, name) ? this.answerHeaders[name] : undefined
      return typeof own === 'object' ? own[0] : own
    }
    const head = this.answerHead
    const field = head === null ? -1 : head.find(name, RESPONSE_DROPS)
    return head === null || field < 0 ? undefined : head.value(field)
  }

  get isUpstreamAnswer(): boolean {
    return this.answerHead !== null
  }

  showAnswer(headers: OwnHeaders): void {
    this.answerHead = null
    this.answerHeaders = headers
    this.responseEdits = null
  }

  responseHeaderValues(name: string): readonly string[] {
    const edited = this.responseEdits?.get(name)
    const added = this.responseEdits?.addedValues(name) ?? []
    if (edited !== undefined) return edited === null ? added : [edited, ...added]
    if (this.answerHeaders !== null) {
      const own = Object.hasOwn(this.answerHeaders, name) ? this.answerHeaders[name] : undefined
      return own === undefined ? added : [own, ...added].flat()
    }
    return this.answerHead === null ? added : [...valuesOf(this.answerHead, name, RESPONSE_DROPS), ...added]
  }

  responseHeaderNames(): readonly string[] {
    const came =
      this.answerHeaders === null ? namesOf(this.answerHead, RESPONSE_DROPS) : Object.keys(this.answerHeaders)
    return namesWith(came, this.responseEdits)
  }

  setResponseHeader(name: string, value: string): void {
    this.responseEdits ??= new HeadEdits()
    this.responseEdits.set(name, value)
  }

  addResponseHeader(name: string, value: string): void {
    this.responseEdits ??= new HeadEdits()
    this.responseEdits.add(name, value)
  }

  removeResponseHeader(name: string): void {
    this.responseEdits ??= new HeadEdits()
    this.responseEdits.remove(name)
  }
}
