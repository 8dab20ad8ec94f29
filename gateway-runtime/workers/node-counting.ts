import type { Count, CountedLimits, Ports } from '#policies/definition.ts'
import type { FromWorker } from './messages.ts'

interface Waiting {
  readonly resolve: (count: Count) => void
  readonly reject: (error: Error) => void
}

/** A request does not wait longer for the control process; its worker then counts for itself. */
const answerMsMax = 1_000

/**
 * Has requests counted by the control process. All that come in one turn of the event loop go over together, so
 * that the way there costs less for each the more there are.
 */
export class NodeCounting {
  readonly #tell: (message: FromWorker) => void
  readonly #batches = new Map<number, { waiting: readonly Waiting[]; timer: NodeJS.Timeout }>()
  #takes: [limits: number, key: string][] = []
  #waiting: Waiting[] = []
  #lastBatch = 0
  readonly #numbers = new Map<string, number>()
  #isClosed = false

  constructor(tell: (message: FromWorker) => void) {
    this.#tell = tell
  }

  readonly countOnNode: NonNullable<Ports['countOnNode']> = (limits: CountedLimits) => {
    const number = this.#numberOf(limits)
    return (key) => {
      if (this.#isClosed) return Promise.reject(new Error('the node does not count any more'))
      if (this.#takes.length === 0) setImmediate(() => this.#send())
      this.#takes.push([number, key])
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    }
  }

  taken(batch: number, counts: readonly Count[]): void {
    const sent = this.#batches.get(batch)
    // Too late: they were counted here.
    if (sent === undefined) return
    this.#batches.delete(batch)
    clearTimeout(sent.timer)
    for (const [index, { resolve, reject }] of sent.waiting.entries()) {
      const count = counts[index]
      if (count === undefined) reject(new Error('the node gave too few answers'))
      else resolve(count)
    }
  }

  /** Nobody will answer any more. */
  close(): void {
    this.#isClosed = true
    for (const batch of this.#batches.keys()) this.#fail(batch)
  }

  #numberOf(limits: CountedLimits): number {
    const meaning = JSON.stringify(limits)
    const known = this.#numbers.get(meaning)
    if (known !== undefined) return known
    const number = this.#numbers.size + 1
    this.#numbers.set(meaning, number)
    this.#tell({ kind: 'limits', number, limits })
    return number
  }

  #send(): void {
    const batch = ++this.#lastBatch
    const timer = setTimeout(() => this.#fail(batch), answerMsMax)
    this.#batches.set(batch, { waiting: this.#waiting, timer })
    this.#tell({ kind: 'take', batch, takes: this.#takes })
    this.#takes = []
    this.#waiting = []
  }

  #fail(batch: number): void {
    const sent = this.#batches.get(batch)
    this.#batches.delete(batch)
    clearTimeout(sent?.timer)
    for (const { reject } of sent?.waiting ?? []) reject(new Error('the node did not answer in time'))
  }
}
