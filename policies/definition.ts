import { z } from 'zod'
import type { SubjectAltName } from '#domain/certificate.ts'
import type { Category } from '#domain/chain.ts'
import type { PolicyRule } from '#domain/policy-rule.ts'
import type { Claims, Client, Destination, Exchange, Outcome, Refusal, Session } from './exchange.ts'
import type { Contexts, InboundTls, UpstreamSettings } from './settings.ts'

/** A request of a policy's own: to a key set, an introspection endpoint, a token endpoint. */
export interface ControlRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  /** Longer answers are refused. */
  readonly maxBytes: number
}
export interface ControlAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A store that several nodes share (Redis). Every call rejects when it is away or slow. Keys are the policy's own. */
export interface SharedStore {
  /** Runs a script atomically over keys (EVAL). */
  evaluate(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  get(key: string): Promise<Uint8Array | undefined>
  set(key: string, value: Uint8Array, ttlMs: number): Promise<void>
  delete(keys: readonly string[]): Promise<void>
}

/** Limits that requests are held to, under a name of the policy's own. */
export interface CountedLimits {
  readonly name: string
  readonly algorithm: 'gcra' | 'sliding-window' | 'recent-moments'
  readonly limits: readonly {
    readonly maximumRequests: number
    readonly timePeriodInMilliseconds: number
  }[]
}
/** How a request stands with them: `limit` is the place of the one that leaves it the least. */
export interface Count {
  readonly isAllowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
  readonly retryMs: number
}

/** A span of a trace that has ended (W3C Trace Context ids in lower-case hex, epoch milliseconds). */
export interface FinishedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** As it came by `tracestate`, or empty. */
  readonly traceState: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly isFailed: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/**
 * Who gets the same state under the same key: the one attached policy, or all policies of a kind in the process, for
 * what is the same for all of them (the keys of an issuer).
 */
export type StateSharing = 'policy' | 'kind'

/** Hears what other processes of the node tell. */
export interface SiblingListener {
  heard(text: string): void
}

/** The other processes of a node, which serve the same. */
export interface Siblings {
  /** Reaches the listeners to this name in each of the others. */
  tell(name: string, text: string): void
  /** One listener to a name, which is held weakly: it hears for as long as somebody else holds it. */
  listen(name: string, listener: SiblingListener): void
}

/** What a prepared policy may use of the world it runs in. */
export interface Ports {
  /** Monotonic milliseconds, for limits and timers. */
  readonly monotonicMs: () => number
  /** Wall clock in epoch milliseconds, for tokens and certificates. */
  readonly nowMs: () => number
  /** SHA-256 of a text in lower-case hex. */
  readonly sha256: (text: string) => string
  /** The client whose API key has this SHA-256 (hex) for the API at hand, or undefined. */
  readonly clientByKeyHash: (hash: string) => Client | undefined
  /** The client of an id under contract with the API at hand, or undefined. */
  readonly clientById: (id: string) => Client | undefined
  /** State that outlives a plan, so that deploying an unrelated change does not reset counters. */
  readonly state: <T>(key: string, create: () => T, sharing?: StateSharing) => T
  /** Calls once after a while; the answer cancels it. Any length: longer ones than a timer takes are re-armed. */
  readonly after: (ms: number, call: () => void) => () => void
  /** An HTTP request of the policy's own. Redirects are not followed; forbidden addresses are refused. */
  readonly request: (request: ControlRequest) => Promise<ControlAnswer>
  /** Undefined where the node was given none. */
  readonly sharedStore: SharedStore | undefined
  /**
   * Counts requests by a key for all processes of this node together; undefined where one process serves alone
   * and can count for itself. Rejects when the node does not answer in time.
   */
  readonly countOnNode: ((limits: CountedLimits) => (key: string) => Promise<Count>) | undefined
  /** Undefined where one process serves alone. Names are the policy's own. */
  readonly siblings: Siblings | undefined
  /**
   * Enters one under a name and key unless `max` are in already, over all processes of this node; what it gives is
   * called once when that one leaves, and undefined means that it is full. Undefined as `countOnNode` is, and
   * rejects as that does.
   */
  readonly enterOnNode:
    | ((name: string) => (key: string, max: number) => Promise<(() => void) | undefined>)
    | undefined
  /** Takes spans to a collector; undefined where the node was given none. */
  readonly spans: ((span: FinishedSpan) => void) | undefined
  /** A variable of the node's environment, of those that may be shown (see environment.ts). */
  readonly environment: (name: string) => string | undefined
  /** Another upstream of the API by its name, or undefined. */
  readonly destination: (name: string) => Destination | undefined
  readonly api: ApiView
  /** The rules that it is attached under; none for every request. */
  readonly rules: readonly PolicyRule[]
  /** A line in the node's log. Never with secrets. */
  readonly log: (
    level: 'debug' | 'info' | 'warn' | 'error',
    code: string,
    fields?: Record<string, unknown>,
  ) => void
  /** Adds to a counter of the node's metrics, by this policy and a few labels with few values. */
  readonly count: (name: string, labels?: Readonly<Record<string, string>>) => void
}

/** A certificate that the settings of an API name. */
export interface ApiCertificate {
  /** Shown to clients, shown to the upstream, or trusted on either side. */
  readonly type: 'server' | 'client' | 'ca'
  /** RFC 4514 text. */
  readonly subject: string
  readonly subjectAltNames: readonly SubjectAltName[]
  /** Lower-case hex. */
  readonly serialNumber: string
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
}

/** The API that a policy is attached to. */
export interface ApiView {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly basePath: string
  /** Its imported OpenAPI document as JSON, where there is one. */
  readonly document: unknown
  /** Those of its TLS settings: leaves with their intermediates, and CAs. */
  readonly certificates: readonly ApiCertificate[]
}

/**
 * What a policy does with whole request bodies, of everything but upgrades. The runtime buffers only for those that
 * declare it; what it has buffered goes on with its length, and without the trailers of a body in chunks.
 */
export interface RequestBodyPhase {
  /** Longer bodies are refused with 413 `body_too_large`. */
  readonly maxBytes: number
  /** Asked once every onRequest has let the request through; false leaves the body streaming. */
  wants?(exchange: Exchange): boolean
  /** A request without a body has one of no bytes. */
  run(exchange: Exchange, body: Uint8Array): Refusal | undefined | Promise<Refusal | undefined>
}

/**
 * What a policy does with copies of the bodies of upstream answers; answers of the gateway's own are not shown.
 * The client is not kept waiting for it.
 */
export interface AnswerBodyPhase {
  readonly maxBytes: number
  /**
   * Asked at the policy's turn, behind its onResponse. Response members show the head as the policies nearer to
   * the upstream have left it, and show that again in `run`.
   */
  wants?(exchange: Exchange): boolean
  /**
   * Called once for every answer that was wanted. The body is without transfer coding, in the upstream's content
   * coding, of no bytes for HEAD, 204 and 304; null where it was longer than maxBytes or ended before it was whole.
   */
  run(exchange: Exchange, body: Uint8Array | null): void | Promise<void>
}

/** The per-request half of a policy; made once for each plan, so it may hold compiled things. */
export interface Prepared {
  /** Looks at the request; a Refusal ends it. Returns a promise only where it must wait. */
  onRequest?(exchange: Exchange): Refusal | undefined | Promise<Refusal | undefined>
  /** Runs when every onRequest has let the request through. */
  readonly requestBody?: RequestBodyPhase
  /**
   * Observes and edits the head of the answer, the upstream's or a refusal's. What it returns takes the place of an
   * upstream's answer, as a stored one does of a 304 that confirms it; policies before it see that. Of an answer of
   * the gateway's own it is passed over.
   */
  onResponse?(exchange: Exchange): Refusal | undefined | void
  /**
   * The upstream could not be asked or gave no answer. What it returns takes the place of the refusal that is due,
   * as a stale answer does; the policy nearest to the upstream is asked first, and onResponse follows for all.
   */
  onUpstreamFailure?(exchange: Exchange, due: Refusal): Refusal | undefined
  readonly responseBody?: AnswerBodyPhase
  /** The client's WebSocket is open. */
  onSession?(session: Session): void
  /** The agency that claims speak for, where the policy is told which claim says it; for lists of open WebSockets. */
  agencyOf?(claims: Claims): string | undefined
  /** The exchange is over, however it ended; called for every exchange whose onRequest ran. */
  onDone?(exchange: Exchange, outcome: Outcome): void
  dispose?(): void
}

export interface Policy<C = unknown> {
  readonly kind: string
  readonly policyVersion: string
  readonly title: string
  readonly summary: string
  readonly category: Category
  /** Runs before everything else, whatever its order (CORS). */
  readonly first?: boolean
  /** Runs behind everything else, whatever its order: it is about the way to the upstream. */
  readonly outbound?: boolean
  readonly config: z.ZodType<C>
  /** One line that says what this configuration does, for lists and chains. */
  summarise(config: C): string
  /** Does all that can be done once. Throws an Error that says what is wrong with the configuration. */
  prepare(config: C, ports: Ports): Prepared
  /** Whether a configuration takes ApiView.document, which is sent to nodes only where one does. */
  needsDocument?(config: C): boolean
  /** TLS of the listener for the hosts of the API. Throws as prepare does. */
  inboundTls?(config: C, contexts: Contexts): InboundTls
  /** What it says of the API's upstreams. Throws as prepare does. */
  upstream?(config: C, contexts: Contexts): UpstreamSettings
}

/** A policy as a form and a document need it, free of functions. */
export interface PolicyDescription {
  kind: string
  policyVersion: string
  title: string
  summary: string
  category: Category
  /** JSON Schema 2020-12, with titles and descriptions for the form. */
  schema: Record<string, unknown>
}

export function definePolicy<C>(policy: Policy<C>): Policy<C> {
  return policy
}

export function describePolicy(policy: Policy<never> | Policy): PolicyDescription {
  const { kind, policyVersion, title, summary, category } = policy
  const schema = z.toJSONSchema(policy.config, { io: 'input' }) as Record<string, unknown>
  return { kind, policyVersion, title, summary, category, schema }
}
