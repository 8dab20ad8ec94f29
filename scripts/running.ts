import { Failure, messageOf } from './failure.ts'

/** What has been started so far, to be stopped in the opposite order. */
export class Running {
  readonly #parts: { stop(): Promise<void> }[] = []
  readonly #halted = new AbortController()

  /** Aborted once all is to stop: nothing more may be started. */
  get halted(): AbortSignal {
    return this.#halted.signal
  }

  halt(): void {
    this.#halted.abort(new Failure('The start was stopped.'))
  }

  add<T extends { stop(): Promise<void> }>(part: T): T {
    this.#parts.push(part)
    return part
  }

  async stopAll(): Promise<void> {
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) {
      await part.stop().catch((error: unknown) => console.error(messageOf(error)))
    }
  }
}
