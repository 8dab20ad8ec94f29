import { count } from '#domain/listing.ts'
import type { LegChange } from '#domain/topology-difference.ts'
import { changeKinds, changeSigns, type Differences } from '../changes.ts'
import type { Point } from '../layout/drawing.ts'
import { findingTitle } from '../looks.ts'
import { byId } from './header.ts'
import { type Palette, toneInk } from './palette.ts'
import type { Mark } from './scene.ts'
import type { Sheet } from './sheet.ts'
import { widthOf, write } from './text.ts'

/** What differs between two moments: flags on what changed, what they mean, and all of it in words. */

const pillHeight = 16

/** A flag with a sign and a word: `+ added`. */
export function changePill(
  kind: LegChange['kind'],
  { x, y }: Point,
  anchor: 'middle' | 'end',
  palette: Palette,
): Mark[] {
  const { sign, word, tone } = changeSigns[kind]
  const text = `${sign} ${word}`
  const ink = toneInk(palette)[tone]
  const width = Math.ceil(widthOf(text, 10, 600)) + 12
  const left = anchor === 'middle' ? x - width / 2 : x - width
  return [
    {
      kind: 'box',
      box: { x: left, y: y - pillHeight / 2, width, height: pillHeight },
      radius: pillHeight / 2,
      fill: palette.panel,
      stroke: ink,
      strokeWidth: 1.2,
    },
    write(text, {
      at: { x: left + width / 2, y: y + 3.6 },
      size: 10,
      weight: 600,
      fill: ink,
      anchor: 'middle',
    }),
  ]
}

/** The flag of something that came or went; nothing where it did not. */
export function thingPill(
  id: string | null,
  at: Point,
  anchor: 'middle' | 'end',
  { changed, palette }: Sheet,
): Mark[] {
  const kind = id === null ? undefined : changed.things.get(id)
  return kind ? changePill(kind, at, anchor, palette) : []
}

// ── in words ────────────────────────────────────────────────────────────────

const most = 24
const lineHeight = 18
const head = 34

interface Line {
  readonly what: string
  readonly tone: (typeof changeSigns)[LegChange['kind']]['tone']
  readonly text: string
}

/** What takes protection away comes first. */
function linesOf({ difference: { legs, contexts, flows, gateways }, findings }: Differences): Line[] {
  const ofLeg = ({ kind, text, weakens }: LegChange): Line => {
    const { sign, word, tone } = changeSigns[kind]
    return { what: `${sign} ${word}`, tone, text: weakens ? `Less protection: ${text}` : text }
  }
  return [
    ...legs.filter(({ weakens }) => weakens).map(ofLeg),
    ...legs.filter(({ weakens }) => !weakens).map(ofLeg),
    ...contexts.map(({ text }): Line => ({ what: 'context', tone: 'warn', text })),
    ...flows.map(({ text }): Line => ({ what: 'flow', tone: 'busy', text })),
    ...gateways.map(({ text }): Line => ({ what: 'nodes', tone: 'idle', text })),
    ...findings.added.toSorted(byId).map(
      ({ code, why }): Line => ({
        what: 'new finding',
        tone: 'err',
        text: `${findingTitle[code]}: ${why}`,
      }),
    ),
    ...findings.gone.toSorted(byId).map(
      ({ code, why }): Line => ({
        what: 'gone finding',
        tone: 'ok',
        text: `${findingTitle[code]}: ${why}`,
      }),
    ),
  ]
}

/** How much changed, in one line. */
export function changesWords({ difference: { legs, contexts, flows }, findings }: Differences): string {
  return `Changed: ${[
    count(legs.length, 'change on legs', 'changes on legs'),
    count(contexts.length, 'context'),
    count(flows.length, 'flow'),
    count(findings.added.length, 'new finding'),
    `${count(findings.gone.length, 'finding')} gone`,
  ].join(', ')}`
}

export function changesHeight(differences: Differences | null): number {
  if (!differences) return 0
  const lines = linesOf(differences).length
  return head + lineHeight * (Math.max(1, Math.min(lines, most)) + (lines > most ? 1 : 0)) + 14
}

export function changesMarks(differences: Differences | null, width: number, palette: Palette): Mark[] {
  if (!differences) return []
  const lines = linesOf(differences)
  const at = (row: number) => ({ x: 0, y: head + 8 + row * lineHeight })
  const said = (text: string, row: number): Mark =>
    write(text, { at: at(row), size: 11, fill: palette.ink3 }, width)
  const inks = toneInk(palette)
  const column = 12 + Math.max(0, ...lines.map(({ what }) => widthOf(what, 11, 600)))
  const rows = lines
    .slice(0, most)
    .flatMap(({ what, tone, text }, row): Mark[] => [
      write(what, { at: at(row), size: 11, weight: 600, fill: inks[tone] }),
      write(text, { at: { ...at(row), x: column }, size: 11, fill: palette.ink2 }, width - column),
    ])
  return [
    {
      kind: 'group',
      title: 'What changed',
      facts: { changes: '' },
      marks: [
        { kind: 'path', d: `M0 0.5H${width}`, stroke: palette.line2, strokeWidth: 1 },
        write('What changed', { at: { x: 0, y: 21 }, size: 11, weight: 600, fill: palette.ink2 }),
        ...signMarks(width, palette),
        ...rows,
        ...(lines.length === 0 ? [said('Nothing on legs, contexts, flows and findings.', 0)] : []),
        ...(lines.length > most ? [said(`and ${lines.length - most} more`, most)] : []),
      ],
    },
  ]
}

/** How each kind of change is drawn. */
function signMarks(width: number, palette: Palette): Mark[] {
  const first = 110
  const room = (width - first) / changeKinds.length
  return changeKinds.flatMap((kind, index): Mark[] => {
    const { sign, word, tone, dash } = changeSigns[kind]
    const x = Math.round(first + index * room)
    const ink = toneInk(palette)[tone]
    return [
      { kind: 'path', d: `M${x} 17H${x + 34}`, stroke: ink, strokeWidth: 2.6, dash },
      write(
        `${sign} ${word}`,
        { at: { x: x + 42, y: 21 }, size: 11, weight: 600, fill: ink },
        Math.max(12, room - 48),
      ),
    ]
  })
}
