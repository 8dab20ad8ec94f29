'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { count } from '#domain/listing.ts'
import { keptDays as daysShape, pastReach, type PastReach } from '#domain/past.ts'
import { sendJson } from '../shell/api.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { toast } from '../ui/toast.tsx'

/** For how long what the topology was is kept. */
export function PastPanel({ initial }: { initial: PastReach }) {
  const may = useMay('organisation.write')
  const [reach, setReach] = useState(initial)
  const [text, setText] = useState(String(initial.keptDays))
  const days = daysShape.safeParse(text.trim() === '' ? undefined : Number(text))
  const change = useMutation({
    mutationFn: (keptDays: number) =>
      sendJson('PATCH', '/topology/past', { keptDays }, pastReach, { ifMatch: reach.version }),
    onSuccess: (next) => {
      setReach(next)
      toast.success('Saved', { description: `What has ended is kept for ${count(next.keptDays, 'day')}.` })
    },
  })
  const isSame = days.data === reach.keptDays
  return (
    <Section title="The past of the topology">
      <Panel className="flex flex-col gap-3 px-4 py-3">
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (days.success && !isSame) change.mutate(days.data)
          }}
        >
          <Field
            label="Days to keep what has ended"
            description="Then it is cut within the hour, and comes back for nobody. What was signed off and what is deployed stays whole."
            error={days.success ? undefined : 'Give 30 to 36,500 days.'}
            className="max-w-120 flex-1"
          >
            {(control) => (
              <Input
                {...control}
                type="number"
                min={30}
                max={36_500}
                value={text}
                disabled={!may || change.isPending}
                onChange={(event) => setText(event.target.value)}
                className="w-32"
              />
            )}
          </Field>
          {may && (
            <Button type="submit" disabled={!days.success || isSame} busy={change.isPending}>
              Save
            </Button>
          )}
        </form>
        <p className="text-xs text-ink-3">{reachWords(reach)}</p>
        {change.error && <ProblemPanel problem={asProblem(change.error)} />}
      </Panel>
    </Section>
  )
}

function reachWords({ since, held }: PastReach): string {
  if (since === null) return 'Nothing has stood anywhere yet.'
  const kept = `Everything is kept since ${since.slice(0, 10)} ${since.slice(11, 16)} UTC.`
  return held === 0
    ? kept
    : `${kept} ${count(held, 'earlier moment')} kept for what was signed off or is deployed.`
}
