/** Who is in, under which key, for all workers: in the control process. */
export class Tallies<Worker> {
  readonly #counts = new Map<string, Map<Worker, number>>()

  get size(): number {
    return this.#counts.size
  }

  /** Enters one for a worker unless there are `max` in already, and says so. */
  enter(worker: Worker, key: string, max: number): boolean {
    const counts = this.#counts.get(key) ?? new Map<Worker, number>()
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
    if (all >= max) return false
    counts.set(worker, (counts.get(worker) ?? 0) + 1)
    this.#counts.set(key, counts)
    return true
  }

  leave(worker: Worker, key: string): void {
    const counts = this.#counts.get(key)
    const left = (counts?.get(worker) ?? 0) - 1
    if (left > 0) counts?.set(worker, left)
    else counts?.delete(worker)
    if (counts?.size === 0) this.#counts.delete(key)
  }

  /** All that a worker has entered left with it. */
  gone(worker: Worker): void {
    for (const [key, counts] of this.#counts) {
      counts.delete(worker)
      if (counts.size === 0) this.#counts.delete(key)
    }
  }
}
