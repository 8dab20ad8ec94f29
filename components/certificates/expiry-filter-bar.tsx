'use client'
import { Search } from 'lucide-react'
import type { ExpiryFilter, ExpiryList } from '#domain/expiry.ts'
import { everything, matching } from '#domain/expiry.ts'
import { ChipButton } from '../ui/chip.tsx'
import { Input } from '../ui/input.tsx'
import { monthName } from './months.ts'

interface Props {
  list: ExpiryList
  filter: ExpiryFilter
  change: (change: Partial<ExpiryFilter>) => void
}

interface Choice {
  readonly label: string
  readonly filter: Partial<ExpiryFilter>
  readonly tone?: 'warn' | 'err'
}

const choices: readonly Choice[] = [
  { label: 'Expired', filter: { state: 'expired' }, tone: 'err' },
  { label: 'Within 30 days', filter: { within: 30 }, tone: 'warn' },
  { label: 'Within 90 days', filter: { within: 90 } },
  { label: 'Requested', filter: { state: 'requested' } },
]
const sources: readonly Choice[] = [
  { label: 'Certificates', filter: { source: 'certificate' } },
  { label: 'CAs', filter: { source: 'authority' } },
  { label: 'In policies', filter: { source: 'api' } },
]

/** Which of them are looked at. The address holds it. */
export function ExpiryFilterBar({ list, filter, change }: Props) {
  const { state, within, source, month, search } = filter
  const isAll = state === null && within === null && source === null && month === null
  const isCustom = within !== null && !choices.some((choice) => choice.filter.within === within)
  return (
    <>
      <search className="relative w-full max-w-64">
        <Search aria-hidden className="absolute top-2.25 left-2.5 size-3.5 text-ink-3" />
        <Input
          type="search"
          aria-label="Search certificates"
          placeholder="Search name, subject, issuer"
          className="pl-8"
          maxLength={200}
          value={search}
          onChange={(event) => change({ search: event.target.value })}
        />
      </search>
      <div role="group" aria-label="Filter certificates" className="flex flex-wrap items-center gap-2">
        <ChipButton on={isAll} onClick={() => change({ ...everything, search })}>
          All <span className="tnum">{list.entries.length}</span>
        </ChipButton>
        {choices.map((choice) => (
          <FilterChip key={choice.label} choice={choice} list={list} filter={filter} change={change} />
        ))}
        {isCustom && (
          <ChipButton on onClick={() => change({ within: null })}>{`Within ${within} days`}</ChipButton>
        )}
        {state !== null && !choices.some((choice) => choice.filter.state === state) && (
          <ChipButton on onClick={() => change({ state: null })}>
            {state === 'attention' ? 'Need somebody' : state}
          </ChipButton>
        )}
        <span className="w-1.5" />
        {sources.map((choice) => (
          <FilterChip key={choice.label} choice={choice} list={list} filter={filter} change={change} />
        ))}
        {month !== null && (
          <ChipButton on onClick={() => change({ month: null })}>
            {monthName(month)}
          </ChipButton>
        )}
      </div>
    </>
  )
}

function FilterChip({
  choice: { label, filter: wanted, tone },
  list,
  filter,
  change,
}: Props & { choice: Choice }) {
  const number = matching(list, { ...everything, ...wanted }).length
  const [[name, value]] = Object.entries(wanted) as [[keyof ExpiryFilter, ExpiryFilter[keyof ExpiryFilter]]]
  const isOn = filter[name] === value
  // What is ended or near is one question: one answer at a time.
  const others = name === 'source' ? {} : { state: null, within: null }
  if (number === 0 && !isOn && wanted.state === 'requested') return null
  return (
    <ChipButton
      on={isOn}
      disabled={number === 0 && !isOn}
      tone={number > 0 && tone ? tone : 'neutral'}
      className={number === 0 && !isOn ? 'opacity-60' : ''}
      onClick={() => change({ ...others, [name]: isOn ? null : value })}
    >
      {label} <span className="tnum">{number}</span>
    </ChipButton>
  )
}
