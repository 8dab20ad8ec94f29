import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs'
import path from 'node:path'

/** A log that never takes more than twice its limit: when it is full it becomes FILE.1 and begins anew. */
export class LogFile {
  readonly #file: string
  readonly #bytesMax: number
  #stream: WriteStream
  #bytes: number

  constructor(file: string, bytesMax = 10_000_000) {
    mkdirSync(path.dirname(file), { recursive: true })
    this.#file = file
    this.#bytesMax = bytesMax
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    this.#stream = this.#open()
  }

  write(chunk: Buffer): void {
    if (this.#bytes > 0 && this.#bytes + chunk.length > this.#bytesMax) {
      this.#stream.end()
      renameSync(this.#file, `${this.#file}.1`)
      this.#stream = this.#open()
      this.#bytes = 0
    }
    this.#bytes += chunk.length
    this.#stream.write(chunk)
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()))
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#file, { flags: 'a', mode: 0o600 })
    // A full disk must not end the parts whose log this is.
    stream.on('error', () => {})
    return stream
  }
}
