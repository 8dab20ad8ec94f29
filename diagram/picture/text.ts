import type { TextMark } from './scene.ts'

/** Text that fits its place, whatever people call things. */

// Of Geist Regular, in hundredths of the size, from the space to the tilde. Semibold is a little wider.
const widths = [
  25, 21, 35, 48, 63, 80, 62, 18, 27, 27, 43, 56, 20, 42, 20, 48, 66, 38, 62, 61, 62, 63, 59, 52, 60, 59, 30,
  30, 54, 54, 54, 56, 91, 67, 68, 70, 69, 60, 59, 70, 71, 27, 60, 64, 58, 88, 74, 74, 65, 73, 67, 64, 55, 69,
  67, 95, 61, 58, 54, 35, 46, 35, 43, 56, 25, 55, 60, 55, 60, 56, 40, 59, 58, 24, 26, 59, 27, 88, 58, 57, 60,
  60, 38, 52, 39, 57, 54, 82, 59, 54, 54, 39, 26, 39, 52,
]
// Wide enough for what other fonts draw in its place, ideographs and pictures included.
const widthOfOthers = { narrow: 70, wide: 110 }
const boldness = 1.05

/** About how wide a text is drawn. */
export function widthOf(text: string, size: number, weight: 400 | 600 = 400): number {
  let hundredths = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const known = widths[code - 32]
    hundredths += known ?? (code < 0x1100 ? widthOfOthers.narrow : widthOfOthers.wide)
  }
  return (hundredths / 100) * size * (weight === 600 ? boldness : 1)
}

// Control characters have no place in XML, and those that turn the direction would turn what stands after them.
const unprintable = /[\p{Cc}\p{Bidi_Control}\ufffe\uffff]/gu

/** The same text as it may stand in a document. */
export function printable(text: string): string {
  return text.replace(unprintable, ' ').toWellFormed()
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** As much of a text as fits, never half a character, with a sign that there is more. */
export function shorten(text: string, room: number, size: number, weight: 400 | 600 = 400): string {
  if (widthOf(text, size, weight) <= room) return text
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    if (widthOf(`${kept}${segment}…`, size, weight) > room) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

type Written = Pick<TextMark, 'at' | 'size' | 'fill'> & Partial<Pick<TextMark, 'weight' | 'anchor' | 'halo'>>

/** A line of text in the room that there is. */
export function write(
  text: string,
  { weight = 400, anchor = 'start', ...rest }: Written,
  room = 1e6,
): TextMark {
  const whole = printable(text)
  const shown = shorten(whole, room, rest.size, weight)
  return { kind: 'text', text: shown, weight, anchor, ...rest, ...(shown === whole ? {} : { whole }) }
}
