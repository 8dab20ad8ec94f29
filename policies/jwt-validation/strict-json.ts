/** JSON that has one meaning only (RFC 8259 §4, RFC 7515 §4: member names are unique). */

const depthMax = 16

/**
 * Parses an object. Undefined where the text is no JSON object, names a member twice at any depth, is nested too
 * deep, or holds a number that no double can hold.
 */
export function strictObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  // An object was just seen, and JSON.parse makes no other kind.
  return isUnambiguous(text) && isFinite(value) ? (value as Record<string, unknown>) : undefined
}

const wordOrMark = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g

/** Looks for repeated names in a text that is known to be JSON. */
function isUnambiguous(text: string): boolean {
  // An object's names so far; undefined for an array.
  const open: (Set<string> | undefined)[] = []
  let word = ''
  for (const [mark] of text.matchAll(wordOrMark)) {
    if (mark === '{' || mark === '[') {
      open.push(mark === '{' ? new Set() : undefined)
      if (open.length > depthMax) return false
    } else if (mark === '}' || mark === ']') open.pop()
    else if (mark === ':') {
      const names = open.at(-1)
      if (names === undefined || names.has(word)) return false
      names.add(word)
    } else if (mark !== ',') word = JSON.parse(mark) as string // A JSON string, by the pattern above.
  }
  return true
}

function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isFinite)
}
