import { networkClasses } from '#domain/network.ts'
import type { Point } from '../layout/drawing.ts'
import { contextWords, lineLooks } from '../legend.ts'
import { deploymentLook } from '../looks.ts'
import { hexagonLook } from '../hexagon.ts'
import { hexagonMarks } from './legs.ts'
import { type Palette, toneInk } from './palette.ts'
import type { Mark } from './scene.ts'
import { write } from './text.ts'

/** What the signs mean, printed beside the drawing. */

export const legendHeight = 164
const lineHeight = 36
const first = 42

export function legendMarks(width: number, palette: Palette): Mark[] {
  const columns = [0, Math.round(width * 0.4), Math.round(width * 0.73)]
  const [contexts = 0, lines = 0, signs = 0] = columns
  return [
    {
      kind: 'group',
      title: 'Legend',
      facts: { legend: '' },
      marks: [
        { kind: 'path', d: `M0 0.5H${width}`, stroke: palette.line2, strokeWidth: 1 },
        heading('mTLS context that the pattern expects', contexts, palette),
        ...networkClasses.flatMap((cls, index): Mark[] => {
          const y = first + index * lineHeight
          return [
            { kind: 'group', at: { x: contexts + 19, y: y + 4 }, marks: hexagonMarks(cls, palette) },
            write(hexagonLook[cls].label, {
              at: { x: contexts + 46, y },
              size: 11,
              weight: 600,
              fill: palette.ink,
            }),
            write(
              contextWords[cls],
              { at: { x: contexts + 46, y: y + 13 }, size: 10.5, fill: palette.ink3 },
              lines - contexts - 56,
            ),
          ]
        }),
        heading('Lines', lines, palette),
        ...lineLooks.flatMap(({ label, dash, isWrong }, index): Mark[] => {
          const y = first + index * 21
          return [
            {
              kind: 'path',
              d: `M${lines} ${y - 4}H${lines + 34}`,
              stroke: isWrong ? palette.err : palette.trustLine,
              strokeWidth: 2,
              dash,
            },
            write(label, { at: { x: lines + 44, y }, size: 11, fill: palette.ink2 }, signs - lines - 54),
          ]
        }),
        heading('Signs', signs, palette),
        ...signMarks({ x: signs, y: first }, width - signs, palette),
      ],
    },
  ]
}

function heading(text: string, x: number, palette: Palette): Mark {
  return write(text, { at: { x, y: 21 }, size: 11, weight: 600, fill: palette.ink2 })
}

function signMarks({ x, y }: Point, width: number, palette: Palette): Mark[] {
  const room = width - 36
  const beside = (text: string, row: number) =>
    write(text, { at: { x: x + 36, y: y + row * 21 }, size: 11, fill: palette.ink2 }, room)
  const dot = (tone: keyof ReturnType<typeof toneInk>, offset: number): Mark => ({
    kind: 'box',
    box: { x: x + offset, y: y + 21 - 8, width: 7, height: 7 },
    radius: 3.5,
    fill: toneInk(palette)[tone],
  })
  return [
    {
      kind: 'box',
      box: { x: x + 4, y: y - 13, width: 9, height: 18 },
      radius: 3,
      fill: palette.panel,
      stroke: palette.trustLine,
      strokeWidth: 1,
    },
    beside('Firewall: external TLS ends here', 0),
    dot(deploymentLook.serving.tone, 0),
    dot(deploymentLook['not-deployed'].tone, 11),
    beside('API: serving, not deployed', 1),
    write('word', { at: { x, y: y + 2 * 21 }, size: 10.5, weight: 600, fill: palette.err }),
    beside('under a hexagon: a finding', 2),
    write('(…)', { at: { x, y: y + 3 * 21 }, size: 10.5, weight: 600, fill: palette.ink2 }),
    beside('a finding that somebody answers for', 3),
  ]
}
