/** The bytes are not what a certificate (X.690 §10, RFC 5280) may hold. */
export class DerFault extends Error {}

/** One value: its tag, and where its content lies. */
export interface Element {
  readonly tag: number
  /** Of the tag itself. */
  readonly from: number
  readonly start: number
  readonly end: number
}

export const TAG = {
  boolean: 0x01,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

const LENGTH_BYTES_MAX = 3

/** Reads the value at a position. Throws DerFault where its length is not minimal or it does not end in time. */
export function elementAt(bytes: Uint8Array, from: number, limit: number): Element {
  const tag = byteAt(bytes, from, limit)
  if ((tag & 0x1f) === 0x1f) throw new DerFault('a tag of several bytes')
  const first = byteAt(bytes, from + 1, limit)
  let start = from + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > LENGTH_BYTES_MAX) throw new DerFault('a length out of bounds')
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, start++, limit)
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerFault('a length that is not minimal')
  }
  if (start + length > limit) throw new DerFault('a value that does not end')
  return { tag, from, start, end: start + length }
}

function byteAt(bytes: Uint8Array, position: number, limit: number): number {
  const byte = position < limit ? bytes[position] : undefined
  if (byte === undefined) throw new DerFault('the end inside a value')
  return byte
}

/** The values inside a constructed one. */
export function childrenOf(bytes: Uint8Array, { start, end }: Pick<Element, 'start' | 'end'>): Element[] {
  const children: Element[] = []
  for (let position = start; position < end; ) {
    const child = elementAt(bytes, position, end)
    children.push(child)
    position = child.end
  }
  return children
}

/** An object identifier in dotted form. */
export function objectIdOf(bytes: Uint8Array, { start, end }: Pick<Element, 'start' | 'end'>): string {
  const arcs: number[] = []
  let arc = 0
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerFault('an object identifier out of bounds')
    if ((byte & 0x80) !== 0) continue
    if (arcs.length === 0) arcs.push(...(arc < 80 ? [Math.floor(arc / 40), arc % 40] : [2, arc - 80]))
    else arcs.push(arc)
    arc = 0
  }
  if (arcs.length === 0) throw new DerFault('an empty object identifier')
  return arcs.join('.')
}
