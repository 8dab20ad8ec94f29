import type { Mark, PathMark, TextMark } from '#diagram/picture/scene.ts'
import { type Face, type Faces, widthIn } from './faces.ts'
import { runsOf } from './runs.ts'

/** The same marks with every line in pieces of one font each, in their places: no printer has to choose a font. */
export function setInType(marks: readonly Mark[], faces: Faces): Mark[] {
  return eachText(marks, (mark) => setLine(mark, faces))
}

/**
 * The same with the outlines of letters in place of text that is not Geist's: resvg draws marks that take room of
 * their own over the letter before them, as in Devanagari.
 */
export function outlined(marks: readonly Mark[], { used }: Pick<Faces, 'used'>): Mark[] {
  const byName = new Map(used.map((face) => [face.name, face]))
  return eachText(marks, (mark) => {
    const face = mark.face === undefined ? undefined : byName.get(mark.face)
    return [face ? outlineOf(mark, face) : mark]
  })
}

function eachText(marks: readonly Mark[], change: (mark: TextMark) => Mark[]): Mark[] {
  return marks.flatMap((mark): Mark[] => {
    if (mark.kind === 'group') return [{ ...mark, marks: eachText(mark.marks, change) }]
    return mark.kind === 'text' ? change(mark) : [mark]
  })
}

function setLine(mark: TextMark, faces: Faces): TextMark[] {
  const { at, text, size, weight, anchor } = mark
  const widthOf = (part: string, face: Face | null) => widthIn(faces, face, weight, part) * size
  const runs = runsOf(text, faces).map((run) => ({ ...run, width: widthOf(run.text, run.face) }))
  if (runs.every(({ face }) => face === null)) return [mark]
  const width = runs.reduce((sum, run) => sum + run.width, 0)
  let left = at.x - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0)
  return runs.flatMap((run): TextMark[] => {
    // SVG drops the spaces at the ends of a text.
    const shown = run.text.trim()
    const x = left + widthOf(run.text.slice(0, run.text.length - run.text.trimStart().length), run.face)
    left += run.width
    if (shown === '') return []
    const piece = { ...mark, at: { x, y: at.y }, text: shown, anchor: 'start' } as const
    return [run.face ? { ...piece, face: run.face.name } : piece]
  })
}

function outlineOf({ at, text, size, fill }: TextMark, { font }: Face): PathMark {
  const scale = size / font.unitsPerEm
  const { glyphs, positions } = font.layout(text)
  const d: string[] = []
  let [x, y] = [0, 0]
  for (const [index, glyph] of glyphs.entries()) {
    const { xOffset = 0, yOffset = 0, xAdvance = 0, yAdvance = 0 } = positions[index] ?? {}
    const [left, base] = [x + xOffset, y + yOffset]
    for (const { command, args } of glyph.path.commands) {
      const numbers = args.map((value, place) =>
        place % 2 === 0 ? at.x + (left + value) * scale : at.y - (base + value) * scale,
      )
      d.push(letterOf[command] + numbers.map((value) => Math.round(value * 100) / 100).join(' '))
    }
    x += xAdvance
    y += yAdvance
  }
  return { kind: 'path', d: d.join(''), fill }
}

const letterOf = {
  moveTo: 'M',
  lineTo: 'L',
  quadraticCurveTo: 'Q',
  bezierCurveTo: 'C',
  closePath: 'Z',
} as const
