import type { Ports } from '#policies/definition.ts'
import type { FromWorker } from './messages.ts'

interface Waiting {
  readonly timer: NodeJS.Timeout
  readonly resolve: (leave: (() => void) | undefined) => void
}

/** What enters does not wait longer for the control process. */
const answerMsMax = 1_000

/** Has the control process say who may enter, for all workers. */
export class Entering {
  readonly #tell: (message: FromWorker) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastAsk = 0

  constructor(tell: (message: FromWorker) => void) {
    this.#tell = tell
  }

  readonly enterOnNode: NonNullable<Ports['enterOnNode']> = (name) => (value, max) => {
    const ask = ++this.#lastAsk
    const key = `${name} ${value}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(ask)
        reject(new Error('the node did not answer in time'))
      }, answerMsMax)
      this.#waiting.set(ask, { timer, resolve })
      this.#tell({ kind: 'enter', ask, key, max })
    })
  }

  entered(ask: number, key: string, isIn: boolean): void {
    const waiting = this.#waiting.get(ask)
    const leave = () => this.#tell({ kind: 'leave', key })
    if (waiting === undefined) {
      // Nobody waits any more, so nobody would leave.
      if (isIn) leave()
      return
    }
    this.#waiting.delete(ask)
    clearTimeout(waiting.timer)
    waiting.resolve(isIn ? leave : undefined)
  }
}
