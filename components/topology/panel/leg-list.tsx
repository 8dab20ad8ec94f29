'use client'
import type { LegView } from '#domain/topology.ts'
import { Hexagon } from '../../ui/hexagon.tsx'
import { WordState } from '../../ui/state.tsx'
import { verdictLook } from '../looks.ts'
import { actualText, expectedText, legTitle } from '../words.ts'

/** Legs in order, each with what is expected of it and what is known. */
export function LegList({ legs }: { legs: readonly LegView[] }) {
  return (
    <ol className="flex flex-col">
      {legs.map((leg) => (
        <li key={leg.id} className="flex gap-2.5 border-t border-line py-2">
          <span className="flex w-9.5 shrink-0 justify-center pt-0.5">
            {leg.expected ? <Hexagon trust={leg.expected.class} /> : <span className="text-ink-3">?</span>}
          </span>
          <LegWords leg={leg} />
        </li>
      ))}
    </ol>
  )
}

function LegWords({ leg }: { leg: LegView }) {
  const { expected, actual, crosses, verdict } = leg
  const recommended = verdict === 'below' && expected && !expected.required
  const look = recommended ? { label: 'less than recommended', tone: 'warn' as const } : verdictLook[verdict]
  return (
    <div className="min-w-0 flex-1">
      <div className="font-medium">{legTitle(leg)}</div>
      <dl className="grid grid-cols-[64px_1fr] gap-x-2 text-xs">
        <dt className="text-ink-3">expected</dt>
        <dd className="text-ink-2">{expectedText(expected)}</dd>
        <dt className="text-ink-3">actual</dt>
        <dd className="break-words text-ink-2">{actualText(actual)}</dd>
      </dl>
      <WordState tone={look.tone}>{look.label}</WordState>
      {crosses && <span className="text-xs text-ink-3"> · crosses a boundary</span>}
    </div>
  )
}
