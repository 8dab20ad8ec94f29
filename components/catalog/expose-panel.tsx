'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiDetail, ImportPreview } from '#domain/catalog.ts'
import { proposeExposure } from '#domain/exposure.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { ExposureFields } from './exposure-fields.tsx'
import { apiQueries, exposeApi } from './queries.ts'

interface Props {
  api: ApiDetail
  gateways: ImportPreview['gateways']
}

/** Stands where the overview would be while no gateway has the API: exposes its newest version. */
export function ExposePanel({ api, gateways }: Props) {
  const mayWrite = useMay('apis.write')
  const [version] = api.versions
  if (!mayWrite || !version || gateways.length === 0) {
    return (
      <NoneYet title="Not exposed at a gateway">
        {gateways.length === 0
          ? 'There is no gateway yet. Gateways has the command that adds one.'
          : 'Owners and administrators expose it.'}
      </NoneYet>
    )
  }
  return <ExposeForm api={api} gateways={gateways} version={version} />
}

function ExposeForm({ api, gateways, version }: Props & { version: ApiDetail['versions'][number] }) {
  const client = useQueryClient()
  const [draft, setDraft] = useState({
    name: api.name,
    gatewayId: gateways[0]?.id ?? null,
    ...proposeExposure(api.name, version.servers),
  })
  const expose = useMutation({
    mutationFn: ({
      gatewayId,
      basePath,
      upstreamUrl,
    }: {
      gatewayId: string
      basePath: string
      upstreamUrl: string
    }) => exposeApi(api.id, { versionId: version.id, gatewayId, basePath, upstreamUrl }),
    onSuccess: (instance) => {
      void client.invalidateQueries({ queryKey: apiQueries.all })
      // The page is read anew: it has a gateway's tiles and policies from now on.
      window.location.assign(`/catalog/${api.id}?instance=${instance.id}`)
    },
  })
  const problem = expose.error ? asProblem(expose.error) : null
  const errorAt = (pointer: string) => problem?.faults.find((fault) => fault.pointer === pointer)?.detail
  const { gatewayId, basePath, upstreamUrl } = draft
  return (
    <Section title="Expose it" description={`Version ${version.label} at a gateway`}>
      <Panel className="flex max-w-3xl flex-col gap-4 p-4">
        <ExposureFields
          draft={draft}
          setDraft={setDraft}
          gateways={gateways}
          servers={version.servers}
          errorAt={errorAt}
          withName={false}
        />
        {problem && problem.faults.length === 0 && <ProblemPanel problem={problem} />}
        <Button
          variant="primary"
          className="self-end"
          busy={expose.isPending}
          disabled={gatewayId === null}
          onClick={() => gatewayId && expose.mutate({ gatewayId, basePath, upstreamUrl })}
        >
          Expose
        </Button>
      </Panel>
    </Section>
  )
}
