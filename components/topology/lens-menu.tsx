'use client'
import { SlidersHorizontal } from 'lucide-react'
import { count } from '#domain/listing.ts'
import { owners, ownerName } from '#domain/party.ts'
import { ChipButton } from '../ui/chip.tsx'
import { Field } from '../ui/field.tsx'
import { Popover, PopoverContent, PopoverTrigger } from '../ui/popover.tsx'
import { Select } from '../ui/select.tsx'
import { showLabel } from '#diagram/looks.ts'
import { environmentsOf, showHint, showLenses, teamsOf } from './lens-words.ts'
import { expiringDays, noFilter, passes } from '#diagram/filter.ts'
import type { Model } from '#diagram/model.ts'
import type { ViewState } from './view-state.ts'

interface Props {
  model: Model
  state: ViewState
  change: (change: Partial<ViewState>) => void
}

const any = 'any'

/** The lenses for which the bar has no room: environment, owner, team, what legs lack, and how soon certificates end. */
export function LensMenu({ model, state, change }: Props) {
  return (
    <Popover>
      <PopoverTrigger asChild>
        <ChipButton>
          <SlidersHorizontal aria-hidden />
          Lenses
        </ChipButton>
      </PopoverTrigger>
      <PopoverContent align="start" aria-label="Lenses" className="flex flex-col gap-3">
        <Field label="Environment">
          {(control) => (
            <Select
              {...control}
              value={state.environment ?? any}
              onValueChange={(value) => change({ environment: value === any ? null : value })}
              options={[
                { value: any, label: 'Every environment' },
                ...environmentsOf(model).map((name) => ({ value: name, label: name })),
              ]}
            />
          )}
        </Field>
        <Field label="Owner of an end">
          {(control) => (
            <Select
              {...control}
              value={state.owner ?? any}
              onValueChange={(value) => change({ owner: owners.find((each) => each === value) ?? null })}
              options={[
                { value: any, label: 'Anybody' },
                ...owners.map((value) => ({ value, label: ownerName[value] })),
              ]}
            />
          )}
        </Field>
        <TeamLens model={model} state={state} change={change} />
        <ShowLens model={model} state={state} change={change} />
        <Field label="A certificate ends within">
          {(control) => (
            <Select
              {...control}
              value={String(state.expiring ?? any)}
              onValueChange={(value) =>
                change({ expiring: expiringDays.find((days) => String(days) === value) ?? null })
              }
              options={[
                { value: any, label: 'Whenever' },
                ...expiringDays.map((days) => ({ value: String(days), label: `${days} days` })),
              ]}
            />
          )}
        </Field>
      </PopoverContent>
    </Popover>
  )
}

function TeamLens({ model, state, change }: Props) {
  const teams = teamsOf(model)
  const { team } = state
  return (
    <Field
      label="Team of an end"
      {...(teams.length === 0 && {
        description: 'No consumer or provider has a team yet: its form takes one.',
      })}
    >
      {(control) => (
        <Select
          {...control}
          value={team ?? any}
          onValueChange={(value) => change({ team: teams.find((each) => each === value) ?? null })}
          options={[
            { value: any, label: 'Every team' },
            ...teams.map((value) => {
              const number = model.topology.flows.filter((flow) =>
                passes(model, flow, { ...noFilter, team: value }),
              ).length
              return { value, label: value, hint: count(number, 'flow') }
            }),
          ]}
        />
      )}
    </Field>
  )
}

function ShowLens({ model, state, change }: Props) {
  return (
    <Field label="Legs and callers">
      {(control) => (
        <Select
          {...control}
          value={state.show ?? any}
          onValueChange={(value) =>
            change({ show: showLenses.find(({ show }) => show === value)?.show ?? null })
          }
          options={[
            { value: any, label: 'All of them' },
            ...showLenses.map(({ show, lenses }) => {
              const number = model.topology.flows.filter((flow) => passes(model, flow, lenses)).length
              return {
                value: show,
                label: showLabel[show],
                hint: `${showHint[show]}, ${count(number, 'flow')}`,
              }
            }),
          ]}
        />
      )}
    </Field>
  )
}
