'use client'
import { drawnChange } from '#diagram/changes.ts'
import { changeLook } from './change-looks.ts'
import { useChanges } from './changes-context.tsx'

/** How the line of a leg is drawn where two moments are compared; null where nothing is, or where it is alike. */
export function useLegChange(
  legId: string,
): { stroke: string; dash: string | undefined; width: number; word: string } | null {
  const change = drawnChange(useChanges().legs.get(legId))
  if (!change) return null
  const { stroke, dash, word } = changeLook(change.kind)
  return { stroke, dash, width: 2.6, word }
}

const charWidth = 5.6

/** A flag over the hexagon of a leg that changed: a sign and a word. */
export function LegChangeMark({ legId }: { legId: string }) {
  const change = drawnChange(useChanges().legs.get(legId))
  if (!change) return null
  const { sign, word, stroke } = changeLook(change.kind)
  const text = `${sign} ${word}`
  const width = text.length * charWidth + 12
  return (
    <g transform="translate(0 -24)">
      <rect
        x={-width / 2}
        y={-8}
        width={width}
        height={16}
        rx={8}
        fill="var(--panel)"
        stroke={stroke}
        strokeWidth={1.2}
      />
      <text aria-hidden y={3.6} textAnchor="middle" fontSize="10" fontWeight="600" fill={stroke}>
        {text}
      </text>
    </g>
  )
}
