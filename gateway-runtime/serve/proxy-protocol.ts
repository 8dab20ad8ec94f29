import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress } from '#domain/subject-alt-names.ts'

/** What the first bytes of a connection say of where it comes from (HAProxy's proxy-protocol.txt, versions 1 and 2). */
export type ProxyHeader =
  /** More bytes are needed. */
  | { readonly kind: 'partial' }
  | { readonly kind: 'bad' }
  /** `end` is where the client's own bytes begin; without an address the connection is the proxy's own. */
  | { readonly kind: 'header'; readonly end: number; readonly address: string | undefined }

const PARTIAL: ProxyHeader = { kind: 'partial' }
const BAD: ProxyHeader = { kind: 'bad' }

const V1_START = Buffer.from('PROXY ')
/** With its CRLF, by the specification. */
const V1_MAX = 107
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V2_FIXED = 16
/** The rest are fields about the connection, of which real proxies write a few hundred bytes. */
const V2_MAX = 4_096

/** Looks at the bytes since the start of the connection. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED ? PARTIAL : readV2(bytes)
  if (startsLike(bytes, V1_START)) return readV1(bytes)
  return BAD
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, length, 0, length) === 0
}

function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.indexOf('\r\n')
  if (end < 0) return bytes.length >= V1_MAX - 1 ? BAD : PARTIAL
  if (end + 2 > V1_MAX) return BAD
  const line = bytes.latin1Slice(0, end)
  // The specification has the receiver pass over whatever stands behind the word.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'header', end: end + 2, address: undefined }
  const [, family, source = '', target = '', sourcePort = '', targetPort = '', ...more] = line.split(' ')
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (isAddress === undefined || more.length > 0) return BAD
  if (![source, target].every((address) => isAddress(address) && !address.includes('%'))) return BAD
  if (![sourcePort, targetPort].every(isPort)) return BAD
  return { kind: 'header', end: end + 2, address: canonicalAddress(source) ?? source }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

const VERSION_2 = 0x2
const LOCAL = 0x0
const PROXY = 0x1

function readV2(bytes: Buffer): ProxyHeader {
  const command = bytes.readUInt8(12)
  const family = bytes.readUInt8(13)
  const length = bytes.readUInt16BE(14)
  if (command >> 4 !== VERSION_2 || (command & 0xf) > PROXY || length > V2_MAX) return BAD
  const end = V2_FIXED + length
  if (bytes.length < end) return PARTIAL
  if ((command & 0xf) === LOCAL) return { kind: 'header', end, address: undefined }
  switch (family) {
    // Unspecified, and Unix sockets: there is no address that could be taken.
    case 0x00:
    case 0x31:
    case 0x32:
      return { kind: 'header', end, address: undefined }
    case 0x11:
      return length < 12 ? BAD : { kind: 'header', end, address: bytes.subarray(16, 20).join('.') }
    case 0x21:
      return length < 36 ? BAD : { kind: 'header', end, address: ipv6Of(bytes.subarray(16, 32)) }
    default:
      return BAD
  }
}

function ipv6Of(bytes: Buffer): string {
  const groups = bytes.toString('hex').match(/.{4}/g)?.join(':') ?? ''
  return canonicalAddress(groups) ?? groups
}
