import { Problem, type ProblemCode } from '#domain/problem.ts'

interface Room {
  readonly atOnce: number
  readonly waitingMax: number
  /** What is said to whoever finds neither a place nor room to wait. */
  readonly busy: { readonly code: ProblemCode; readonly detail: string }
}

/** Lets so many do costly work at once, and so many wait for it. */
export function turnsOf({ atOnce, waitingMax, busy }: Room): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let working = 0

  // Whoever ends hands its place to the next that waits.
  async function turn(): Promise<void> {
    if (working < atOnce) {
      working += 1
      return
    }
    if (waiting.length >= waitingMax) throw new Problem(busy.code, busy.detail)
    await new Promise<void>((free) => waiting.push(free))
  }

  return async (work) => {
    await turn()
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else working -= 1
    }
  }
}
