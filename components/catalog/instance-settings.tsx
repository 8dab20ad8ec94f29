'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiDetail, InstanceView } from '#domain/catalog.ts'
import { Hindrances } from '../deployments/hindrances.tsx'
import { deploymentQueries } from '../deployments/queries.ts'
import { asProblem, type ProblemError } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Switch } from '../ui/switch.tsx'
import { toast } from '../ui/toast.tsx'
import { ExportPanel } from './export-panel.tsx'
import { apiQueries, saveInstance } from './queries.ts'
import { RemoveApi } from './remove-api.tsx'
import { RoutingFields } from './routing-fields.tsx'

/** Where an API answers and where its requests go, to be changed; and its removal. */
export function InstanceSettings({ api, instance }: { api: ApiDetail; instance: InstanceView }) {
  const mayWrite = useMay('apis.write')
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      {!mayWrite && (
        <Notice tone="info" title="You may look">
          Owners and administrators change these settings.
        </Notice>
      )}
      {/* Another version of the row starts the form again. */}
      <SettingsForm key={`${instance.id} ${instance.version}`} instance={instance} mayWrite={mayWrite} />
      <ExportPanel instance={instance} />
      {mayWrite && <RemoveApi api={api} instance={instance} />}
    </div>
  )
}

const pointers = ['/host', '/basePath', '/upstreamUrl'] as const

function SettingsForm({ instance, mayWrite }: { instance: InstanceView; mayWrite: boolean }) {
  const { host, basePath, upstreamUrl, stripBasePath, enabled, routing } = instance
  const saved = { host, basePath, upstreamUrl, stripBasePath, enabled, routing }
  const [draft, setDraft] = useState(saved)
  const set = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part })
  const save = useSave(instance)
  const problem = save.error ? asProblem(save.error) : null
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved)
  const deployment = useQuery(deploymentQueries.instance(instance.id)).data
  return (
    <Section title={`At ${instance.gatewayName}`}>
      <Panel className="p-4">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate(draft)
          }}
        >
          <fieldset disabled={!mayWrite} className="flex flex-col gap-4">
            <div className="grid gap-4 sm:grid-cols-2">
              <TextField
                label="Base path"
                description="Under which it answers."
                value={draft.basePath}
                onChange={(value) => set({ basePath: value })}
                error={faultAt(problem, '/basePath')}
              />
              <TextField
                label="Host"
                description="* for any, *.name for all below it."
                value={draft.host}
                onChange={(value) => set({ host: value })}
                error={faultAt(problem, '/host')}
              />
            </div>
            <TextField
              label="Upstream"
              description="Where the requests go."
              value={draft.upstreamUrl}
              onChange={(value) => set({ upstreamUrl: value })}
              error={faultAt(problem, '/upstreamUrl')}
            />
            <Field label="Take the base path off before the request goes upstream" inline>
              {(control) => (
                <Switch
                  {...control}
                  checked={draft.stripBasePath}
                  onCheckedChange={(on) => set({ stripBasePath: on })}
                />
              )}
            </Field>
            <Field
              label="Switched on"
              description="Off: the next deployment takes it off the gateway."
              inline
            >
              {(control) => (
                <Switch {...control} checked={draft.enabled} onCheckedChange={(on) => set({ enabled: on })} />
              )}
            </Field>
            <RoutingFields
              routing={draft.routing}
              onChange={(changed) => set({ routing: changed })}
              faults={problem?.faults ?? []}
              readOnly={!mayWrite}
            />
            {!isChanged && <Hindrances faults={deployment?.faults ?? []} />}
            {problem &&
              !problem.faults.some(
                ({ pointer }) =>
                  pointer.startsWith('/routing') || pointers.some((known) => known === pointer),
              ) && <ProblemPanel problem={problem} />}
            <Button
              type="submit"
              variant="primary"
              className="self-end"
              busy={save.isPending}
              disabled={!isChanged}
            >
              Save the draft
            </Button>
          </fieldset>
        </form>
      </Panel>
    </Section>
  )
}

function useSave(instance: InstanceView) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: Parameters<typeof saveInstance>[1]) => saveInstance(instance, change),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: apiQueries.all }),
        client.invalidateQueries({ queryKey: deploymentQueries.all }),
      ])
      toast.success('Saved', { description: 'It takes effect with the next deployment.' })
    },
  })
}

interface TextFieldProps {
  label: string
  description?: string
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

function TextField({ label, description, value, onChange, error }: TextFieldProps) {
  return (
    <Field label={label} description={description} error={error} required>
      {(control) => (
        <Input
          {...control}
          className="font-mono text-xs"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

function faultAt(problem: ProblemError | null, pointer: string): string | undefined {
  return problem?.faults.find((fault) => fault.pointer === pointer)?.detail
}
