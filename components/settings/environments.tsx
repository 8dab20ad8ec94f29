'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { environment as environmentShape, type EnvironmentView } from '#domain/gateway.ts'
import { sendJson } from '../shell/api.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Field } from '../ui/field.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Switch } from '../ui/switch.tsx'

/** The environments, and whether what is deployed there must be signed off first. */
export function EnvironmentTable({ environments }: { environments: readonly EnvironmentView[] }) {
  return (
    <Section title="Environments">
      <Panel className="divide-y divide-line">
        {environments.map((environment) => (
          <Row key={environment.id} initial={environment} />
        ))}
      </Panel>
    </Section>
  )
}

function Row({ initial }: { initial: EnvironmentView }) {
  const may = useMay('organisation.write')
  const [environment, setEnvironment] = useState(initial)
  const { id, name, kind, demandsSignOff, version } = environment
  const change = useMutation({
    mutationFn: (wanted: boolean) =>
      sendJson('PATCH', `/environments/${id}`, { demandsSignOff: wanted }, environmentShape, {
        ifMatch: version,
      }),
    onSuccess: setEnvironment,
  })
  return (
    <div className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
        <span className="w-40 text-sm">
          <b className="font-semibold">{name}</b>
          <span className="block text-xs text-ink-3">{kind}</span>
        </span>
        <Field
          inline
          label={`Demand a sign-off before anything is deployed in ${name}`}
          description="By somebody who changed nothing in it. Keys, certificates and who may call are served at once as before."
          className="min-w-60 flex-1"
        >
          {(control) => (
            <Switch
              {...control}
              checked={demandsSignOff}
              disabled={!may || change.isPending}
              onCheckedChange={(wanted) => change.mutate(wanted)}
            />
          )}
        </Field>
      </div>
      {change.error && <ProblemPanel problem={asProblem(change.error)} />}
    </div>
  )
}
