/**
 * Values by text, bounded in number and in characters, the least used forgotten first. A value that is asked for
 * stays; finding one changes nothing unless it is about to be forgotten, so that the way to it stays short.
 */
export class Remembered<V> {
  readonly #entriesMax: number
  readonly #charactersMax: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  #youngCharacters = 0

  constructor(entriesMax: number, charactersMax = Number.POSITIVE_INFINITY) {
    // Half may be young and half old.
    this.#entriesMax = Math.max(1, Math.floor(entriesMax / 2))
    this.#charactersMax = charactersMax / 2
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(text: string): V | undefined {
    const young = this.#young.get(text)
    if (young !== undefined) return young
    const old = this.#old.get(text)
    if (old === undefined) return undefined
    this.set(text, old)
    return old
  }

  set(text: string, value: V): void {
    const isNew = !this.#young.has(text)
    if (
      isNew &&
      (this.#young.size >= this.#entriesMax || this.#youngCharacters + text.length > this.#charactersMax)
    )
      this.#age()
    this.#old.delete(text)
    this.#young.set(text, value)
    if (isNew) this.#youngCharacters += text.length
  }

  delete(text: string): void {
    if (this.#young.delete(text)) this.#youngCharacters -= text.length
    this.#old.delete(text)
  }

  #age(): void {
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCharacters = 0
  }
}
