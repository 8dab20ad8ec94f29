'use client'
import { useId, useMemo } from 'react'
import { severities } from '#domain/finding.ts'
import { count } from '#domain/listing.ts'
import { useCases } from '#domain/pattern.ts'
import { ChipButton } from '../ui/chip.tsx'
import { severityLook } from '#diagram/looks.ts'
import { isOpen, type Model } from '#diagram/model.ts'
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
  const label = useId()
  const { flows } = model.topology
  const found = useMemo(
    () => Map.groupBy(model.topology.findings.filter(isOpen), ({ severity }) => severity),
    [model.topology.findings],
  )
  const all = state.useCase === null && state.severity === null
  return (
    <>
      <div role="group" aria-label="Filter flows" className="flex flex-wrap items-center gap-2">
        <ChipButton on={all} onClick={() => change({ useCase: null, severity: null })}>
          All flows <span className="tnum">{flows.length}</span>
        </ChipButton>
        {useCases.map((useCase) => {
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
        })}
        <span className="w-1.5" />
        {severities.map((severity) => {
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
        })}
      </div>
      <div role="group" aria-labelledby={label} className="ml-auto flex items-center gap-2">
        <span id={label} className="sr-only">
          View
        </span>
        {(['graph', 'table'] as const).map((each) => (
          <ChipButton key={each} on={view === each} onClick={() => change({ view: each })}>
            {each === 'graph' ? 'Graph' : 'Table'}
          </ChipButton>
        ))}
      </div>
    </>
  )
}
