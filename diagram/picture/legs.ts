import type { LegView } from '#domain/leg.ts'
import type { NetworkClass } from '#domain/network.ts'
import { dottedUnderline, hexagonLook, hexagonPoints, hexagonUnderline, labelOnMap } from '../hexagon.ts'
import type { DrawnLeg } from '../layout/drawing.ts'
import { changeSigns, drawnChange } from '../changes.ts'
import { findingMark, verdictDash } from '../looks.ts'
import { findingsOn, isOpen } from '../model.ts'
import { legLabel } from '../words.ts'
import { changePill } from './changes.ts'
import { hexagonInk, type Palette, severityInk, toneInk } from './palette.ts'
import type { Mark } from './scene.ts'
import { opacityBehind, type Sheet } from './sheet.ts'
import { write } from './text.ts'

/** Legs: the line says how it is protected, the hexagon what should protect it, the word what is wrong. */

/** The line of a leg, without its hexagon: lines lie below everything that they connect. */
export function lineMark(drawn: DrawnLeg, sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const leg = model.legs.get(drawn.id)
  if (!leg) return []
  const isWrong = findingsOn(model, [leg.id]).find(isOpen)?.severity === 'error'
  const isBehind = behind(leg, sheet).opacity !== undefined
  const change = isBehind ? undefined : drawnChange(sheet.changed.legs.get(leg.id))
  const signs = change && changeSigns[change.kind]
  return [
    {
      kind: 'group',
      facts: { line: leg.id },
      ...behind(leg, sheet),
      marks: [
        {
          kind: 'path',
          d: drawn.path,
          stroke: signs ? toneInk(palette)[signs.tone] : isWrong ? palette.err : palette.trustLine,
          strokeWidth: signs ? 2.6 : 1.6,
          dash: signs ? signs.dash : verdictDash[leg.verdict],
        },
      ],
    },
  ]
}

export function legMark(drawn: DrawnLeg, sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const leg = model.legs.get(drawn.id)
  if (!leg) return []
  const { expected } = leg
  const isBehind = behind(leg, sheet).opacity !== undefined
  const changes = sheet.changed.legs.get(leg.id) ?? []
  const change = drawnChange(changes)
  const words = isBehind
    ? []
    : [
        word(expected ? labelOnMap(expected.class) : 'not known yet', 25, palette.ink2, palette),
        ...wrong(leg, sheet),
      ]
  return [
    ...(isBehind ? [ground(drawn, palette)] : []),
    {
      kind: 'group',
      at: drawn.hexagon,
      title: [legLabel(model, leg), ...changes.map(({ kind }) => changeSigns[kind].word)].join(', '),
      facts: {
        leg: leg.id,
        side: leg.side,
        from: `${leg.from.kind}:${leg.from.id}`,
        to: `${leg.to.kind}:${leg.to.id}`,
        expected: expected?.class ?? 'unknown',
        required: String(expected?.required ?? false),
        actual: leg.actual.state,
        verdict: leg.verdict,
        underline: expected ? hexagonLook[expected.class].underline : 'none',
        ...(change && { change: changes.map(({ kind }) => kind).join(' ') }),
      },
      ...behind(leg, sheet),
      marks: [
        ...(expected ? hexagonMarks(expected.class, palette) : unknownHexagon(palette)),
        ...words,
        ...(change ? changePill(change.kind, { x: 0, y: -24 }, 'middle', palette) : []),
      ],
    },
  ]
}

// What stands back lets through what is under it, and the word must not be struck through by its own line.
function ground({ hexagon }: DrawnLeg, { panel }: Palette): Mark {
  return { kind: 'group', at: hexagon, marks: [{ kind: 'polygon', points: hexagonPoints, fill: panel }] }
}

function behind({ id }: LegView, { highlight }: Sheet): { opacity?: number } {
  return highlight && !highlight.legs.has(id) ? { opacity: opacityBehind } : {}
}

/** The gravest that is found here: in words of its own, in brackets where somebody answers for it. */
function wrong({ id }: LegView, { model, palette }: Sheet): Mark[] {
  const [finding] = findingsOn(model, [id])
  if (!finding) return []
  const isAccepted = !isOpen(finding)
  const said = findingMark[finding.code]
  const ink = isAccepted ? palette.ink2 : severityInk(palette)[finding.severity]
  return [{ ...word(isAccepted ? `(${said})` : said, 36.5, ink, palette), size: 10, weight: 600 }]
}

function word(text: string, y: number, fill: string, { panel }: Palette) {
  return write(text, { at: { x: 0, y }, size: 10.5, fill, anchor: 'middle', halo: panel })
}

/** The hexagon around the point (0, 0). */
export function hexagonMarks(cls: NetworkClass, palette: Palette): Mark[] {
  const { underline } = hexagonLook[cls]
  return [
    {
      kind: 'polygon',
      points: hexagonPoints,
      fill: hexagonInk(palette)[cls],
      stroke: palette.trustLine,
      strokeWidth: 1.2,
    },
    write('mTLS', {
      at: { x: 0, y: 3.2 },
      size: 10.4,
      weight: 600,
      fill: palette.trustInk,
      anchor: 'middle',
    }),
    ...(underline === 'none'
      ? []
      : [
          {
            kind: 'path',
            d: hexagonUnderline,
            stroke: palette.trustInk,
            strokeWidth: 1.2,
            dash: underline === 'dotted' ? dottedUnderline : undefined,
          } as const,
        ]),
  ]
}

function unknownHexagon(palette: Palette): Mark[] {
  return [
    {
      kind: 'polygon',
      points: hexagonPoints,
      fill: palette.panel,
      stroke: palette.trustLine,
      strokeWidth: 1.2,
      dash: '3 2',
    },
    write('?', { at: { x: 0, y: 4 }, size: 11, weight: 600, fill: palette.ink2, anchor: 'middle' }),
  ]
}
