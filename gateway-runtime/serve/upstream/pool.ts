export interface PoolOptions {
  /** `http://host:port/base`; several are used in turn, one that cannot be connected to is passed over for a while. */
  readonly endpoints: readonly { readonly url: string }[]
  readonly timeouts: PoolTimeouts
  readonly maxConnections: number
  /** Requests that may wait for a connection; beyond it they are answered 503. */
  readonly maxPending: number
  /** Loopback addresses are refused at connect time unless this says otherwise. */
  readonly allowLoopback?: boolean
}

export interface PoolTimeouts {
  readonly connectMs: number
  /** From the end of the request to the head of the answer. */
  readonly responseMs: number
  /** The longest pause inside a body. */
  readonly idleMs: number
}

/** Connections to one upstream, shared by nobody who was configured differently. It holds nothing until it is used. */
export interface Pool {
  readonly identity: string
  /** Ends idle connections now and the others when their exchange has ended. The server calls it. */
  dispose(): void
}
