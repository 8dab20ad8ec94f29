import { randomBytes, type X509Certificate } from 'node:crypto'

/**
 * The first half of a TLS 1.2 handshake as a client speaks it (RFC 5246 §7.3), up to where it would have to use its
 * private key. It is enough to have a certificate looked at, and needs no key.
 */

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const CERTIFICATE = 11
const SERVER_HELLO_DONE = 14
const FINISHED = 20
const FRAGMENT_MAX = 16_384

/** Asks for a handshake in which the server shows an ECDSA certificate. */
export function clientHello(): Buffer {
  const suites = uint16s(0xc02b, 0xc02c)
  const extensions = [
    // Groups x25519 and P-256, uncompressed points, every signature that a certificate may have.
    extension(10, vector16(uint16s(0x001d, 0x0017))),
    extension(11, Buffer.of(1, 0)),
    extension(13, vector16(uint16s(0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401))),
    // extended_master_secret and renegotiation_info
    extension(23, Buffer.alloc(0)),
    extension(0xff01, Buffer.of(0)),
  ]
  const body = [
    uint16s(0x0303),
    randomBytes(32),
    Buffer.of(0),
    vector16(suites),
    Buffer.of(1, 0),
    vector16(Buffer.concat(extensions)),
  ]
  return records(message(CLIENT_HELLO, Buffer.concat(body)))
}

/** Shows a chain, and then says what may not be said there, so that the other side answers in any case. */
export function certificateAndEnd(chain: readonly X509Certificate[]): Buffer {
  const list = Buffer.concat(chain.map(({ raw }) => vector24(raw)))
  return Buffer.concat([
    records(message(CERTIFICATE, vector24(list))),
    records(message(FINISHED, Buffer.alloc(12))),
  ])
}

/** Whether the server has said all that it says before a certificate is shown. */
export function isServerDone(bytes: Buffer): boolean {
  const fragments: Buffer[] = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    if (bytes[at] === HANDSHAKE && end <= bytes.length) fragments.push(bytes.subarray(at + 5, end))
    at = end
  }
  const said = Buffer.concat(fragments)
  for (let at = 0; at + 4 <= said.length; at += 4 + said.readUIntBE(at + 1, 3))
    if (said[at] === SERVER_HELLO_DONE) return true
  return false
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type), vector24(body)])
}

function records(content: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < content.length; at += FRAGMENT_MAX)
    parts.push(Buffer.of(HANDSHAKE, 3, 3), vector16(content.subarray(at, at + FRAGMENT_MAX)))
  return Buffer.concat(parts)
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([uint16s(type), vector16(content)])
}

function uint16s(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))
}

function vector16(content: Buffer): Buffer {
  return Buffer.concat([uint16s(content.length), content])
}

function vector24(content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.of(content.length >> 16, (content.length >> 8) & 0xff, content.length & 0xff),
    content,
  ])
}
