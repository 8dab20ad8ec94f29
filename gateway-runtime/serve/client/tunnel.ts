import { randomBytes } from 'node:crypto'

const OPCODE_CLOSE = 8
const GOING_AWAY = 1001
const HEADER_BYTES_MAX = 14

/** Follows one direction of a WebSocket frame by frame (RFC 6455 §5.2), so that a frame can be put between two. */
export class FrameTracker {
  /** A close frame has passed. */
  closed = false
  private readonly header = Buffer.alloc(HEADER_BYTES_MAX)
  private headerLength = 0
  private payloadLeft = 0

  get betweenFrames(): boolean {
    return this.headerLength === 0 && this.payloadLeft === 0
  }

  /** Moves on over bytes; stops behind the first complete frame where `oneFrame` says so. Returns where it is. */
  advance(bytes: Buffer, start: number, end: number, oneFrame: boolean): number {
    let position = start
    while (position < end) {
      if (this.payloadLeft > 0) {
        const length = Math.min(this.payloadLeft, end - position)
        this.payloadLeft -= length
        position += length
      } else {
        this.header[this.headerLength++] = bytes[position++] ?? 0
        if (this.headerLength >= 2) this.takeHeader()
      }
      if (oneFrame && this.betweenFrames) return position
    }
    return position
  }

  private takeHeader(): void {
    const second = this.header[1] ?? 0
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    if (this.headerLength < 2 + lengthBytes + ((second & 0x80) === 0 ? 0 : 4)) return
    if (((this.header[0] ?? 0) & 0x0f) === OPCODE_CLOSE) this.closed = true
    this.payloadLeft =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? this.header.readUInt16BE(2)
          : Number(this.header.readBigUInt64BE(2))
    this.headerLength = 0
  }
}

/** A close frame with 1001, going away; a client's frames are masked (RFC 6455 §5.3). */
export function goingAwayFrame(masked: boolean): Buffer {
  const code = Buffer.from([GOING_AWAY >> 8, GOING_AWAY & 0xff])
  if (!masked) return Buffer.concat([Buffer.from([0x80 | OPCODE_CLOSE, 2]), code])
  const mask = randomBytes(4)
  for (let i = 0; i < code.length; i++) code[i] = (code[i] ?? 0) ^ (mask[i] ?? 0)
  return Buffer.concat([Buffer.from([0x80 | OPCODE_CLOSE, 0x80 | 2]), mask, code])
}
