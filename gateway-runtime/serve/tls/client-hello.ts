/**
 * Finds the server name in the first bytes of a TLS connection, before any of them is given to OpenSSL. So versions,
 * cipher suites, the wish for a client certificate and the session tickets can all belong to one host: chosen later,
 * inside OpenSSL, some of them would already be fixed. What is found here is compared with what OpenSSL found.
 */

export type Hello =
  /** More bytes are needed. */
  | { readonly kind: 'partial' }
  /** Undefined where the client named no server. */
  | { readonly kind: 'hello'; readonly serverName: string | undefined }
  | { readonly kind: 'not_tls' | 'http_request' | 'bad_hello' }

const PARTIAL: Hello = { kind: 'partial' }
const BAD: Hello = { kind: 'bad_hello' }
const RECORD_HEADER = 5
const RECORD_MAX = 16_384
/** Real ones stay below 4 KB, with post-quantum key shares too. */
const HELLO_MAX = 16_384
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const HOST_NAME = 0
const HOST = /^[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?$/

/** Looks at the bytes since the start of the connection. Never throws. */
export function peekHello(bytes: Uint8Array): Hello {
  const message: Uint8Array[] = []
  let have = 0
  let wanted = 4
  for (let position = 0; have < wanted; ) {
    const record = recordAt(bytes, position)
    if (!('end' in record)) return record
    const fragment = bytes.subarray(position + RECORD_HEADER, record.end)
    position = record.end
    message.push(fragment)
    have += fragment.length
    const start = message.length === 1 ? fragment : Buffer.concat(message)
    if (start.length < 4) continue
    if (start[0] !== CLIENT_HELLO) return BAD
    wanted = 4 + uint24(start, 1)
    if (wanted > HELLO_MAX) return BAD
  }
  const whole = Buffer.concat(message)
  // A second message behind the hello is not one that a client may send here.
  return have > wanted ? BAD : serverNameOf(new Cursor(whole.subarray(4)))
}

function recordAt(bytes: Uint8Array, position: number): Hello | { end: number } {
  const type = bytes[position]
  if (type === undefined) return PARTIAL
  if (type !== HANDSHAKE) return position === 0 ? otherProtocol(type) : BAD
  const major = bytes[position + 1]
  if (major !== undefined && major !== 3) return position === 0 ? { kind: 'not_tls' } : BAD
  if (bytes.length < position + RECORD_HEADER) return PARTIAL
  const length = ((bytes[position + 3] ?? 0) << 8) | (bytes[position + 4] ?? 0)
  if (length === 0 || length > RECORD_MAX) return BAD
  const end = position + RECORD_HEADER + length
  return bytes.length < end ? PARTIAL : { end }
}

// The first letter of a method.
function otherProtocol(byte: number): Hello {
  return { kind: byte >= 0x41 && byte <= 0x5a ? 'http_request' : 'not_tls' }
}

function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}

/** Reads vectors (RFC 8446 §3.4). Once something does not fit, `isGood` is false and all that follows is empty. */
class Cursor {
  isGood = true
  private readonly bytes: Uint8Array
  private position = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length
  }

  take(length: number): Uint8Array {
    const end = this.position + length
    if (end > this.bytes.length) this.isGood = false
    const taken = this.isGood ? this.bytes.subarray(this.position, end) : new Uint8Array(0)
    this.position = this.isGood ? end : this.bytes.length
    return taken
  }

  number(bytes: 1 | 2): number {
    return this.take(bytes).reduce((value, byte) => value * 256 + byte, 0)
  }

  vector(lengthBytes: 1 | 2): Uint8Array {
    return this.take(this.number(lengthBytes))
  }
}

// RFC 8446 §4.1.2
function serverNameOf(hello: Cursor): Hello {
  hello.take(2 + 32)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  if (!hello.isGood) return BAD
  if (hello.isAtEnd) return { kind: 'hello', serverName: undefined }
  const extensions = new Cursor(hello.vector(2))
  if (!hello.isGood || !hello.isAtEnd) return BAD
  let found: Uint8Array | undefined
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    if (!extensions.isGood || (type === SERVER_NAME && found !== undefined)) return BAD
    if (type === SERVER_NAME) found = data
  }
  return found === undefined ? { kind: 'hello', serverName: undefined } : hostNameOf(found)
}

// RFC 6066 §3: one host name, in ASCII, without the dot at its end.
function hostNameOf(extension: Uint8Array): Hello {
  const outer = new Cursor(extension)
  const list = new Cursor(outer.vector(2))
  const type = list.number(1)
  const name = list.vector(2)
  if (!outer.isGood || !outer.isAtEnd || !list.isGood || !list.isAtEnd || type !== HOST_NAME) return BAD
  const serverName = Buffer.from(name).toString('latin1').toLowerCase()
  return HOST.test(serverName) ? { kind: 'hello', serverName } : BAD
}
