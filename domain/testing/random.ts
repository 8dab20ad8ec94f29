/** Numbers from 0 to below 1, the same for a seed every time and everywhere (mulberry32), so that a failure can be had again. */
export function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Picks one of several with the next of such numbers. */
export function pickerOf(next: () => number): <T>(from: readonly T[]) => T {
  return (from) => {
    const picked = from[Math.floor(next() * from.length)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
}
