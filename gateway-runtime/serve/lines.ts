import { fstatSync, write, writeSync } from 'node:fs'

const BATCH_CHARACTERS = 65_536
const PENDING_CHARACTERS_MAX = 8 * 1024 * 1024
const AGAIN_MS = 10
// What is not longer goes over whole or not at all, so that lines of several processes never run into each other:
// PIPE_BUF for a pipe (pipe(7)), and a size that Linux takes as one piece for a socket, which is what Node gives
// the processes that it starts.
const PIPE_BYTES = 4_096
const SOCKET_BYTES = 16_384

/** Writes lines to an open file without ever waiting for it: what it does not take is dropped, and counted. */
export class Lines {
  /** Lines that the file did not take, or not fast enough. */
  dropped = 0
  private readonly descriptor: number
  private readonly batchMs: number
  private readonly writeBytesMax: number
  private pending = ''
  private writing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(descriptor: number, batchMs: number) {
    this.descriptor = descriptor
    this.batchMs = batchMs
    const file = fstatSync(descriptor)
    this.writeBytesMax = file.isFIFO() ? PIPE_BYTES : file.isSocket() ? SOCKET_BYTES : Infinity
  }

  /** Takes whole lines, each with its end. */
  add(lines: string): void {
    if (this.pending.length > PENDING_CHARACTERS_MAX) {
      this.dropped++
      return
    }
    this.pending += lines
    if (this.pending.length > BATCH_CHARACTERS) void this.flush()
    else this.timer ??= setTimeout(() => void this.flush(), this.batchMs).unref()
  }

  /** Resolves when all that was added so far has been written or dropped. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    while (this.writing !== undefined) await this.writing
    if (this.pending === '') return
    const batch = Buffer.from(this.pending)
    this.pending = ''
    this.writing = this.writeAll(batch)
    await this.writing
  }

  /** At the end of the process: writes what is left as far as the file takes it at once. */
  flushNow(): void {
    const batch = Buffer.from(this.pending)
    this.pending = ''
    try {
      for (let offset = 0; offset < batch.length; )
        offset += writeSync(this.descriptor, batch, offset, this.endOfWrite(batch, offset) - offset)
    } catch {
      return
    }
  }

  private async writeAll(batch: Buffer): Promise<void> {
    let offset = 0
    while (offset < batch.length) {
      const { error, written } = await this.writeOnce(batch, offset)
      offset += written
      if (error?.code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      else if (error !== null) {
        this.dropped += countLines(batch, offset)
        break
      }
    }
    this.writing = undefined
  }

  private writeOnce(batch: Buffer, offset: number) {
    return new Promise<{ error: NodeJS.ErrnoException | null; written: number }>((resolve) => {
      const length = this.endOfWrite(batch, offset) - offset
      write(this.descriptor, batch, offset, length, null, (error, written) =>
        resolve({ error, written: error ? 0 : written }),
      )
    })
  }

  /** Behind the last line that still fits, or behind the first where it alone does not. */
  private endOfWrite(batch: Buffer, offset: number): number {
    if (batch.length - offset <= this.writeBytesMax) return batch.length
    const fitting = batch.lastIndexOf(10, offset + this.writeBytesMax - 1)
    return (fitting >= offset ? fitting : batch.indexOf(10, offset)) + 1
  }
}

function countLines(batch: Buffer, from: number): number {
  let lines = 0
  for (let i = from; i < batch.length; i++) if (batch[i] === 10) lines++
  return lines
}
