import type { Fields } from './stored-answer.ts'

/** Which bytes of a body are asked for, the last one included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** A Range that is not answered from a whole body: several parts, or units that are not bytes (RFC 9110 §14.2). */
export function isBeyondUs(range: string): boolean {
  const ranges = /^bytes\s*=(.*)$/i.exec(range)?.[1]
  return ranges === undefined || ranges.includes(',')
}

/**
 * The part of a body of that length that a Range names. Undefined where it is not well-formed, which is as if it
 * were not there; null where it lies outside.
 */
export function rangeOf(range: string, length: number): Range | null | undefined {
  const [, from = '', to = ''] = /^bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(range) ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    const count = Number(to)
    return count === 0 || length === 0 ? null : { first: Math.max(0, length - count), last: length - 1 }
  }
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (to !== '' && Number(to) < first) return undefined
  return first >= length ? null : { first, last }
}

/**
 * Whether If-Range lets a part be given (RFC 9110 §13.1.5): only what is the same byte for byte, so that a weak tag
 * is never enough, nor a date that another answer of the same second could have had.
 */
export function mayBePartial(ifRange: string | undefined, { etag, 'last-modified': changed, date }: Fields) {
  if (ifRange === undefined) return true
  if (ifRange.startsWith('"')) return etag === ifRange
  return ifRange === changed && Date.parse(date ?? '') - Date.parse(changed) >= 1_000
}
