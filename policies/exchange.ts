import type { SubjectAltName } from '#domain/certificate.ts'

/** What a contract allows its client. */
export interface Tier {
  readonly name: string
  readonly limits: readonly {
    readonly maximumRequests: number
    readonly timePeriodInMilliseconds: number
  }[]
}

/** Who is calling, as an identity policy found out. */
export interface Client {
  readonly id: string
  readonly name: string
  /** Of the contract between the client and the API at hand. */
  readonly tier?: Tier
}

/** Claims of a verified token (RFC 7519 §4), as JSON has them. */
export type Claims = Readonly<Record<string, unknown>>

/** The leaf that a client proved to hold, once its chain has been verified. */
export interface PeerCertificate {
  /** RFC 4514 text, most specific attribute first. */
  readonly subject: string
  readonly issuer: string
  /** Lower-case hex. */
  readonly serialNumber: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string
  readonly subjectAltNames: readonly SubjectAltName[]
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  readonly pem: string
}

/** TLS of the connection that a request came by. */
export interface TlsSession {
  /** `TLSv1.3`, `TLSv1.2`. */
  readonly version: string
  /** The IANA name of the suite. */
  readonly cipher: string
  /** SNI in lower case. */
  readonly serverName: string | undefined
  /** Undefined where no certificate was shown; one that did not verify ends the connection or is not seen here. */
  readonly peer: PeerCertificate | undefined
}

/** A destination that a policy asked for by name when it was prepared. */
export interface Destination {
  readonly name: string
}

/**
 * One request and its answer as a policy sees it, whatever HTTP library or version carries it.
 * Header names are lower-case. Response members may be used in `onResponse` and later only, and response headers
 * read there are valid during that call.
 */
export interface Exchange {
  readonly requestId: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  readonly method: string
  /** Normalised path, the very one that the upstream will see before any base path is taken off. */
  readonly path: string
  /** The path behind the API's base path; begins with /. */
  readonly resourcePath: string
  /** With its question mark, or empty. */
  readonly query: string
  readonly host: string
  /** The client's address after trusted proxies are taken into account. */
  readonly remoteAddress: string
  readonly secure: boolean
  readonly tls: TlsSession | undefined
  /** The client asks for a WebSocket; what it is told in the end is `status` 101 or a refusal. */
  readonly upgrades: boolean
  /** The first value of a request header, or undefined. */
  header(name: string): string | undefined
  /** Every value of a request header in order of appearance, so that a second credential cannot hide behind the first. */
  headerValues(name: string): readonly string[]
  /** Every name with its values, for policies that look at headers that they do not know by name. */
  headerNames(): readonly string[]
  /** Replaces all request headers of that name by one. */
  setHeader(name: string, value: string): void
  removeHeader(name: string): void
  /** The request's body may be this long and no longer: 413 `body_too_large`, or cut where it streams already. */
  limitBody(maxBytes: number): void
  /** Replaces the query that the upstream sees; with its question mark, or empty. */
  setQuery(query: string): void
  /** Set by an identity policy, read by those behind it. */
  client: Client | undefined
  claims: Claims | undefined
  /**
   * Set by the identity policy that verified a token: verifies another one by the same rules, without touching the
   * exchange, and answers with its claims, or with undefined where it is not good. For sockets that outlive a token.
   */
  renewIdentity: ((token: string) => Promise<Claims | undefined>) | undefined

  /** Set by a policy that lets pages of the request's Origin in: WebSockets from other hosts than its own need it. */
  isOriginAllowed: boolean

  /** Sends the request to another upstream than the API's own. */
  destination: Destination | undefined
  /** Replaces the path that the upstream sees, behind its own base path; begins with /. */
  destinationPath: string | undefined

  readonly status: number
  responseHeader(name: string): string | undefined
  responseHeaderValues(name: string): readonly string[]
  responseHeaderNames(): readonly string[]
  setResponseHeader(name: string, value: string): void
  /** Adds a line and leaves those already there, as Vary and Set-Cookie need it. */
  addResponseHeader(name: string, value: string): void
  removeResponseHeader(name: string): void
}

/**
 * A policy's answer instead of the upstream's. `code` is stable (`api-key-auth.missing`); one below 400 (a CORS
 * preflight) or with a body of its own (an answer out of a cache) has no problem document and does not count as
 * refused.
 * Content-Length follows from the body; HEAD, 204 and 304 are answered without one.
 */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
  /** Never those of framing and connection, which are the gateway's. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Of a whole answer; without it those below 400 have no body, and others a problem document. */
  readonly body?: Uint8Array
}

/** How an exchange ended. Counts are of body bytes, times in milliseconds. */
export interface Outcome {
  readonly status: number
  /** Why the gateway or a policy answered in the upstream's place, or cut the connection. */
  readonly code: string | undefined
  readonly durationMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** The endpoint that answered (`host:port`), and its share of the time until its head came. */
  readonly upstream: string | undefined
  readonly upstreamMs: number | undefined
}

/** An open WebSocket, for policies that watch over it. */
export interface Session {
  readonly exchange: Exchange
  /** The client has brought another token; from now on these are its claims. */
  renewed(claims: Claims): void
  /** Ends both sides with a close frame (RFC 6455 §7.4). */
  close(code: number, reason: string): void
  /** Sends the client a text message of the gateway's own, between two messages of the upstream. */
  send(text: string): void
  /**
   * Shows whole text messages of the client up to a size to a function; those for which it answers true are the
   * gateway's and do not reach the upstream. Compressed, fragmented and longer messages pass unseen.
   */
  intercept(maxBytes: number, take: (text: string) => boolean): void
  /** Called once when the socket has ended, however that came. */
  onEnd(ended: () => void): void
}
