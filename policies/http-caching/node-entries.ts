import type { SiblingListener, Siblings } from '../definition.ts'
import type { Entries, Kept } from './entries.ts'
import type { Asked, StoredAnswer } from './stored-answer.ts'

/**
 * The answers of one of several processes of a node. Each keeps its own, and what one is to forget all of them
 * forget: else a client would be told of before a change by the process that did not see it.
 */
export class NodeEntries implements Kept, SiblingListener {
  readonly #entries: Entries
  readonly #siblings: Siblings
  readonly #name: string

  constructor(entries: Entries, siblings: Siblings, name: string) {
    this.#entries = entries
    this.#siblings = siblings
    this.#name = name
    siblings.listen(name, this)
  }

  find(key: string): readonly StoredAnswer[] {
    return this.#entries.find(key)
  }

  keep(key: string, asked: Asked, answer: StoredAnswer): void {
    this.#entries.keep(key, asked, answer)
  }

  forget(key: string): void {
    this.#entries.forget(key)
    this.#siblings.tell(this.#name, `=${key}`)
  }

  forgetAll(): void {
    this.#entries.forgetAll()
    this.#siblings.tell(this.#name, '')
  }

  heard(text: string): void {
    if (text === '') this.#entries.forgetAll()
    else this.#entries.forget(text.slice(1))
  }
}
