import type { Palette } from './palette.ts'
import type { Mark } from './scene.ts'
import { write } from './text.ts'

/** What is to be said of the picture itself, at its foot. */

const lineHeight = 18

export function notesHeight(notes: readonly string[]): number {
  return notes.length === 0 ? 0 : 14 + lineHeight * notes.length
}

export function notesMarks(notes: readonly string[], width: number, palette: Palette): Mark[] {
  return notes.map((note, index) =>
    write(note, { at: { x: 0, y: 22 + index * lineHeight }, size: 11, fill: palette.warn }, width),
  )
}
