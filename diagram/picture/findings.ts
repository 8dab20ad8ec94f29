import { severities } from '#domain/finding.ts'
import { ascending } from '#domain/listing.ts'
import type { FindingView } from '#domain/topology.ts'
import { findingTitle, severityLook } from '../looks.ts'
import { inOrder, isOpen, type Model } from '../model.ts'
import { type Palette, severityInk } from './palette.ts'
import type { Mark } from './scene.ts'
import { widthOf, write } from './text.ts'

/** The gravest findings in words, below the legend; the rest is counted. */

const most = 12
const lineHeight = 18
const head = 34

function listed({ topology: { findings } }: Model): FindingView[] {
  return inOrder(findings.toSorted((a, b) => ascending(a.id, b.id)))
}

export function findingsHeight(model: Model): number {
  const found = model.topology.findings.length
  if (found === 0) return 0
  return head + lineHeight * (Math.min(found, most) + (found > most ? 1 : 0))
}

export function findingMarks(model: Model, width: number, palette: Palette): Mark[] {
  const all = listed(model)
  if (all.length === 0) return []
  const rest = all.length - most
  return [
    { kind: 'path', d: `M0 0.5H${width}`, stroke: palette.line2, strokeWidth: 1 },
    write('Findings', { at: { x: 0, y: 21 }, size: 11, weight: 600, fill: palette.ink2 }),
    ...all
      .slice(0, most)
      .map((finding, index) => line(finding, head + 8 + index * lineHeight, width, palette)),
    ...(rest > 0
      ? [
          write(`and ${rest} more`, {
            at: { x: 0, y: head + 8 + most * lineHeight },
            size: 11,
            fill: palette.ink3,
          }),
        ]
      : []),
  ]
}

const severityColumn = 1 + Math.max(...severities.map((each) => widthOf(severityLook[each].label, 11, 600)))

function line(finding: FindingView, y: number, width: number, palette: Palette): Mark {
  const { severity, code, why, accepted } = finding
  const title = findingTitle[code]
  const at = severityColumn + 12
  const why0 = at + widthOf(title, 11, 600) + 10
  const ink = isOpen(finding) ? severityInk(palette)[severity] : palette.ink3
  const said = accepted
    ? `(${accepted.owner} answers for it until ${accepted.until.slice(0, 10)}) ${why}`
    : why
  return {
    kind: 'group',
    title: `${severityLook[severity].label}: ${why}`,
    facts: { finding: finding.id, severity },
    marks: [
      write(severityLook[severity].label, { at: { x: 0, y }, size: 11, weight: 600, fill: ink }),
      write(title, { at: { x: at, y }, size: 11, weight: 600, fill: palette.ink }),
      write(said, { at: { x: why0, y }, size: 11, fill: palette.ink2 }, width - why0),
    ],
  }
}
