import { isSelected, type StoredAnswer, type Asked } from './stored-answer.ts'

/** Where answers are kept, by key. Those that vary may be several under one key. */
export interface Kept {
  find(key: string): readonly StoredAnswer[] | Promise<readonly StoredAnswer[]>
  keep(key: string, asked: Asked, answer: StoredAnswer): void
  forget(key: string): void
  forgetAll(): void
}

/** What an answer costs beside its body. */
const overheadBytes = 1_024
/** Of one key; a resource that varies by more than this is not worth its place. */
const variantsMax = 16

export function bytesOf(key: string, answer: StoredAnswer): number {
  const fields = Object.entries(answer.headers)
  const named = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return overheadBytes + 2 * key.length + 2 * named + answer.body.length
}

/** Answers in this process, bounded by number and by bytes; the least recently used go first. */
export class Entries implements Kept {
  readonly #entriesMax: number
  readonly #bytesMax: number
  readonly #byKey = new Map<string, StoredAnswer[]>()
  #count = 0
  #bytes = 0

  constructor(entriesMax: number, bytesMax: number) {
    this.#entriesMax = entriesMax
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#count
  }
  get bytes(): number {
    return this.#bytes
  }

  find(key: string): readonly StoredAnswer[] {
    const found = this.#byKey.get(key)
    if (found === undefined) return []
    this.#byKey.delete(key)
    this.#byKey.set(key, found)
    return found
  }

  keep(key: string, asked: Asked, answer: StoredAnswer): void {
    const size = bytesOf(key, answer)
    if (size > this.#bytesMax) return this.forget(key)
    const others = (this.#byKey.get(key) ?? []).filter((one) => !isSelected(one, asked))
    this.forget(key)
    const variants = [answer, ...others].slice(0, variantsMax)
    this.#byKey.set(key, variants)
    this.#count += variants.length
    for (const one of variants) this.#bytes += bytesOf(key, one)
    this.#evict()
  }

  forget(key: string): void {
    const gone = this.#byKey.get(key)
    if (gone === undefined) return
    this.#byKey.delete(key)
    this.#count -= gone.length
    for (const one of gone) this.#bytes -= bytesOf(key, one)
  }

  forgetAll(): void {
    this.#byKey.clear()
    this.#count = 0
    this.#bytes = 0
  }

  #evict(): void {
    for (const key of this.#byKey.keys()) {
      if (this.#count <= this.#entriesMax && this.#bytes <= this.#bytesMax) return
      this.forget(key)
    }
  }
}
