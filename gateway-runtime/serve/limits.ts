/** Bounds that one listener process keeps; every one of them is finite. */
export interface Limits {
  readonly targetBytesMax: number
  readonly fieldBytesMax: number
  /** At most 65,535: offsets into a head are 16 bits wide. */
  readonly headBytesMax: number
  readonly fieldsMax: number
  readonly bodyBytesMax: number
  /** Memory of all bodies together that policies look at whole. */
  readonly collectedBytesMax: number
  readonly connectionsMax: number
  /** Connections that have not come to their first request yet, for want of a PROXY header or a TLS handshake. */
  readonly handshakesMax: number
  /** From the connection's start to the end of both. */
  readonly handshakeTimeoutMs: number
  /** From the first byte of a head (or the connection's start) to its end. */
  readonly headTimeoutMs: number
  /** Between two requests of a connection. */
  readonly idleTimeoutMs: number
  /** A request body is measured over windows of this length … */
  readonly bodyWindowMs: number
  /** … and each window must bring this many bytes a second, unless the upstream holds it up. */
  readonly bodyBytesPerSecondMin: number
  /** How long a client may leave an answer unread. */
  readonly unreadTimeoutMs: number
  /** From a request's head to the end of its answer; 0 for no bound. */
  readonly exchangeTimeoutMs: number
  readonly webSocketIdleTimeoutMs: number
  /** Streams of one HTTP/2 connection at a time. */
  readonly streamsMax: number
  /** Streams that an HTTP/2 client may give up in a second, beside as many as it lets come to their answers. */
  readonly resetsMax: number
  /** Bytes of frames that are neither heads nor bodies which it may send in a second. */
  readonly overheadBytesMax: number
  /** How long a stream may rest, with nothing moving in either direction. */
  readonly streamIdleTimeoutMs: number
  /** How long input is still read and dropped after an answer that ends the connection. */
  readonly lingerMs: number
}

export const defaultLimits: Limits = {
  targetBytesMax: 8_192,
  fieldBytesMax: 16_384,
  headBytesMax: 65_535,
  fieldsMax: 100,
  bodyBytesMax: 64 * 1024 * 1024,
  collectedBytesMax: 256 * 1024 * 1024,
  connectionsMax: 20_000,
  handshakesMax: 2_000,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 65_000,
  bodyWindowMs: 10_000,
  bodyBytesPerSecondMin: 100,
  unreadTimeoutMs: 60_000,
  exchangeTimeoutMs: 0,
  webSocketIdleTimeoutMs: 3_600_000,
  streamsMax: 100,
  resetsMax: 100,
  overheadBytesMax: 64 * 1024,
  streamIdleTimeoutMs: 300_000,
  lingerMs: 2_000,
}
