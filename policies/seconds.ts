import { z } from 'zod'

/** A length of time in seconds, as configurations say it; fractions are allowed. */
export function seconds(min: number, max: number, initial: number) {
  return z.number().min(min).max(max).default(initial)
}

/** Whole milliseconds, at least one. */
export function msOf(time: number): number {
  return Math.max(1, Math.round(time * 1_000))
}
