import { ChunkedDecoder } from '../http1/chunked.ts'
import { Head, MORE, REFUSED } from '../http1/head.ts'
import { KnownFields } from '../http1/known-fields.ts'
import { defaultLimits } from '../limits.ts'
import type { Message, Reading } from './llhttp.ts'

type State = 'head' | 'length' | 'chunked' | 'until-close' | 'close' | 'upgrade'

/** What our codec makes of the same bytes, given in parts. */
export function readByOurs(isResponse: boolean, parts: readonly Buffer[]): Reading {
  const reader = new Reader(isResponse)
  for (const part of parts) if (!reader.read(part)) break
  return { messages: reader.messages, state: reader.error ?? reader.state }
}

class Reader {
  readonly messages: Message[] = []
  state: State = 'head'
  error: string | undefined
  private readonly isResponse: boolean
  private readonly head: Head
  private decoder = new ChunkedDecoder()
  private bytes = Buffer.alloc(0)
  private left = 0
  private current: Message = { line: '', headers: [], body: '' }

  constructor(isResponse: boolean) {
    this.isResponse = isResponse
    // As connections of clients read, so that fields that come again are part of what is tried.
    this.head = new Head(isResponse, defaultLimits, isResponse ? null : new KnownFields())
  }

  /** False where reading has come to an end. */
  read(part: Buffer): boolean {
    this.bytes = Buffer.concat([this.bytes, part])
    while (this.step());
    return this.error === undefined && this.state !== 'close' && this.state !== 'upgrade'
  }

  /** False where more bytes are needed, or none are wanted. */
  private step(): boolean {
    switch (this.state) {
      case 'head':
        return this.bytes.length > 0 && this.readHead()
      case 'length':
        return this.readLength()
      case 'chunked':
        return this.readChunks()
      case 'until-close':
        this.take(this.bytes.length)
        return false
      default:
        return false
    }
  }

  private readHead(): boolean {
    const { head } = this
    const next = head.parse(this.bytes, 0, this.bytes.length)
    if (next === MORE) return false
    if (next === REFUSED) return this.fail(head.fault)
    const headers: string[] = []
    for (let field = 0; field < head.fieldCount; field++) headers.push(head.name(field), head.value(field))
    this.current = {
      line: this.isResponse ? String(head.status) : `${head.method} ${head.target}`,
      headers,
      body: '',
    }
    this.bytes = this.bytes.subarray(next)
    return this.afterHead()
  }

  private afterHead(): boolean {
    const { head, isResponse } = this
    if (
      !isResponse &&
      head.upgradeNamed &&
      head.upgradeFields > 0 &&
      !head.chunked &&
      head.contentLength <= 0
    ) {
      return this.complete('upgrade')
    }
    if (isResponse && head.status === 101) return this.complete('upgrade')
    if (isResponse && head.status < 200) return this.complete('head')
    if (isResponse && (head.status === 204 || head.status === 304)) return this.complete()
    if (head.chunked) {
      this.state = 'chunked'
      this.decoder.reset()
    } else if (head.contentLength > 0) {
      this.state = 'length'
      this.left = head.contentLength
    } else if (isResponse && head.contentLength < 0) this.state = 'until-close'
    else return this.complete()
    return true
  }

  private readLength(): boolean {
    const length = Math.min(this.left, this.bytes.length)
    this.take(length)
    this.left -= length
    return this.left === 0 && this.complete()
  }

  private readChunks(): boolean {
    const stopped = this.decoder.decode(this.bytes, 0, this.bytes.length)
    if (stopped < 0) return this.fail('chunks')
    const { slices } = this.decoder
    for (let i = 0; i < slices.length; i += 2)
      this.current.body += this.bytes.toString('latin1', slices[i], slices[i + 1])
    this.bytes = this.bytes.subarray(stopped)
    return this.decoder.done && this.complete()
  }

  private take(length: number): void {
    this.current.body += this.bytes.toString('latin1', 0, length)
    this.bytes = this.bytes.subarray(length)
  }

  private complete(next?: State): boolean {
    this.messages.push(this.current)
    const ends = this.head.close || (this.head.minor === 0 && !this.head.keepAlive)
    this.state = next ?? (ends ? 'close' : 'head')
    this.head.reset()
    return this.state === 'head'
  }

  private fail(reason: string): boolean {
    this.error = `error ${reason}`
    return false
  }
}
