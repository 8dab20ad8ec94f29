import type { SiblingListener, Siblings } from '#policies/definition.ts'
import type { FromWorker } from './messages.ts'

/** Dead entries are looked for when there are so many. */
const sweepAt = 10_000

/** How a worker tells the others of its node, and hears of them. */
export class WorkerSiblings implements Siblings {
  readonly #send: (message: FromWorker) => void
  readonly #listeners = new Map<string, WeakRef<SiblingListener>>()

  constructor(send: (message: FromWorker) => void) {
    this.#send = send
  }

  tell(name: string, text: string): void {
    this.#send({ kind: 'tell', name, text })
  }

  listen(name: string, listener: SiblingListener): void {
    this.#listeners.set(name, new WeakRef(listener))
    if (this.#listeners.size < sweepAt) return
    for (const [one, held] of this.#listeners) if (held.deref() === undefined) this.#listeners.delete(one)
  }

  told(name: string, text: string): void {
    this.#listeners.get(name)?.deref()?.heard(text)
  }
}
