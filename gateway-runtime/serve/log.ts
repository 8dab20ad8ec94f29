import { fstatSync, write } from 'node:fs'

/** What a policy in dry run would have refused with. */
export interface DryRefusal {
  /** Its kind. */
  readonly policy: string
  readonly code: string
  readonly status: number
}

/** One line of the access log. */
export interface AccessEntry {
  readonly requestId: string
  readonly remoteAddress: string
  readonly method: string
  readonly host: string
  /** Without the query, which may carry secrets. */
  readonly path: string
  readonly status: number
  readonly bodyBytes: number
  readonly durationMs: number
  readonly api: string | undefined
  readonly client: string | undefined
  /** Why the gateway or a policy answered in the upstream's place. */
  readonly code: string | undefined
  readonly dryRun?: readonly DryRefusal[] | undefined
}

/** Takes entries without waiting. */
export interface AccessLog {
  record(entry: AccessEntry): void
  /** Resolves when all that was recorded so far has been written. */
  flush(): Promise<void>
  /** Lines that were dropped because the file did not take them fast enough. */
  readonly dropped: number
}

const BATCH_CHARACTERS = 65_536
const BATCH_MS = 200
const PENDING_CHARACTERS_MAX = 8 * 1024 * 1024
// What is not longer goes over whole or not at all, so that lines of several processes never run into each other:
// PIPE_BUF for a pipe (pipe(7)), and a size that Linux takes as one piece for a socket, which is what Node gives
// the processes that it starts.
const PIPE_BYTES = 4_096
const SOCKET_BYTES = 16_384

/** An access log of JSON lines, written in batches to an open file (1 for standard output). */
export function createAccessLog(descriptor: number): AccessLog {
  return new BatchedLog(descriptor)
}

class BatchedLog implements AccessLog {
  dropped = 0
  private readonly descriptor: number
  private readonly writeBytesMax: number
  private pending = ''
  private writing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private time = ''
  private timeAtMs = 0

  constructor(descriptor: number) {
    this.descriptor = descriptor
    const file = fstatSync(descriptor)
    this.writeBytesMax = file.isFIFO() ? PIPE_BYTES : file.isSocket() ? SOCKET_BYTES : Infinity
  }

  record(entry: AccessEntry): void {
    if (this.pending.length > PENDING_CHARACTERS_MAX) {
      this.dropped++
      return
    }
    this.pending += this.line(entry)
    if (this.pending.length > BATCH_CHARACTERS) void this.flush()
    else this.timer ??= setTimeout(() => void this.flush(), BATCH_MS).unref()
  }

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

  private async writeAll(batch: Buffer): Promise<void> {
    let offset = 0
    while (offset < batch.length) {
      const { error, written } = await this.writeOnce(batch, offset)
      offset += written
      if (error?.code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, 10))
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

  // By hand: JSON.stringify of an object takes three times as long, and most values need no escape.
  private line(entry: AccessEntry): string {
    const { api, client, code, dryRun } = entry
    return (
      `{"time":"${this.now()}","requestId":"${plain(entry.requestId)}","remoteAddress":"${plain(entry.remoteAddress)}"` +
      `,"method":"${entry.method}","host":"${plain(entry.host)}","path":"${plain(entry.path)}"` +
      `,"status":${entry.status},"bodyBytes":${entry.bodyBytes},"durationMs":${Math.round(entry.durationMs * 1000) / 1000}` +
      `${api === undefined ? '' : `,"api":"${plain(api)}"`}${client === undefined ? '' : `,"client":"${plain(client)}"`}` +
      `${code === undefined ? '' : `,"code":"${plain(code)}"`}` +
      `${dryRun === undefined || dryRun.length === 0 ? '' : `,"dryRun":${JSON.stringify(dryRun)}`}}\n`
    )
  }

  private now(): string {
    const nowMs = performance.now()
    if (nowMs - this.timeAtMs > 1) {
      this.timeAtMs = nowMs
      this.time = new Date().toISOString()
    }
    return this.time
  }
}

/** The inside of a JSON string. Control characters are escaped, so no value starts a line of its own. */
function plain(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 || code > 126 || code === 34 || code === 92) return JSON.stringify(text).slice(1, -1)
  }
  return text
}

function countLines(batch: Buffer, from: number): number {
  let lines = 0
  for (let i = from; i < batch.length; i++) if (batch[i] === 10) lines++
  return lines
}
