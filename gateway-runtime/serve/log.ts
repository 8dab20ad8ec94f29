/** One line of the access log. */
export interface AccessEntry {
  readonly timeMs: number
  readonly requestId: string
  readonly remoteAddress: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly durationMs: number
  readonly api: string | undefined
  readonly client: string | undefined
  readonly code: string | undefined
}

/** Takes entries without waiting. `createAccessLog` makes the batched one that writes JSON lines. */
export interface AccessLog {
  record(entry: AccessEntry): void
  flush(): Promise<void>
}
