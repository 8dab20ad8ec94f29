import { ChunkedDecoder, lengthOf, writeSlices } from '../http1/chunked.ts'
import type { Head } from '../http1/head.ts'

/** The body of the request at hand: how it is framed and how much of it has been taken. */
export class RequestBody {
  done = true
  isChunked = false
  /** Bytes of the body so far. */
  total = 0
  /** Bytes of the body since the rate was last looked at. */
  windowBytes = 0
  /** Where the last `take` has stopped: behind it is the next request. */
  stopped = 0
  private left = 0
  private decoder: ChunkedDecoder | null = null
  private readonly piece = [0, 0]

  begin(head: Head): void {
    this.isChunked = head.chunked
    this.done = !head.chunked && head.contentLength <= 0
    this.total = 0
    if (this.done) return
    this.windowBytes = 0
    this.left = head.contentLength
    if (!head.chunked) return
    this.decoder ??= new ChunkedDecoder()
    this.decoder.reset()
  }

  /** The trailers of a body in chunks, once it is done. */
  get trailers(): readonly string[] {
    return this.isChunked ? (this.decoder?.trailers ?? []) : []
  }

  /** The pieces of body at the beginning of what came; null where the framing is broken. */
  take(bytes: Buffer): readonly number[] | null {
    return this.isChunked && this.decoder !== null
      ? this.takeChunks(bytes, this.decoder)
      : this.takeLength(bytes)
  }

  private takeLength(bytes: Buffer): readonly number[] {
    const length = Math.min(bytes.length, this.left)
    this.left -= length
    this.total += length
    this.windowBytes += length
    this.done = this.left === 0
    this.stopped = length
    this.piece[1] = length
    return this.piece
  }

  private takeChunks(bytes: Buffer, decoder: ChunkedDecoder): readonly number[] | null {
    this.stopped = decoder.decode(bytes, 0, bytes.length)
    if (this.stopped < 0) return null
    this.windowBytes += lengthOf(decoder.slices)
    this.total = decoder.total
    this.done = decoder.done
    return decoder.slices
  }
}

/** How much memory all bodies together may take that are looked at whole. */
export class BodyBudget {
  private left: number

  constructor(bytesMax: number) {
    this.left = bytesMax
  }

  /** False where there is not so much left. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false
    this.left -= bytes
    return true
  }

  give(bytes: number): void {
    this.left += bytes
  }
}

const FIRST_BYTES = 4_096

/** Collects a body up to a length. Its memory is the budget's until `release`. */
export class BodyCollector {
  readonly maxBytes: number
  length = 0
  private readonly budget: BodyBudget
  private readonly roomMax: number
  private bytes: Buffer = Buffer.alloc(0)

  /** Where the length is known, not negative, no more room is taken than for that. */
  constructor(maxBytes: number, budget: BodyBudget, knownBytes = -1) {
    this.maxBytes = maxBytes
    this.budget = budget
    this.roomMax = knownBytes < 0 ? maxBytes : Math.min(maxBytes, knownBytes)
  }

  /** Takes copies of pieces of bytes; what is too long or too much is not taken, and says so. */
  add(bytes: Buffer, slices: readonly number[]): 'taken' | 'too_long' | 'no_memory' {
    const length = this.length + lengthOf(slices)
    if (length > this.maxBytes) return 'too_long'
    if (length > this.bytes.length && !this.grow(length)) return 'no_memory'
    this.length = writeSlices(this.bytes, this.length, bytes, slices)
    return 'taken'
  }

  get body(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  release(): void {
    this.budget.give(this.bytes.length)
    this.bytes = Buffer.alloc(0)
    this.length = 0
  }

  private grow(length: number): boolean {
    const capacity = Math.min(Math.max(this.roomMax, length), Math.max(FIRST_BYTES, length * 2))
    if (!this.budget.take(capacity - this.bytes.length)) return false
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
    return true
  }
}

/** A copy of an answer's body while it goes to the client. */
export class AnswerCopy {
  private readonly collector: BodyCollector
  private isGivenUp = false
  private isWhole = false

  constructor(maxBytes: number, budget: BodyBudget) {
    this.collector = new BodyCollector(maxBytes, budget)
  }

  add(bytes: Buffer, slices: readonly number[], ends: boolean): void {
    if (ends) this.isWhole = true
    if (this.isGivenUp || this.collector.add(bytes, slices) === 'taken') return
    this.isGivenUp = true
    this.collector.release()
  }

  /** Null where it is not whole or was too long. */
  get body(): Buffer | null {
    return this.isWhole && !this.isGivenUp ? this.collector.body : null
  }

  release(): void {
    this.collector.release()
  }
}
