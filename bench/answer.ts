/** `HTTP/1.1 200 ` */
const GOOD = Buffer.from('HTTP/1.1 200 ')

/** Reads answers with a Content-Length on one connection, one after another. */
export class AnswerReader {
  #head = ''
  #left = -1
  #isGood = false
  /** Of the last answer that came in one piece. */
  #wholeBytes = 0

  /** Whether the answer ended with these bytes, and then whether it was a 200; undefined while it goes on. */
  take(bytes: Buffer, length = bytes.length): boolean | undefined {
    const isFirst = this.#left < 0 && this.#head === ''
    // Answers are alike: one that is as long as the last one is as whole.
    if (isFirst && length === this.#wholeBytes && bytes.compare(GOOD, 0, GOOD.length, 0, GOOD.length) === 0)
      return true
    if (this.#left >= 0) this.#left -= length
    else if (!this.#readHead(bytes.toString('latin1', 0, length))) return undefined
    if (this.#left > 0) return undefined
    if (isFirst) this.#wholeBytes = length
    this.#left = -1
    this.#head = ''
    return this.#isGood
  }

  #readHead(text: string): boolean {
    this.#head += text
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return false
    this.#isGood = this.#head.startsWith(GOOD.toString())
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1] ?? 0
    this.#left = Number(length) - (this.#head.length - end - 4)
    return true
  }
}
