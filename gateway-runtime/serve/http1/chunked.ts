import { at, CR, classOf, FIELD_VALUE, hexValue, LF, TOKEN } from './bytes.ts'

const SIZE_FIRST = 0
const SIZE = 1
const EXTENSION_START = 2
const EXTENSION_NAME = 3
const EXTENSION_VALUE_START = 4
const EXTENSION_VALUE = 5
const EXTENSION_QUOTED = 6
const EXTENSION_ESCAPE = 7
const EXTENSION_AFTER_QUOTED = 8
const SIZE_LF = 9
const DATA = 10
const DATA_CR = 11
const DATA_LF = 12
const TRAILER_START = 13
const TRAILER_NAME = 14
const TRAILER_VALUE = 15
const TRAILER_LF = 16
const END_LF = 17
const DONE = 18
const FAULT = 19

const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92
const COLON = 58

/** 12 hexadecimal digits stay far below 2^53. */
const SIZE_DIGITS_MAX = 12
const EXTENSION_BYTES_MAX = 1024
const TRAILER_BYTES_MAX = 8192

// RFC 9110 §6.5.1: fields for framing, routing and connection control never come in trailers.
const FORBIDDEN_TRAILERS = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'trailer',
  'connection',
  'upgrade',
])

// Shared by all bodies without trailers, which are nearly all.
const NO_TRAILERS: string[] = []

/**
 * Strict decoder of the chunked coding (RFC 9112 §7.1). It copies nothing: `slices` names the pieces of data
 * inside the bytes it was given last. Trailers are checked and kept.
 */
export class ChunkedDecoder {
  /** Start and end of each piece, in turn, of the last call to decode. */
  readonly slices: number[] = []
  /** Bytes of data so far. */
  total = 0
  private state = SIZE_FIRST
  private left = 0
  private sizeDigits = 0
  private extensionBytes = 0
  private trailerBytes = 0
  private trailerName = ''
  private trailerValue = ''
  /** Names in lower case with their values in turn. */
  trailers: string[] = NO_TRAILERS

  get done(): boolean {
    return this.state === DONE
  }

  reset(): void {
    this.slices.length = 0
    this.total = 0
    this.state = SIZE_FIRST
    this.left = 0
    this.extensionBytes = 0
    this.trailerBytes = 0
    this.trailerName = ''
    this.trailers = NO_TRAILERS
  }

  /** Decodes bytes up to `end`; returns where it stopped (`end`, or just after the last chunk), or -1. */
  decode(bytes: Buffer, start: number, end: number): number {
    const slices = this.slices
    slices.length = 0
    let position = start
    let state = this.state
    while (position < end && state !== DONE) {
      if (state === DATA) {
        const length = Math.min(end - position, this.left)
        slices.push(position, position + length)
        position += length
        this.total += length
        this.left -= length
        if (this.left === 0) state = DATA_CR
        continue
      }
      state =
        state < EXTENSION_START
          ? this.size(state, at(bytes, position))
          : this.frame(state, at(bytes, position))
      if (state === FAULT) return -1
      position++
    }
    this.state = state
    return position
  }

  private size(state: number, byte: number): number {
    const digit = hexValue(byte)
    if (state === SIZE_FIRST) {
      if (digit < 0) return FAULT
      this.left = digit
      this.sizeDigits = 1
      return SIZE
    }
    if (digit >= 0) {
      if (++this.sizeDigits > SIZE_DIGITS_MAX) return FAULT
      this.left = this.left * 16 + digit
      return SIZE
    }
    if (byte === CR) return SIZE_LF
    return byte === SEMICOLON ? EXTENSION_START : FAULT
  }

  private frame(state: number, byte: number): number {
    switch (state) {
      case SIZE_LF:
        if (byte !== LF) return FAULT
        return this.left === 0 ? TRAILER_START : DATA
      case DATA_CR:
        return byte === CR ? DATA_LF : FAULT
      case DATA_LF:
        return byte === LF ? SIZE_FIRST : FAULT
      case END_LF:
        return byte === LF ? DONE : FAULT
      default:
        return state < SIZE_LF ? this.extension(state, byte) : this.trailer(state, byte)
    }
  }

  // chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without the blanks of BWS.
  private extension(state: number, byte: number): number {
    if (++this.extensionBytes > EXTENSION_BYTES_MAX) return FAULT
    const isToken = classOf(TOKEN, byte) !== 0
    switch (state) {
      case EXTENSION_START:
        return isToken ? EXTENSION_NAME : FAULT
      case EXTENSION_VALUE_START:
        if (byte === QUOTE) return EXTENSION_QUOTED
        return isToken ? EXTENSION_VALUE : FAULT
      case EXTENSION_QUOTED:
        if (classOf(FIELD_VALUE, byte) === 0) return FAULT
        if (byte === QUOTE) return EXTENSION_AFTER_QUOTED
        return byte === BACKSLASH ? EXTENSION_ESCAPE : EXTENSION_QUOTED
      case EXTENSION_ESCAPE:
        return classOf(FIELD_VALUE, byte) === 0 ? FAULT : EXTENSION_QUOTED
      default:
        if (byte === CR) return SIZE_LF
        if (byte === SEMICOLON) return EXTENSION_START
        if (byte === EQUALS && state === EXTENSION_NAME) return EXTENSION_VALUE_START
        return isToken && state !== EXTENSION_AFTER_QUOTED ? state : FAULT
    }
  }

  private trailer(state: number, byte: number): number {
    if (++this.trailerBytes > TRAILER_BYTES_MAX) return FAULT
    switch (state) {
      case TRAILER_START:
        if (byte === CR) return END_LF
        this.trailerName = ''
        return this.trailerNameByte(byte)
      case TRAILER_NAME:
        if (byte !== COLON) return this.trailerNameByte(byte)
        this.trailerValue = ''
        return FORBIDDEN_TRAILERS.has(this.trailerName) ? FAULT : TRAILER_VALUE
      case TRAILER_VALUE:
        if (byte === CR) return TRAILER_LF
        this.trailerValue += String.fromCharCode(byte)
        return classOf(FIELD_VALUE, byte) === 0 ? FAULT : TRAILER_VALUE
      default:
        if (byte !== LF) return FAULT
        this.keepTrailer()
        return TRAILER_START
    }
  }

  private keepTrailer(): void {
    if (this.trailers === NO_TRAILERS) this.trailers = []
    this.trailers.push(this.trailerName, this.trailerValue.replace(/^[ \t]+|[ \t]+$/g, ''))
  }

  private trailerNameByte(byte: number): number {
    if (classOf(TOKEN, byte) === 0) return FAULT
    this.trailerName += String.fromCharCode(byte >= 65 && byte <= 90 ? byte | 0x20 : byte)
    return TRAILER_NAME
  }
}

/** One chunk that holds the given slices, and the last chunk behind it where the body ends; null for nothing. */
export function chunkOf(
  bytes: Buffer,
  slices: readonly number[],
  ends: boolean,
  trailers = '',
): Buffer | null {
  const total = lengthOf(slices)
  if (total === 0) return ends ? Buffer.from(lastChunk(trailers), 'latin1') : null
  const chunk = Buffer.allocUnsafe(total + trailers.length + CHUNK_OVERHEAD_MAX)
  return chunk.subarray(0, writeChunk(chunk, 0, bytes, slices, total, ends, trailers))
}

export const LAST_CHUNK = '0\r\n\r\n'

/** The last chunk with the lines of a trailer section (RFC 9112 §7.1.2). */
export function lastChunk(trailers: string): string {
  return trailers === '' ? LAST_CHUNK : `0\r\n${trailers}\r\n`
}

/** Size line, its line end, the line end of the data and the last chunk without trailers. */
export const CHUNK_OVERHEAD_MAX = 32

/** Writes what `chunkOf` returns into a buffer that has room for it; returns the position behind it. */
export function writeChunk(
  target: Buffer,
  start: number,
  bytes: Buffer,
  slices: readonly number[],
  total: number,
  ends: boolean,
  trailers = '',
): number {
  let position = start
  if (total > 0) {
    position += target.latin1Write(`${total.toString(16)}\r\n`, position)
    position = writeSlices(target, position, bytes, slices)
    position += target.latin1Write('\r\n', position)
  }
  if (ends) position += target.latin1Write(lastChunk(trailers), position)
  return position
}

/** Copies slices one behind the other; returns the position behind them. */
export function writeSlices(target: Buffer, start: number, bytes: Buffer, slices: readonly number[]): number {
  let position = start
  for (let i = 0; i + 1 < slices.length; i += 2)
    position += bytes.copy(target, position, slices[i], slices[i + 1])
  return position
}

/** How many bytes slices hold together. */
export function lengthOf(slices: readonly number[]): number {
  let total = 0
  for (let i = 0; i + 1 < slices.length; i += 2) total += (slices[i + 1] ?? 0) - (slices[i] ?? 0)
  return total
}
