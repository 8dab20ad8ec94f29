import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'

/** A log that never takes more than twice its limit: when it is full it becomes FILE.1 and begins anew. */
export class LogFile {
  readonly #file: string
  readonly #bytesMax: number
  #descriptor: number
  #bytes: number

  constructor(file: string, bytesMax = 10_000_000) {
    mkdirSync(path.dirname(file), { recursive: true })
    this.#file = file
    this.#bytesMax = bytesMax
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    this.#descriptor = openSync(file, 'a', 0o600)
  }

  write(chunk: Buffer): void {
    try {
      if (this.#bytes > 0 && this.#bytes + chunk.length > this.#bytesMax) this.#begin()
      this.#bytes += writeSync(this.#descriptor, chunk)
    } catch {
      // A full disk must not end the parts whose log this is.
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #begin(): void {
    renameSync(this.#file, `${this.#file}.1`)
    const fresh = openSync(this.#file, 'a', 0o600)
    closeSync(this.#descriptor)
    this.#descriptor = fresh
    this.#bytes = 0
  }
}
