import type { Ports, SharedStore } from '../definition.ts'

interface Waiting {
  readonly bytes: Uint8Array
  readonly untilMs: number
}

/** Written at one time. */
const batchSize = 64
const bytesMax = 64 * 1_024 * 1_024

/** Writes to the shared store a little later and all at once; what does not fit or is too late is counted as lost. */
export class WriteBehind {
  readonly #store: SharedStore
  readonly #ports: Ports
  readonly #settings: { readonly flushInterval: number; readonly maxQueue: number }
  readonly #queue = new Map<string, Waiting>()
  #bytes = 0
  #isArmed = false
  #lost = 0

  constructor(store: SharedStore, ports: Ports, settings: { flushInterval: number; maxQueue: number }) {
    this.#store = store
    this.#ports = ports
    this.#settings = settings
  }

  get(name: string): Uint8Array | undefined {
    return this.#queue.get(name)?.bytes
  }

  add(name: string, bytes: Uint8Array, ttlMs: number): void {
    this.remove(name)
    this.#queue.set(name, { bytes, untilMs: this.#ports.monotonicMs() + ttlMs })
    this.#bytes += bytes.length
    for (const oldest of this.#queue.keys()) {
      if (this.#queue.size <= this.#settings.maxQueue && this.#bytes <= bytesMax) break
      this.#lose(oldest)
    }
    this.#arm()
  }

  remove(name: string): void {
    this.#bytes -= this.#queue.get(name)?.bytes.length ?? 0
    this.#queue.delete(name)
  }

  clear(): void {
    this.#queue.clear()
    this.#bytes = 0
  }

  #lose(name: string): void {
    this.remove(name)
    this.#lost++
    this.#ports.count('write_behind_lost')
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#ports.after(this.#settings.flushInterval, () => void this.#flush())
  }

  async #flush(): Promise<void> {
    const isFine = await this.#writeAll()
    if (this.#lost > 0) this.#ports.log('warn', 'http-caching.write_behind_lost', { answers: this.#lost })
    this.#lost = 0
    if (!isFine) this.#ports.count('store_failures')
    this.#isArmed = false
    if (this.#queue.size > 0) this.#arm()
  }

  /** Stops at the first batch that fails: what is left waits for the next time. */
  async #writeAll(): Promise<boolean> {
    for (const batch of batchesOf([...this.#queue])) {
      const written = await Promise.allSettled(batch.map(([name, waiting]) => this.#write(name, waiting)))
      if (written.some(({ status }) => status === 'rejected')) return false
    }
    return true
  }

  async #write(name: string, waiting: Waiting): Promise<void> {
    // Forgotten or replaced meanwhile.
    if (this.#queue.get(name) !== waiting) return
    const ttlMs = waiting.untilMs - this.#ports.monotonicMs()
    if (ttlMs <= 0) return this.#lose(name)
    await this.#store.set(name, waiting.bytes, ttlMs)
    if (this.#queue.get(name) === waiting) this.remove(name)
  }
}

function batchesOf<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize),
  )
}
