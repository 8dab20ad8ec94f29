const mask = '••••••••'

/** Key material in memory. However it is printed, it shows dots; only `reveal` gives the value. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return mask
  }

  toJSON(): string {
    return mask
  }

  // What console.log and util.inspect ask for in Node.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return mask
  }
}
