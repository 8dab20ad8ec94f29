const BYTES_MIN = 512

/** The beginning of a head whose end has not come yet. */
export class PartialHead {
  length = 0
  private kept: Buffer | null = null

  get isEmpty(): boolean {
    return this.kept === null
  }

  /** Adds what came; what there is by now begins the buffer and is `length` long. */
  add(read: Buffer): Buffer {
    let kept = this.kept ?? Buffer.allocUnsafe(Math.max(BYTES_MIN, read.length * 2))
    if (this.length + read.length > kept.length) {
      const grown = Buffer.allocUnsafe((this.length + read.length) * 2)
      kept.copy(grown, 0, 0, this.length)
      kept = grown
    }
    this.length += read.copy(kept, this.length)
    this.kept = kept
    return kept
  }

  clear(): void {
    this.kept = null
    this.length = 0
  }
}
