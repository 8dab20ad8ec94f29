// Named down to the file: the loader's look at `main` makes typed arrays slow in the whole process.
import ipaddr from 'ipaddr.js/lib/ipaddr.js'

/** Sets of IP addresses, as single ones and as blocks (RFC 4632, RFC 4291). IPv4 inside IPv6 counts as IPv4. */

interface Block {
  /** The bits of the block's address, 4 or 16 bytes. */
  readonly bytes: readonly number[]
  readonly bits: number
}

const block = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/

/** An address in its one form; undefined for other texts, octal and short forms among them. */
function bytesOf(text: string): readonly number[] | undefined {
  const bare = text.replace(/%.*$/, '')
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toByteArray()
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined
  return ipaddr.process(bare).toByteArray()
}

function blockOf(text: string): Block | string {
  const match = block.exec(text)
  const bytes = match === null ? undefined : bytesOf(match[1] ?? '')
  if (bytes === undefined) return `${text} is neither an address nor a block such as 10.0.0.0/8`
  const bitsMax = bytes.length * 8
  // Of a mapped address, the first 96 bits only say that it is one.
  const skipped = bytes.length === 4 && text.includes(':') ? 96 : 0
  const bits = match?.[2] === undefined ? bitsMax : Number(match[2]) - skipped
  if (bits < 0 || bits > bitsMax) return `${text} has a length that no address has`
  return { bytes, bits }
}

/** Why a text is no address and no block, or undefined when it is one. */
export function blockFault(text: string): string | undefined {
  const read = blockOf(text)
  return typeof read === 'string' ? read : undefined
}

function keyOf(bytes: readonly number[], bits: number): string {
  const whole = bits >> 3
  const kept = bytes.slice(0, whole)
  if ((bits & 7) !== 0) kept.push((bytes[whole] ?? 0) & (0xff << (8 - (bits & 7))))
  return kept.join('.')
}

/** Whether an address, given as text, is in a set; undefined for what is no address. */
export type IpSet = (address: string) => boolean | undefined

/** Compiles blocks that are free of faults. A look takes as many steps as there are different lengths of blocks. */
export function compileIpSet(texts: readonly string[]): IpSet {
  const ofLength = { 4: new Map<number, Set<string>>(), 16: new Map<number, Set<string>>() }
  for (const text of texts) {
    const read = blockOf(text)
    if (typeof read === 'string') throw new Error(read)
    const lengths = ofLength[read.bytes.length === 4 ? 4 : 16]
    const keys = lengths.get(read.bits) ?? new Set()
    lengths.set(read.bits, keys.add(keyOf(read.bytes, read.bits)))
  }
  return (address) => {
    const bytes = bytesOf(address)
    if (bytes === undefined) return undefined
    for (const [bits, keys] of ofLength[bytes.length === 4 ? 4 : 16])
      if (keys.has(keyOf(bytes, bits))) return true
    return false
  }
}
