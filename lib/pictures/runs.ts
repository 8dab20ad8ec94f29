import bidiFactory from 'bidi-js'
import { type Face, type Faces, lettersIn } from './faces.ts'

/** A line of text as it is drawn from left to right, in pieces of one font and one direction. */

export interface Run {
  readonly text: string
  /** Null for Geist. */
  readonly face: Face | null
}

interface Piece extends Run {
  readonly level: number
}

const bidi = bidiFactory()

/** As a line that begins at the left, whatever its letters: so SVG draws it too. */
export function runsOf(line: string, { byLetter }: Pick<Faces, 'byLetter'>): Run[] {
  const letters = lettersIn(line)
  if (letters.every((letter) => !byLetter.has(letter))) return [{ text: line, face: null }]
  const { levels } = bidi.getEmbeddingLevels(line, 'ltr')
  const pieces: Piece[] = []
  let at = 0
  for (const text of letters) {
    const face = byLetter.get(text) ?? null
    const level = levels[at] ?? 0
    const last = pieces.at(-1)
    if (last && last.face === face && last.level === level)
      pieces[pieces.length - 1] = { ...last, text: last.text + text }
    else pieces.push({ text, face, level })
    at += text.length
  }
  return inVisualOrder(pieces).map(({ text, face, level }) => ({
    text: face === null && level % 2 === 1 ? mirrored(text) : text,
    face,
  }))
}

// UAX #9, L2: from the highest level down, whatever is at it or above is turned around.
function inVisualOrder(pieces: readonly Piece[]): Piece[] {
  const line = [...pieces]
  const highest = Math.max(0, ...line.map(({ level }) => level))
  for (let level = highest; level > 0; level--) {
    let start = 0
    while (start < line.length) {
      let end = start
      while ((line[end]?.level ?? -1) >= level) end++
      line.splice(start, end - start, ...line.slice(start, end).toReversed())
      start = end + 1
    }
  }
  return line
}

// Fonts turn letters that are written from the right by themselves, but not the signs between them.
function mirrored(text: string): string {
  return lettersIn(text)
    .toReversed()
    .map((letter) => bidi.getMirroredCharacter(letter) ?? letter)
    .join('')
}
