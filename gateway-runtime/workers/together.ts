import type { World } from '../ports.ts'
import { Entering } from './entering.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { NodeCounting } from './node-counting.ts'
import { WorkerSiblings } from './siblings.ts'

/** What one of several workers does together with the others, by way of the control process. */
export class Together {
  readonly #counting: NodeCounting
  readonly #entering: Entering
  readonly #siblings: WorkerSiblings

  constructor(tell: (message: FromWorker) => void) {
    this.#counting = new NodeCounting(tell)
    this.#entering = new Entering(tell)
    this.#siblings = new WorkerSiblings(tell)
  }

  get ports(): Pick<World, 'countOnNode' | 'enterOnNode' | 'siblings'> {
    return {
      countOnNode: this.#counting.countOnNode,
      enterOnNode: this.#entering.enterOnNode,
      siblings: this.#siblings,
    }
  }

  take(message: Extract<ToWorker, { kind: 'taken' | 'entered' | 'told' }>): void {
    switch (message.kind) {
      case 'taken':
        return this.#counting.taken(message.batch, message.counts)
      case 'entered':
        return this.#entering.entered(message.ask, message.key, message.isIn)
      case 'told':
        return this.#siblings.told(message.name, message.text)
    }
  }

  /** The control process is gone. */
  close(): void {
    this.#counting.close()
  }
}
