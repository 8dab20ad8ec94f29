'use client'
import { Search, X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import { severities } from '#domain/finding.ts'
import { count } from '#domain/listing.ts'
import { useCases } from '#domain/pattern.ts'
import { ChipButton } from '../ui/chip.tsx'
import { Input } from '../ui/input.tsx'
import { type FlowFilter, isFiltered, noFilter, passes } from '#diagram/filter.ts'
import { severityLook } from '#diagram/looks.ts'
import { isOpen, type Model } from '#diagram/model.ts'
import { LensMenu } from './lens-menu.tsx'
import { tagsOf } from './lens-words.ts'
import type { View, ViewState } from './view-state.ts'

interface Props {
  model: Model
  state: ViewState
  view: View
  change: (change: Partial<ViewState>) => void
}

const tones = { error: 'err', warning: 'warn', note: 'neutral' } as const

/** Which flows stand out, and whether they are a map or a table. */
export function FilterBar({ model, state, view, change }: Props) {
  return (
    <>
      {/* On a telephone the chips are one line that scrolls aside. */}
      <div
        role="group"
        aria-label="Filter flows"
        className="relative -mx-4 flex max-w-[100vw] items-center gap-2 overflow-x-auto px-4 py-px md:mx-0 md:flex-wrap md:overflow-visible md:px-0"
      >
        <ChipButton on={!isFiltered(state)} onClick={() => change(noFilter)}>
          All flows <span className="tnum">{model.topology.flows.length}</span>
        </ChipButton>
        <UseCaseChips model={model} state={state} change={change} />
        <span className="w-1.5 shrink-0" />
        <SeverityChips model={model} state={state} change={change} />
        <TimeChips model={model} state={state} change={change} />
        <LensMenu model={model} state={state} change={change} />
        {tagsOf(model, state).map(({ label, off }) => (
          <ChipButton key={label} on aria-label={`${label}, take off`} onClick={() => change(off)}>
            {label}
            <X aria-hidden />
          </ChipButton>
        ))}
        {isFiltered(state) && (
          <ChipButton className="border-transparent text-accent" onClick={() => change(noFilter)}>
            Clear all
          </ChipButton>
        )}
      </div>
      <div className="ml-auto flex items-center gap-2">
        <SearchField search={state.search} change={change} />
        <ViewChips view={view} change={change} />
      </div>
    </>
  )
}

type ChipsProps = Omit<Props, 'view'>

function UseCaseChips({ model, state, change }: ChipsProps) {
  const { flows } = model.topology
  return useCases.map((useCase) => {
    const number = flows.filter(({ classification }) => classification?.useCase === useCase).length
    return (
      <ChipButton
        key={useCase}
        on={state.useCase === useCase}
        aria-label={`Use case ${useCase}, ${count(number, 'flow')}`}
        onClick={() => change({ useCase: state.useCase === useCase ? null : useCase })}
      >
        {useCase === 1 ? 'Use case 1' : useCase}
      </ChipButton>
    )
  })
}

function SeverityChips({ model, state, change }: ChipsProps) {
  const found = useMemo(
    () => Map.groupBy(model.topology.findings.filter(isOpen), ({ severity }) => severity),
    [model.topology.findings],
  )
  return severities.map((severity) => {
    const number = found.get(severity)?.length ?? 0
    const { label: one, plural } = severityLook[severity]
    if (severity === 'note' && number === 0) return null
    return (
      <ChipButton
        key={severity}
        tone={number > 0 ? tones[severity] : 'neutral'}
        on={state.severity === severity}
        disabled={number === 0}
        onClick={() => change({ severity: state.severity === severity ? null : severity })}
      >
        {count(number, one, plural)}
      </ChipButton>
    )
  })
}

const daysUsual = 30

/** What ends soon, and what was never seen: each with how many flows it is about. */
function TimeChips({ model, state, change }: ChipsProps) {
  const days = state.expiring ?? daysUsual
  const { expiring, unseen } = useMemo(() => {
    const counted = (part: Partial<FlowFilter>) =>
      model.topology.flows.filter((flow) => passes(model, flow, { ...noFilter, ...part })).length
    return { expiring: counted({ expiring: days }), unseen: counted({ show: 'never-seen' }) }
  }, [model, days])
  return (
    <>
      <LensChip
        on={state.expiring !== null}
        number={expiring}
        onPress={(on) => change({ expiring: on ? days : null })}
      >
        Expiring in {days} days
      </LensChip>
      <LensChip
        on={state.show === 'never-seen'}
        number={unseen}
        onPress={(on) => change({ show: on ? 'never-seen' : null })}
      >
        Unseen
      </LensChip>
    </>
  )
}

function LensChip({
  on,
  number,
  onPress,
  children,
}: {
  on: boolean
  number: number
  onPress: (on: boolean) => void
  children: ReactNode
}) {
  return (
    <ChipButton on={on} disabled={number === 0 && !on} onClick={() => onPress(!on)}>
      <span>{children}</span>
      <span className="tnum">
        {number}
        <span className="sr-only">{number === 1 ? ' flow' : ' flows'}</span>
      </span>
    </ChipButton>
  )
}

function SearchField({ search, change }: { search: string; change: Props['change'] }) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(search)
  useEffect(() => {
    // Whoever types is ahead of the address.
    if (document.activeElement !== input.current) setText(search)
  }, [search])
  return (
    <div className="relative">
      <Search aria-hidden className="pointer-events-none absolute top-1.5 left-2 size-3 text-ink-3" />
      <Input
        ref={input}
        type="search"
        aria-label="Show flows with this name"
        placeholder="Name"
        value={text}
        onChange={({ target }) => {
          setText(target.value)
          change({ search: target.value })
        }}
        className="h-6 w-32 rounded-full bg-panel pl-6.5 text-xs"
      />
    </div>
  )
}

function ViewChips({ view, change }: Pick<Props, 'view' | 'change'>) {
  const label = useId()
  return (
    <div role="group" aria-labelledby={label} className="flex items-center gap-2">
      <span id={label} className="sr-only">
        View
      </span>
      {(['graph', 'table'] as const).map((each) => (
        <ChipButton key={each} on={view === each} onClick={() => change({ view: each })}>
          {each === 'graph' ? 'Graph' : 'Table'}
        </ChipButton>
      ))}
    </div>
  )
}
