/** Who is calling, as an identity policy found out. */
export interface Client {
  readonly id: string
  readonly name: string
}

/**
 * One request and its answer as a policy sees it, whatever HTTP library or version carries it.
 * Header names are lower-case. Response members may be used in `onResponse` only, and response headers
 * read there are valid during that call.
 */
export interface Exchange {
  readonly requestId: string
  readonly method: string
  /** Normalised path, the very one that the upstream will see before any base path is taken off. */
  readonly path: string
  /** With its question mark, or empty. */
  readonly query: string
  readonly host: string
  /** The client's address after trusted proxies are taken into account. */
  readonly remoteAddress: string
  readonly secure: boolean
  /** The first value of a request header, or undefined. */
  header(name: string): string | undefined
  /** Every value of a request header in order of appearance, so that a second credential cannot hide behind the first. */
  headerValues(name: string): readonly string[]
  /** Replaces all request headers of that name by one. */
  setHeader(name: string, value: string): void
  removeHeader(name: string): void
  /** Replaces the query that the upstream sees; with its question mark, or empty. */
  setQuery(query: string): void
  /** Set by an identity policy, read by those behind it. */
  client: Client | undefined

  readonly status: number
  responseHeader(name: string): string | undefined
  setResponseHeader(name: string, value: string): void
  /** Adds a line and leaves those already there, as Vary and Set-Cookie need it. */
  addResponseHeader(name: string, value: string): void
  removeResponseHeader(name: string): void
}

/**
 * A policy's answer instead of the upstream's. `code` is stable (`api-key-auth.missing`);
 * a refusal below 400 (a CORS preflight, say) has no problem document.
 */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}
