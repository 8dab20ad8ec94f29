'use client'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { count } from '#domain/listing.ts'
import { Hexagon } from '../../ui/hexagon.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { WordState } from '../../ui/state.tsx'
import type { LegFacts } from '#diagram/leg-facts.ts'
import { eachOnce } from '#diagram/peers.ts'
import type { TableRow } from '#diagram/rows.ts'
import type { Tone } from '#diagram/tone.ts'
import { LegsChange } from '../history/thing-change.tsx'

interface Props {
  row: TableRow
  /** Whether legs are shown in full where their row was not asked for otherwise. */
  inFull: boolean
}

/** The legs of a row as hexagons with how they compare to what is expected; in full when that is asked for. */
export function LegsCell({ row, inFull }: Props) {
  const list = useId()
  // What was asked of this row holds until all rows are asked for something.
  const [asked, setAsked] = useState({ inFull, isOpen: inFull })
  const isOpen = asked.inFull === inFull ? asked.isOpen : inFull
  if (row.legs.length === 0) return <span className="text-xs text-ink-3">none</span>
  const Chevron = isOpen ? ChevronDown : ChevronRight
  return (
    <>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={list}
        onClick={() => setAsked({ inFull, isOpen: !isOpen })}
        className="flex items-center gap-1 rounded-sm hover:text-accent"
      >
        <span className="sr-only">
          {`${count(row.legs.length, 'leg')} in full: ${row.consumer || 'nobody yet'} to ${row.api}`}
        </span>
        <span aria-hidden className="flex items-center gap-1">
          {row.legs.map(({ id, class: trust }) =>
            trust ? (
              <Hexagon key={id} trust={trust} />
            ) : (
              <span key={id} className="text-xs text-ink-3">
                ?
              </span>
            ),
          )}
        </span>
        <Chevron aria-hidden className="size-3.5 text-ink-3" />
      </button>
      <Verdicts legs={row.legs} />
      <LegsChange legIds={row.legs.map(({ id }) => id)} />
      {/* A list that nobody looks at would be most of a large table. */}
      <ol id={list} hidden={!isOpen} className="mt-1 w-96 whitespace-normal">
        {isOpen && row.legs.map((leg) => <LegLines key={leg.id} leg={leg} />)}
      </ol>
    </>
  )
}

const gravity: readonly Tone[] = ['err', 'warn', 'busy', 'idle', 'ok']

/** How the legs compare, each answer once, the gravest first. */
function Verdicts({ legs }: { legs: readonly LegFacts[] }) {
  const looks = [...new Map(legs.map(({ verdict }) => [verdict.label, verdict])).values()]
  return (
    <span className="flex flex-col">
      {looks
        .toSorted((a, b) => gravity.indexOf(a.tone) - gravity.indexOf(b.tone))
        .map(({ label, tone }) => (
          <WordState key={label} tone={tone}>
            {label}
          </WordState>
        ))}
    </span>
  )
}

function LegLines({ leg }: { leg: LegFacts }) {
  const { title, verdict, expected, actual, tls, chain, peers, traffic } = leg
  return (
    <li className="border-t border-line py-1.5">
      <span className="font-medium">{title}</span> <WordState tone={verdict.tone}>{verdict.label}</WordState>
      <dl className="grid grid-cols-[64px_1fr] gap-x-2 text-xs [&_dd]:break-words [&_dd]:text-ink-2 [&_dt]:text-ink-3">
        <dt>expected</dt>
        <dd>{expected}</dd>
        <dt>actual</dt>
        <dd>{actual}</dd>
        {tls !== null && (
          <>
            <dt>TLS</dt>
            <dd>{tls}</dd>
          </>
        )}
        {chain !== null && (
          <>
            <dt>chain</dt>
            <dd>{chain}</dd>
          </>
        )}
        {peers !== null && (
          <>
            <dt>seen</dt>
            <dd>
              <Peers peers={peers} />
            </dd>
          </>
        )}
        {traffic !== null && (
          <>
            <dt>traffic</dt>
            <dd className="tnum">{traffic}</dd>
          </>
        )}
      </dl>
    </li>
  )
}

function Peers({ peers }: { peers: NonNullable<LegFacts['peers']> }) {
  if (peers.length === 0) return 'none'
  return (
    <ul>
      {eachOnce(peers).map(({ subject, issuer, match, lastSeenAt }) => (
        <li key={`${subject} ${issuer}`}>
          {subject} from {issuer}, {match}, <RelativeTime at={lastSeenAt} />
        </li>
      ))}
    </ul>
  )
}
