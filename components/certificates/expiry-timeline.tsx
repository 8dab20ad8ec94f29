'use client'
import { type ExpiryEntry, type ExpiryList, type Month, monthsOf, needsSomebody } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import { cn } from '../ui/class-names.ts'
import { Panel, Section } from '../ui/panel.tsx'
import { monthMark, monthName } from './months.ts'

interface Props {
  list: ExpiryList
  chosen: string | null
  choose: (month: string | null) => void
}

const block = 'block h-1.25 rounded-[2px] border'

// As many as stand in a column before they are counted.
const blocksMax = 6

/** What ends in each month ahead: a block for each, filled where something fails then. A press shows them alone. */
export function ExpiryTimeline({ list, chosen, choose }: Props) {
  return (
    <Section title="When they end" description={<Legend />} className="min-w-0">
      <Panel className="scroll-edges overflow-x-auto">
        <ol aria-label="Certificates by the month in which they end" className="flex min-w-170">
          {monthsOf(list).map((month, index) => (
            <li
              key={month.key}
              className={cn(
                'flex flex-1 border-line not-first:border-l',
                index === 0 && 'bg-canvas/60',
                month.key === 'later' && 'bg-canvas/60',
              )}
            >
              <Column
                month={month}
                isFirst={index === 1}
                isOn={chosen === month.key}
                choose={() => choose(chosen === month.key ? null : month.key)}
              />
            </li>
          ))}
        </ol>
      </Panel>
    </Section>
  )
}

function Legend() {
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      <span className="flex items-center gap-1.5">
        <i aria-hidden className={cn(block, 'w-4 border-ink-3 bg-ink-3')} /> something fails then
      </span>
      <span className="flex items-center gap-1.5">
        <i aria-hidden className={cn(block, 'w-4 border-ink-3')} /> nothing uses it
      </span>
    </span>
  )
}

function Column({
  month: { key, entries },
  isFirst,
  isOn,
  choose,
}: {
  month: Month
  isFirst: boolean
  isOn: boolean
  choose: () => void
}) {
  const shown = entries.slice(0, blocksMax)
  const rest = entries.length - shown.length
  return (
    <button
      type="button"
      aria-pressed={isOn}
      disabled={entries.length === 0 && !isOn}
      title={entries.map(({ about }) => about.name).join(', ') || undefined}
      onClick={choose}
      className={cn(
        'relative flex h-24 w-full flex-col items-center justify-end gap-1 px-1.5 pb-1.5 text-2xs text-ink-3 transition-colors focus-visible:-outline-offset-2',
        entries.length > 0 && 'hover:bg-canvas hover:text-ink',
        isOn && 'bg-accent-soft text-accent hover:bg-accent-soft hover:text-accent',
      )}
    >
      <span className="sr-only">{sentenceOf(key, entries)}</span>
      {rest > 0 && (
        <span aria-hidden className="tnum">
          +{rest}
        </span>
      )}
      <span aria-hidden className="flex w-full max-w-10 flex-col-reverse gap-0.5">
        {shown.map((entry) => (
          <Block key={entry.id} entry={entry} />
        ))}
      </span>
      <span aria-hidden className={cn('tnum text-sm font-semibold', entries.length === 0 && 'text-ink-3')}>
        {entries.length === 0 ? '–' : entries.length}
      </span>
      <span aria-hidden className="whitespace-nowrap">
        {monthMark(key, isFirst)}
      </span>
    </button>
  )
}

function Block({ entry }: { entry: ExpiryEntry }) {
  const isSevere = entry.ends?.state === 'expired' || entry.ends?.state === 'critical'
  const tone = isSevere ? 'border-err' : needsSomebody(entry) ? 'border-warn' : 'border-ink-3'
  const fill = isSevere ? 'bg-err' : needsSomebody(entry) ? 'bg-warn' : 'bg-ink-3'
  return <i className={cn('block h-1.25 w-full rounded-[2px] border', tone, entry.breaks.legs > 0 && fill)} />
}

function sentenceOf(key: string, entries: readonly ExpiryEntry[]): string {
  if (entries.length === 0) return `${monthName(key)}: nothing`
  const breaking = entries.filter(({ breaks }) => breaks.legs > 0).length
  const needing = entries.filter(needsSomebody).length
  return [
    `${monthName(key)}: ${count(entries.length, 'certificate')}`,
    breaking === 0 ? 'nothing fails' : `something fails with ${breaking} of them`,
    ...(needing > 0 ? [`${needing} ${needing === 1 ? 'needs' : 'need'} somebody`] : []),
  ].join(', ')
}
