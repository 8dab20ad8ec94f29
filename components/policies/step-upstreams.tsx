'use client'
import type { ChainStep } from '#domain/chain.ts'
import { mainUpstream } from '#domain/routing.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { Field } from '../ui/field.tsx'
import type { DraftAction } from './draft.ts'

interface Props {
  step: ChainStep
  /** What the upstreams of the API are called. */
  upstreams: readonly string[]
  readOnly: boolean
  dispatch: (action: DraftAction) => void
}

/** Which upstreams a step is for that is about the way there: it holds for all requests that take it. */
export function StepUpstreams({ step, upstreams, readOnly, dispatch }: Props) {
  const chosen = step.upstreams
  const gone = chosen.filter((name) => !upstreams.includes(name))
  const choose = (name: string, isChosen: boolean) =>
    dispatch({
      do: 'upstreams',
      id: step.id,
      upstreams: isChosen ? [...chosen, name] : chosen.filter((other) => other !== name),
    })
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 text-sm font-medium">Upstreams</legend>
      <p className="text-xs text-ink-3">
        It holds for every request that goes there. Without a choice it is for all of them
        {upstreams.length === 1 ? '; this API has one' : ''}.
      </p>
      {[...upstreams, ...gone].map((name) => (
        <Field
          inline
          key={name}
          label={name}
          description={descriptionOf(name)}
          error={gone.includes(name) ? 'The API has no such destination any more.' : undefined}
        >
          {(control) => (
            <Checkbox
              {...control}
              checked={chosen.includes(name)}
              disabled={readOnly}
              onCheckedChange={(isChosen) => choose(name, isChosen === true)}
            />
          )}
        </Field>
      ))}
    </fieldset>
  )
}

function descriptionOf(name: string): string {
  return name === mainUpstream ? "The API's own upstream." : 'A destination of the API.'
}
