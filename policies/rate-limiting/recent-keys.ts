/** Values by key in a bounded number: when it is exceeded, idle ones go first and then the least recently used. */
export class RecentKeys<V> {
  readonly #max: number
  readonly #isIdle: (value: V, now: number) => boolean
  /** The first is the least recently used, as far as it matters. */
  readonly #values = new Map<string, V>()

  constructor(max: number, isIdle: (value: V, now: number) => boolean) {
    this.#max = max
    this.#isIdle = isIdle
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  /** Keeps a value as the most recently used one. */
  use(key: string, value: V, isNew: boolean, now: number): void {
    if (isNew) {
      this.#values.set(key, value)
      if (this.#values.size > this.#max) this.#evict(now)
    } else if (this.#values.size * 2 > this.#max) {
      // The order costs time to keep and matters only where something may have to go.
      this.#values.delete(key)
      this.#values.set(key, value)
    }
  }

  /** Looks at the few least recently used alone, so that no request pays for a sweep of all. */
  #evict(now: number): void {
    let oldest: string | undefined
    let looked = 0
    for (const [key, value] of this.#values) {
      oldest ??= key
      if (this.#isIdle(value, now)) this.#values.delete(key)
      if (++looked === 8) break
    }
    if (this.#values.size > this.#max && oldest !== undefined) this.#values.delete(oldest)
  }
}
