/** By code units: the same on every machine, whatever its locale. */
export function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Names in a sentence, in order and each once: `a`, `a and b`, `a, b, c and 4 more`. */
export function listed(names: Iterable<string>, most = 3): string {
  const all = [...new Set(names)].toSorted(ascending)
  // "and 1 more" is no shorter than the name.
  const shown = all.length === most + 1 ? all : all.slice(0, most)
  const rest = all.length - shown.length
  const parts = rest > 0 ? [...shown, `${rest} more`] : shown
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** A number with its word: `1 leg`, `2 legs`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
