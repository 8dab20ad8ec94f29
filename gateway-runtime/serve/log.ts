import { Lines } from './lines.ts'

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

const BATCH_MS = 200

/** An access log of JSON lines, written in batches to an open file (1 for standard output). */
export function createAccessLog(descriptor: number): AccessLog {
  return new BatchedLog(descriptor)
}

class BatchedLog implements AccessLog {
  private readonly lines: Lines
  private time = ''
  private timeAtMs = 0

  constructor(descriptor: number) {
    this.lines = new Lines(descriptor, BATCH_MS)
  }

  get dropped(): number {
    return this.lines.dropped
  }

  record(entry: AccessEntry): void {
    this.lines.add(this.line(entry))
  }

  flush(): Promise<void> {
    return this.lines.flush()
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
