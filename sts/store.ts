import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

/** One thing that the provider keeps: a session, a grant, a token. */
export interface Entry {
  readonly payload: Record<string, unknown>
  /** Milliseconds since 1970; null when it never expires. */
  readonly expiresAt: number | null
}

const record = z.union([
  z.object({ key: z.string(), payload: z.record(z.string(), z.unknown()), expiresAt: z.number().nullable() }),
  z.object({ key: z.string(), gone: z.literal(true) }),
])
type Record_ = z.infer<typeof record>

const sweepEveryMs = 60_000
// Below this many lines a rewrite saves nothing worth its write.
const rewriteLinesMin = 1_000

/**
 * Everything in memory, and every change in a log on disk before it counts as done. The log is written again
 * from memory when most of it is history. A process that dies at any moment finds what it had confirmed.
 */
export class Store {
  readonly #file: string
  readonly #entries: Map<string, Entry>
  readonly #sweeper: NodeJS.Timeout
  #log: FileHandle
  #lines: number
  #waiting: { line: string; settle: (error?: unknown) => void }[] = []
  #writing: Promise<void> | null = null

  private constructor(file: string, log: FileHandle, entries: Map<string, Entry>) {
    this.#file = file
    this.#log = log
    this.#entries = entries
    this.#lines = entries.size
    this.#sweeper = setInterval(() => this.sweep(Date.now()), sweepEveryMs).unref()
  }

  /** Opens the store of a folder; `onDamage` hears when its log could not be read and was put aside. */
  static async open(folder: string, onDamage: (asideFile: string) => void): Promise<Store> {
    const file = path.join(folder, 'state.jsonl')
    const { entries, damaged } = replay(await readOrEmpty(file), Date.now())
    if (damaged) {
      // Half a history could bring a used token back to life; losing logins is the lesser harm.
      const aside = `${file}.damaged-${Date.now()}`
      await rename(file, aside)
      onDamage(aside)
    }
    return new Store(file, await writeFresh(file, entries), entries)
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && !isOver(entry, Date.now()) ? entry : undefined
  }

  /** The keys that start so, oldest first. */
  keys(prefix: string): string[] {
    return [...this.#entries.keys()].filter((key) => key.startsWith(prefix))
  }

  async set(key: string, entry: Entry): Promise<void> {
    this.#entries.set(key, entry)
    await this.#append({ key, ...entry })
  }

  async remove(key: string): Promise<void> {
    if (this.#entries.delete(key)) await this.#append({ key, gone: true })
  }

  /** Forgets what has expired; the log follows at its next rewrite. */
  sweep(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (isOver(entry, now)) this.#entries.delete(key)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    while (this.#writing) await this.#writing
    await this.#log.close()
  }

  #append(change: Record_): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error))
      this.#waiting.push({ line: `${JSON.stringify(change)}\n`, settle })
      this.#writing ??= this.#write().finally(() => {
        this.#writing = null
      })
    })
  }

  // One write and one sync for all changes that came meanwhile.
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#log.appendFile(batch.map(({ line }) => line).join(''))
        await this.#log.datasync()
        this.#lines += batch.length
        for (const { settle } of batch) settle()
        if (this.#lines > rewriteLinesMin && this.#lines > 2 * this.#entries.size) await this.#rewrite()
      } catch (error) {
        for (const { settle } of batch) settle(error)
      }
    }
  }

  async #rewrite(): Promise<void> {
    const previous = this.#log
    this.#log = await writeFresh(this.#file, this.#entries)
    this.#lines = this.#entries.size
    await previous.close()
  }
}

function isOver(entry: Entry, now: number): boolean {
  return entry.expiresAt !== null && entry.expiresAt <= now
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function replay(text: string, now: number): { entries: Map<string, Entry>; damaged: boolean } {
  const entries = new Map<string, Entry>()
  // What stands after the last line end is a write that was cut off before it was confirmed.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  for (const line of lines) {
    if (line === '') continue
    const change = parseLine(line)
    if (!change) return { entries: new Map(), damaged: true }
    if ('gone' in change) entries.delete(change.key)
    else if (isOver(change, now)) entries.delete(change.key)
    else entries.set(change.key, { payload: change.payload, expiresAt: change.expiresAt })
  }
  return { entries, damaged: false }
}

function parseLine(line: string): Record_ | null {
  try {
    return record.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}

async function writeFresh(file: string, entries: ReadonlyMap<string, Entry>): Promise<FileHandle> {
  const fresh = `${file}.new`
  const handle = await open(fresh, 'w', 0o600)
  const lines = [...entries].map(([key, entry]) => `${JSON.stringify({ key, ...entry })}\n`)
  await handle.writeFile(lines.join(''))
  await handle.sync()
  await rename(fresh, file)
  return handle
}
