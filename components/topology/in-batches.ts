/** How long what happens is gathered before it is said. */
export const momentMs = 2_000

interface Batches<T> {
  /** Takes a newer reading; what has changed by the end of the moment is said once. */
  take: (reading: T) => void
  /** Says nothing more. */
  end: () => void
}

/**
 * Says what came between the reading that was said last and the newest one, at most once in a moment, however many
 * readings came within it. What came and went again in that time was never there.
 */
export function inBatches<T>(first: T, say: (before: T, after: T) => void): Batches<T> {
  let [said, newest] = [first, first]
  let timer: ReturnType<typeof setTimeout> | null = null
  const speak = () => {
    timer = null
    const before = said
    said = newest
    say(before, newest)
  }
  return {
    take(reading) {
      newest = reading
      timer ??= setTimeout(speak, momentMs)
    },
    end() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}
