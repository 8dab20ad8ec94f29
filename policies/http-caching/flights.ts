import type { Ports } from '../definition.ts'

/** Longer than this no request waits for what another one brings. */
const waitMsMax = 5_000
/** After an answer that could not be kept nobody waits for its like. */
const unfitMs = 10_000
const unfitMax = 10_000

/** Requests for the same thing at the same time: the first fetches, the others wait for what it brings. */
export class Flights {
  readonly #ports: Pick<Ports, 'after' | 'monotonicMs'>
  readonly #inAir = new Map<string, { readonly sinceMs: number; readonly waiting: Set<() => void> }>()
  readonly #unfitUntilMs = new Map<string, number>()

  constructor(ports: Pick<Ports, 'after' | 'monotonicMs'>) {
    this.#ports = ports
  }

  /** Whether one is in the air that is worth waiting for. */
  has(key: string): boolean {
    const flight = this.#inAir.get(key)
    return flight !== undefined && this.#ports.monotonicMs() - flight.sinceMs < waitMsMax
  }

  /** Whether waiting for this was in vain lately. */
  isUnfit(key: string): boolean {
    return (this.#unfitUntilMs.get(key) ?? 0) > this.#ports.monotonicMs()
  }

  /** Takes off; false where one is in the air already. */
  begin(key: string): boolean {
    if (this.has(key)) return false
    this.#inAir.set(key, { sinceMs: this.#ports.monotonicMs(), waiting: new Set() })
    return true
  }

  wait(key: string): Promise<void> {
    const waiting = this.#inAir.get(key)?.waiting
    return new Promise((resolve) => {
      const cancel = this.#ports.after(waitMsMax, () => {
        waiting?.delete(landed)
        resolve()
      })
      const landed = () => {
        cancel()
        resolve()
      }
      if (waiting === undefined) landed()
      else waiting.add(landed)
    })
  }

  end(key: string, isKept: boolean): void {
    const waiting = this.#inAir.get(key)?.waiting
    this.#inAir.delete(key)
    if (isKept) this.#unfitUntilMs.delete(key)
    else {
      if (this.#unfitUntilMs.size >= unfitMax) this.#unfitUntilMs.clear()
      this.#unfitUntilMs.set(key, this.#ports.monotonicMs() + unfitMs)
    }
    for (const landed of waiting ?? []) landed()
  }
}
