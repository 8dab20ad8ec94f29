/** What a connection may do of what costs its client nothing. */
export interface FloodLimits {
  /** Streams that a client may give up in one window, beside as many as it lets come to their answers. */
  readonly resetsMax: number
  /** Bytes that are neither heads nor bodies which a client may send in one window. */
  readonly overheadBytesMax: number
}

export type Flood = 'http2_reset_flood' | 'http2_frame_flood'

/** A frame's header and what padding may be around it, for every piece of a body. */
const PER_PIECE_BYTES = 32
const PER_HEAD_BYTES = 128
// A reader of answers opens windows and may ask how far away we are: that is a small part of what it reads.
const OVERHEAD_SHARE = 1 / 16

/**
 * Counts over windows of time what a client does on a connection: requests that it takes back at once (CVE-2023-44487)
 * or makes us reset (CVE-2025-8671), and frames of any kind that carry nothing, whatever they are called. A client
 * that works may do a lot of both; one that does nothing else may not.
 */
export class FloodWatch {
  private readonly limits: FloodLimits
  private resets = 0
  private answered = 0
  private expectedBytes = 0
  private lastRead = 0
  private lastWritten = 0

  constructor(limits: FloodLimits) {
    this.limits = limits
  }

  headCame(fields: readonly string[]): void {
    let length = PER_HEAD_BYTES
    for (const text of fields) length += text.length
    this.expectedBytes += length
  }

  bodyCame(length: number): void {
    this.expectedBytes += length + PER_PIECE_BYTES
  }

  /** An answer ended before its request: so much of the body may still be under way. */
  bodyDropped(length: number): void {
    this.expectedBytes += length
  }

  streamEnded(answered: boolean): Flood | null {
    if (answered) this.answered++
    else this.resets++
    return this.resets > this.limits.resetsMax + this.answered ? 'http2_reset_flood' : null
  }

  /**
   * The end of a window. `bytesRead` and `bytesWritten` are of the whole connection, `waiting` is what has been read
   * of bodies and not been taken yet.
   */
  endWindow(bytesRead: number, bytesWritten: number, waiting: number): Flood | null {
    const overhead = bytesRead - this.lastRead - this.expectedBytes - waiting
    const allowed = this.limits.overheadBytesMax + (bytesWritten - this.lastWritten) * OVERHEAD_SHARE
    this.lastRead = bytesRead - waiting
    this.lastWritten = bytesWritten
    this.expectedBytes = 0
    this.resets = 0
    this.answered = 0
    return overhead > allowed ? 'http2_frame_flood' : null
  }
}
