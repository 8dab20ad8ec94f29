'use client'
import { actualText } from '#domain/context.ts'
import { type LegReading, type LegView, readingFor } from '#domain/leg.ts'
import { Hexagon } from '../../ui/hexagon.tsx'
import { WordState } from '../../ui/state.tsx'
import { verdictOf } from '#diagram/leg-facts.ts'
import { expectedText, legTitle } from '#diagram/words.ts'

interface Props {
  legs: readonly LegView[]
  apiId?: string
  /** Whether each says which it is. */
  titled?: boolean
}

/** Legs in order, each with what is expected of it and what is known: of one API's traffic, or of the worst on it. */
export function LegList({ legs, apiId, titled = true }: Props) {
  return (
    <ol className="flex flex-col">
      {legs.map((leg) => (
        <li key={leg.id} className="flex gap-2.5 border-t border-line py-2">
          <span className="flex w-9.5 shrink-0 justify-center pt-0.5">
            {leg.expected ? <Hexagon trust={leg.expected.class} /> : <span className="text-ink-3">?</span>}
          </span>
          <LegWords leg={leg} titled={titled} reading={apiId === undefined ? leg : readingFor(leg, apiId)} />
        </li>
      ))}
    </ol>
  )
}

function LegWords({ leg, reading, titled }: { leg: LegView; reading: LegReading; titled: boolean }) {
  const { expected, crosses } = leg
  return (
    <div className="min-w-0 flex-1">
      {titled && <div className="font-medium">{legTitle(leg)}</div>}
      <dl className="grid grid-cols-[64px_1fr] gap-x-2 text-xs">
        <dt className="text-ink-3">expected</dt>
        <dd className="text-ink-2">{expectedText(expected)}</dd>
        <dt className="text-ink-3">actual</dt>
        <dd className="break-words text-ink-2">{actualText(reading.actual)}</dd>
      </dl>
      <LegVerdict expected={expected} verdict={reading.verdict} />
      {crosses && <span className="text-xs text-ink-3"> · crosses a boundary</span>}
    </div>
  )
}

export function LegVerdict({ expected, verdict }: Pick<LegView, 'expected' | 'verdict'>) {
  const { label, tone } = verdictOf(expected, verdict)
  return <WordState tone={tone}>{label}</WordState>
}
