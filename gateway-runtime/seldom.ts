/** Something that can happen with every request, and then would fill a log. */
interface Happening {
  readonly code: string
  readonly detail: string
}

/** The kinds that are remembered; more than these begin anew. */
const kindsMax = 1_000

/**
 * Passes on the first of a kind at once and then at most one in each interval, with how many were held back
 * since the one before.
 */
export function seldom<H extends Happening>(
  intervalMs: number,
  pass: (happening: H, heldBack: number) => void,
  nowMs: () => number = () => performance.now(),
): (happening: H) => void {
  const kinds = new Map<string, { passedAtMs: number; heldBack: number }>()
  return (happening) => {
    const kind = `${happening.code} ${happening.detail}`
    const now = nowMs()
    const known = kinds.get(kind)
    if (known !== undefined && now - known.passedAtMs < intervalMs) {
      known.heldBack++
      return
    }
    if (kinds.size >= kindsMax) kinds.clear()
    kinds.set(kind, { passedAtMs: now, heldBack: 0 })
    pass(happening, known?.heldBack ?? 0)
  }
}
