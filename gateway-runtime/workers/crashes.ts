/** A worker that crashes more often than this in a minute is in a loop. */
export const crashesAMinuteMax = 5
const minuteMs = 60_000
const backOffMs = { first: 1_000, most: 30_000 } as const

/** How often a worker has crashed, and how long to wait before it is started again. */
export class Crashes {
  #total = 0
  #recentMs: number[] = []
  #inLoop = 0

  get total(): number {
    return this.#total
  }

  /** Counts a crash. The delay is in milliseconds; 0 as long as it is no loop. */
  add(nowMs: number): { delayMs: number; isLoop: boolean } {
    this.#total++
    this.#recentMs = [...this.#recent(nowMs), nowMs]
    const isLoop = this.#recentMs.length > crashesAMinuteMax
    this.#inLoop = isLoop ? this.#inLoop + 1 : 0
    const delayMs = isLoop ? Math.min(backOffMs.most, backOffMs.first * 2 ** (this.#inLoop - 1)) : 0
    return { delayMs, isLoop }
  }

  /** Crashes in the minute before. */
  recent(nowMs: number): number {
    return this.#recent(nowMs).length
  }

  #recent(nowMs: number): number[] {
    return this.#recentMs.filter((atMs) => nowMs - atMs < minuteMs)
  }
}
