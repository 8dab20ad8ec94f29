import type { Claims, Client, Destination, Exchange } from '#policies/exchange.ts'
import { HeadEdits } from './http1/serialise.ts'
import type { LivePolicy } from './plan.ts'

type Settable = Pick<
  Exchange,
  'client' | 'claims' | 'renewIdentity' | 'destination' | 'destinationPath' | 'isOriginAllowed'
>

/** An exchange as a policy in dry run sees it: what the policy changes is seen by itself alone. */
export class Overlay implements Exchange {
  /** What the policy would have allowed of the request's body. */
  bodyBytesMax = Infinity
  readonly policy: LivePolicy
  private readonly under: Exchange
  private readonly own: Partial<Settable> = {}
  private readonly requestEdits = new HeadEdits()
  private readonly responseEdits = new HeadEdits()
  private ownQuery: string | undefined

  constructor(policy: LivePolicy, under: Exchange) {
    this.policy = policy
    this.under = under
  }

  get requestId() {
    return this.under.requestId
  }
  get httpVersion() {
    return this.under.httpVersion
  }
  get method() {
    return this.under.method
  }
  get path() {
    return this.under.path
  }
  get resourcePath() {
    return this.under.resourcePath
  }
  get query() {
    return this.ownQuery ?? this.under.query
  }
  get host() {
    return this.under.host
  }
  get remoteAddress() {
    return this.under.remoteAddress
  }
  get secure() {
    return this.under.secure
  }
  get tls() {
    return this.under.tls
  }
  get upgrades() {
    return this.under.upgrades
  }
  get status() {
    return this.under.status
  }

  private read<K extends keyof Settable>(key: K): Settable[K] {
    // A member that was set to undefined is set: only the object knows the difference.
    return key in this.own ? (this.own[key] as Settable[K]) : this.under[key]
  }
  get client() {
    return this.read('client')
  }
  set client(client: Client | undefined) {
    this.own.client = client
  }
  get claims() {
    return this.read('claims')
  }
  set claims(claims: Claims | undefined) {
    this.own.claims = claims
  }
  get renewIdentity() {
    return this.read('renewIdentity')
  }
  set renewIdentity(renew: Exchange['renewIdentity']) {
    this.own.renewIdentity = renew
  }
  get destination() {
    return this.read('destination')
  }
  set destination(destination: Destination | undefined) {
    this.own.destination = destination
  }
  get isOriginAllowed() {
    return this.read('isOriginAllowed')
  }
  set isOriginAllowed(isAllowed: boolean) {
    this.own.isOriginAllowed = isAllowed
  }
  get destinationPath() {
    return this.read('destinationPath')
  }
  set destinationPath(path: string | undefined) {
    this.own.destinationPath = path
  }

  header(name: string): string | undefined {
    return this.headerValues(name)[0]
  }
  headerValues(name: string): readonly string[] {
    return valuesWith(this.requestEdits, name, () => this.under.headerValues(name))
  }
  headerNames(): readonly string[] {
    return namesWith(this.requestEdits, this.under.headerNames())
  }
  setHeader(name: string, value: string): void {
    this.requestEdits.set(name, value)
  }
  removeHeader(name: string): void {
    this.requestEdits.remove(name)
  }
  limitBody(maxBytes: number): void {
    this.bodyBytesMax = Math.min(this.bodyBytesMax, maxBytes)
  }
  setQuery(query: string): void {
    this.ownQuery = query
  }

  responseHeader(name: string): string | undefined {
    return this.responseHeaderValues(name)[0]
  }
  responseHeaderValues(name: string): readonly string[] {
    return valuesWith(this.responseEdits, name, () => this.under.responseHeaderValues(name))
  }
  responseHeaderNames(): readonly string[] {
    return namesWith(this.responseEdits, this.under.responseHeaderNames())
  }
  setResponseHeader(name: string, value: string): void {
    this.responseEdits.set(name, value)
  }
  addResponseHeader(name: string, value: string): void {
    this.responseEdits.add(name, value)
  }
  removeResponseHeader(name: string): void {
    this.responseEdits.remove(name)
  }
}

function valuesWith(edits: HeadEdits, name: string, under: () => readonly string[]): readonly string[] {
  const edited = edits.get(name)
  const came = edited === undefined ? under() : edited === null ? [] : [edited]
  return [...came, ...edits.addedValues(name)]
}

function namesWith(edits: HeadEdits, came: readonly string[]): readonly string[] {
  return [...new Set([...came.filter((name) => edits.get(name) !== null), ...edits.writtenNames()])]
}
