import { at, CR, LF } from './bytes.ts'

/** Below this, to read the lines takes no longer than to compare them. */
const BYTES_MIN = 128
/** What is kept for a connection that rests stays small. */
const BYTES_MAX = 4_096
/** A client whose fields differ so often in a row is not compared with itself any more. */
const MISSES_MAX = 4

/**
 * The field lines of a connection's last request. Most clients send the same ones again and again, and what has been
 * read once need not be read twice. A copy: whoever owns the bytes that came may change them.
 */
export class KnownFields {
  private bytes: Buffer | null = null
  private length = 0
  private misses = 0

  /** Whether the same lines, with the empty one behind them, stand at `start`; then how long they are, else 0. */
  lengthAgain(bytes: Buffer, start: number, stop: number): number {
    const { length } = this
    const end = start + length
    if (length === 0 || end > stop || at(bytes, end - 1) !== LF || at(bytes, end - 2) !== CR) return 0
    if (this.bytes === null || bytes.compare(this.bytes, 0, length, start, end) !== 0) return 0
    this.misses = 0
    return length
  }

  /** Keeps lines that were read just now, unless it does not pay. */
  keep(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    this.length = 0
    if (length < BYTES_MIN || length > BYTES_MAX || this.misses >= MISSES_MAX) {
      this.bytes = null
      return
    }
    this.misses++
    // Its own memory: a piece of the pool would keep the whole pool alive.
    if (this.bytes === null || this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(length)
    bytes.copy(this.bytes, 0, start, end)
    this.length = length
  }
}
