/**
 * Durations as cert-manager writes them: Go's (`2160h`, `1h30m`, `1.5h`), and beside those the days that people
 * write although cert-manager does not take them (`90d`). What is written back is always valid there.
 */

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const

const whole = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[dhms]))+$/
const part = /(\d+(?:\.\d+)?)(ms|[dhms])/g

/** Milliseconds, or undefined where the text is no duration. */
export function durationMs(text: string): number | undefined {
  if (!whole.test(text)) return undefined
  let total = 0
  // The expression names the units of the table and no others.
  for (const [, number = '', unit = ''] of text.matchAll(part))
    total += Number(number) * unitMs[unit as keyof typeof unitMs]
  return Math.round(total)
}

/** Whether cert-manager would take the text as it stands: Go's durations know no days. */
export function isGoDuration(text: string): boolean {
  return durationMs(text) !== undefined && !text.includes('d')
}

/** The duration in Go's form, in hours where they come out even: `2160h`, `90m0s` is `90m`. */
export function writtenDuration(milliseconds: number): string {
  for (const unit of ['h', 'm', 's'] as const)
    if (milliseconds % unitMs[unit] === 0) return `${milliseconds / unitMs[unit]}${unit}`
  return `${milliseconds}ms`
}
