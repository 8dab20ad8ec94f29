interface Bound {
  /** What it is unless something else is said. */
  readonly usual: number
  readonly min: number
  readonly max: number
}

const bound = (usual: number, min: number, max: number): Bound => ({ usual, min, max })

const second = 1_000
const day = 86_400_000
const mebibyte = 1_048_576
const time = (usualMs: number, minMs = 10) => bound(usualMs, minMs, day)

/** Bounds that one serving process keeps; every one of them is finite. docs/limits.md lists them for operators. */
export const bounds = {
  targetBytesMax: bound(8_192, 64, 65_535),
  fieldBytesMax: bound(16_384, 64, 65_535),
  /** Offsets into a head are 16 bits wide. */
  headBytesMax: bound(65_535, 256, 65_535),
  fieldsMax: bound(100, 1, 1_000),
  bodyBytesMax: bound(64 * mebibyte, 0, Number.MAX_SAFE_INTEGER),
  /** Memory of all bodies together that policies look at whole. */
  collectedBytesMax: bound(256 * mebibyte, 0, Number.MAX_SAFE_INTEGER),
  connectionsMax: bound(20_000, 1, 1_000_000),
  /** Connections that have not come to their first request yet, for want of a PROXY header or a TLS handshake. */
  handshakesMax: bound(2_000, 1, 1_000_000),
  /** From the connection's start to the end of both. */
  handshakeTimeoutMs: time(10 * second),
  /** From the first byte of a head (or the connection's start) to its end. */
  headTimeoutMs: time(10 * second),
  /** Between two requests of a connection. */
  idleTimeoutMs: time(65 * second),
  /** A request body is measured over windows of this length … */
  bodyWindowMs: time(10 * second),
  /** … and each window must bring this many bytes a second, unless the upstream holds it up. */
  bodyBytesPerSecondMin: bound(100, 0, Number.MAX_SAFE_INTEGER),
  /** How long a client may leave an answer unread. */
  unreadTimeoutMs: time(60 * second),
  /** From a request's head to the end of its answer; 0 for no bound. */
  exchangeTimeoutMs: time(0, 0),
  webSocketIdleTimeoutMs: time(3_600 * second),
  /** Streams of one HTTP/2 connection at a time. */
  streamsMax: bound(100, 1, 10_000),
  /** Streams that an HTTP/2 client may give up in a second, beside as many as it lets come to their answers. */
  resetsMax: bound(100, 1, 1_000_000),
  /** Bytes of frames that are neither heads nor bodies which it may send in a second. */
  overheadBytesMax: bound(64 * 1024, 1_024, Number.MAX_SAFE_INTEGER),
  /** How long a stream may rest, with nothing moving in either direction. */
  streamIdleTimeoutMs: time(300 * second),
  /** How long input is still read and dropped after an answer that ends the connection. */
  lingerMs: time(2 * second),
  /** How late the process may be with all its work before it refuses requests; 0 for never. */
  loopDelayMsMax: bound(250, 0, day),
  /** How much of the heap may be in use, after the garbage is gone, before it refuses requests; 100 for never. */
  heapPercentMax: bound(85, 1, 100),
} as const satisfies Record<string, Bound>

export type LimitName = keyof typeof bounds
export type Limits = { readonly [name in LimitName]: number }

const names = Object.keys(bounds) as LimitName[]

// Every name has a number, by the line above.
export const defaultLimits = Object.fromEntries(names.map((name) => [name, bounds[name].usual])) as Limits

/** A limit as operators call it: `head-timeout-ms`. */
export function writtenName(name: LimitName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Reads `head-timeout-ms=5000`. Throws an Error that says what is wrong with it. */
export function readLimit(text: string): readonly [name: LimitName, value: number] {
  const [written = '', value = ''] = text.split('=')
  const name = names.find((one) => writtenName(one) === written)
  if (name === undefined)
    throw new Error(`${written} is no limit; there are ${names.map(writtenName).join(', ')}`)
  const { min, max } = bounds[name]
  if (!/^\d{1,16}$/.test(value) || Number(value) < min || Number(value) > max)
    throw new Error(`${written} must be a whole number from ${min} to ${max}, not ${value || 'nothing'}`)
  return [name, Number(value)]
}
