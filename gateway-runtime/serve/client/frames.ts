import { randomBytes } from 'node:crypto'

/** WebSocket frames (RFC 6455 §5.2). */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Close codes (RFC 6455 §7.4.1). */
export const CLOSE = {
  goingAway: 1001,
  protocolError: 1002,
  badText: 1007,
  policy: 1008,
  internal: 1011,
  /** Of those that applications give a meaning: whoever comes again has to show who they are. */
  endedByOperator: 4401,
} as const

const HEADER_BYTES_MAX = 14
const CONTROL_BYTES_MAX = 125
const LENGTH_MAX = 2n ** 53n
/** RFC 6455 §5.5: what is left of 125 bytes behind the code. */
const REASON_BYTES_MAX = 123

/** Follows one direction of a WebSocket frame by frame, so that a frame can be put between two. */
export class FrameTracker {
  /** A close frame has passed. */
  closed = false
  /** The next data frame goes on with a message that has begun. */
  inMessage = false
  payloadLeft = 0
  opcode = 0
  isFinal = true
  reserved = 0
  isMasked = false
  /** The length was written in its shortest form and is one that can be counted. */
  isLengthGood = true
  headerLength = 0
  readonly header = Buffer.alloc(HEADER_BYTES_MAX)
  private isHeaderTaken = true

  get betweenFrames(): boolean {
    return this.isHeaderTaken && this.payloadLeft === 0
  }

  /** Moves on over bytes; stops behind the first complete frame where `oneFrame` says so. Returns where it is. */
  advance(bytes: Buffer, start: number, end: number, oneFrame: boolean): number {
    let position = start
    while (position < end) {
      position = this.payloadLeft > 0 ? this.skip(position, end) : this.readHeader(bytes, position, end)
      if (oneFrame && this.betweenFrames) return position
    }
    return position
  }

  /** Moves on over payload. */
  skip(position: number, end: number): number {
    const length = Math.min(this.payloadLeft, end - position)
    this.payloadLeft -= length
    return position + length
  }

  /** Reads as much of a header as there is; `hasHeader` says whether it is complete. */
  readHeader(bytes: Buffer, start: number, end: number): number {
    let position = start
    if (this.isHeaderTaken) this.headerLength = 0
    this.isHeaderTaken = false
    while (position < end && !this.isHeaderTaken) {
      this.header[this.headerLength++] = bytes[position++] ?? 0
      if (this.headerLength >= 2) this.takeHeader()
    }
    return position
  }

  get hasHeader(): boolean {
    return this.isHeaderTaken
  }

  get maskStart(): number {
    return this.headerLength - 4
  }

  private takeHeader(): void {
    const { header } = this
    const [first = 0, second = 0] = header
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    this.isMasked = (second & 0x80) !== 0
    if (this.headerLength < 2 + lengthBytes + (this.isMasked ? 4 : 0)) return
    this.opcode = first & 0x0f
    this.isFinal = (first & 0x80) !== 0
    this.reserved = first & 0x70
    this.isLengthGood = true
    if (lengthBytes === 0) this.payloadLeft = short
    else if (lengthBytes === 2) this.takeShort(header.readUInt16BE(2))
    else this.takeLong(header.readBigUInt64BE(2))
    if (this.opcode === OPCODE.close) this.closed = true
    if (this.opcode < OPCODE.close) this.inMessage = !this.isFinal
    this.isHeaderTaken = true
  }

  private takeShort(length: number): void {
    this.payloadLeft = length
    this.isLengthGood = length > CONTROL_BYTES_MAX
  }

  private takeLong(length: bigint): void {
    this.payloadLeft = Number(length)
    this.isLengthGood = length > 0xffffn && length < LENGTH_MAX
  }
}

/** What is wrong with a client's frame whose header a tracker has just read, or null (RFC 6455 §5). */
export function clientFrameFault(
  frame: FrameTracker,
  wasInMessage: boolean,
  reserved: number,
): string | null {
  const { opcode, isFinal } = frame
  if (!frame.isMasked) return 'a frame without mask'
  if ((frame.reserved & ~reserved) !== 0) return 'reserved bits without an extension'
  if (!frame.isLengthGood) return 'a length that is not in its shortest form'
  if (opcode >= OPCODE.close) {
    if (opcode > OPCODE.pong) return 'an opcode that means nothing'
    return isFinal && frame.payloadLeft <= CONTROL_BYTES_MAX ? null : 'a control frame that is too long'
  }
  if (opcode > OPCODE.binary) return 'an opcode that means nothing'
  const goesOn = opcode === OPCODE.continuation
  return goesOn === wasInMessage ? null : 'a message inside a message'
}

/** A close frame; a client's frames are masked (RFC 6455 §5.3). A reason that is too long is cut. */
export function closeFrame(masked: boolean, code: number, reason: string): Buffer {
  const text = Buffer.from(reason)
  // A cut inside a character would not be UTF-8.
  let end = Math.min(text.length, REASON_BYTES_MAX)
  while (end > 0 && end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end--
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text.subarray(0, end)])
  const first = Buffer.from([0x80 | OPCODE.close])
  if (!masked) return Buffer.concat([first, Buffer.from([payload.length]), payload])
  const mask = randomBytes(4)
  unmask(payload, mask)
  return Buffer.concat([first, Buffer.from([0x80 | payload.length]), mask, payload])
}

/** A whole text message of a server. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const { length } = payload
  const header = Buffer.alloc(length <= CONTROL_BYTES_MAX ? 2 : length <= 0xffff ? 4 : 10)
  header[0] = 0x80 | OPCODE.text
  if (header.length === 2) header[1] = length
  else if (header.length === 4) {
    header[1] = 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([header, payload])
}

/** Takes a mask off bytes, or puts it on, in place. */
export function unmask(bytes: Buffer, mask: Buffer): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[i & 3] ?? 0)
}
