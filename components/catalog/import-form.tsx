'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ImportOutcome, ImportPreview, ImportSource } from '#domain/catalog.ts'
import { asProblem, type ProblemError } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { DialogContent } from '../ui/dialog.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { toast } from '../ui/toast.tsx'
import { type ExposureDraft, ExposureFields } from './exposure-fields.tsx'
import { apiQueries, importApi } from './queries.ts'

interface Props {
  source: ImportSource
  preview: ImportPreview
  close: () => void
  back: () => void
}

/** What the document would become, ready to be imported and deployed. */
export function ImportForm({ source, preview, close, back }: Props) {
  const mayDeploy = useMay('revisions.deploy')
  const [draft, setDraft] = useState<ExposureDraft>({
    name: preview.name ?? '',
    gatewayId: preview.proposal.gatewayId,
    basePath: preview.proposal.basePath,
    upstreamUrl: preview.proposal.upstreamUrl,
  })
  const doImport = useImport(source, preview, close)
  const problem = doImport.error ? asProblem(doImport.error) : null
  const { gatewayId } = draft
  const isTaken = preview.effect === 'version-taken' && draft.name === preview.name
  const pending = (deploy: boolean) => doImport.isPending && doImport.variables.deploy === deploy
  return (
    <DialogContent
      title={preview.title || preview.name || 'New API'}
      description={`Version ${preview.label}, ${preview.operations.length} ${preview.operations.length === 1 ? 'operation' : 'operations'}, ${formatName[preview.sourceFormat]}`}
      size="lg"
      footer={
        <>
          <Button variant="ghost" className="mr-auto" onClick={back}>
            Another document
          </Button>
          <Button
            disabled={isTaken || doImport.isPending}
            busy={pending(false)}
            onClick={() => doImport.mutate({ draft, deploy: false })}
          >
            Import only
          </Button>
          {mayDeploy && (
            <Button
              variant="primary"
              disabled={isTaken || gatewayId === null || doImport.isPending}
              busy={pending(true)}
              onClick={() => doImport.mutate({ draft, deploy: true })}
            >
              Import and deploy
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Checks preview={preview} draft={draft} />
        <Effect preview={preview} name={draft.name} />
        <ExposureFields
          draft={draft}
          setDraft={setDraft}
          gateways={preview.gateways}
          servers={preview.servers}
          errorAt={(pointer) => faultAt(problem, pointer) ?? proposalFault(preview, draft, pointer)}
        />
        {preview.notes.length > 0 && (
          <Notice tone="warn" title="Noticed in the document">
            <ul className="list-disc pl-4">
              {preview.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </Notice>
        )}
        {problem && !isAtField(problem) && <ProblemPanel problem={problem} />}
      </div>
    </DialogContent>
  )
}

const formatName: Record<ImportPreview['sourceFormat'], string> = {
  'openapi-3.0': 'OpenAPI 3.0',
  'openapi-3.1': 'OpenAPI 3.1',
  'swagger-2.0': 'converted from Swagger 2.0',
}

function useImport(source: ImportSource, preview: ImportPreview, close: () => void) {
  const client = useQueryClient()
  const router = useRouter()
  return useMutation({
    mutationFn: ({ draft, deploy }: { draft: ExposureDraft; deploy: boolean }) =>
      importApi({
        source,
        deploy,
        expectedSha256: preview.sha256,
        gatewayId: draft.gatewayId,
        ...(draft.name ? { name: draft.name } : {}),
        ...(draft.gatewayId ? { basePath: draft.basePath, upstreamUrl: draft.upstreamUrl } : {}),
      }),
    onSuccess: (outcome) => {
      void client.invalidateQueries({ queryKey: apiQueries.all })
      say(outcome, preview)
      close()
      router.push(`/catalog/${outcome.apiId}`)
    },
  })
}

function say(outcome: ImportOutcome, { title, label }: ImportPreview): void {
  const what = {
    created: `${title} is in the catalog`,
    'version-added': `${title} has a new version, ${label}`,
    unchanged: `${title} ${label} was there already, with the same content`,
  }[outcome.outcome]
  if (outcome.notDeployed) toast.warning(what, { description: `Not deployed: ${outcome.notDeployed}` })
  else if (outcome.revision) toast.success(what, { description: `Deployed as revision ${outcome.revision}.` })
  else toast.success(what)
}

const shownFields = new Set(['/name', '/gatewayId', '/basePath', '/upstreamUrl'])

function isAtField(problem: ProblemError): boolean {
  return problem.faults.length > 0 && problem.faults.every(({ pointer }) => shownFields.has(pointer))
}

function faultAt(problem: ProblemError | null, pointer: string): string | undefined {
  return problem?.faults.find((fault) => fault.pointer === pointer)?.detail
}

// What the server said of its own proposal stands until the reader changes that field.
function proposalFault({ faults, proposal }: ImportPreview, draft: ExposureDraft, pointer: string) {
  const field = pointer === '/basePath' ? 'basePath' : pointer === '/upstreamUrl' ? 'upstreamUrl' : null
  if (field === null || draft[field] !== proposal[field] || draft.gatewayId !== proposal.gatewayId)
    return undefined
  return faults.find((fault) => fault.pointer === pointer)?.detail
}

/** What was found to be right, so that nobody has to guess what was looked at. */
function Checks({ preview, draft }: { preview: ImportPreview; draft: ExposureDraft }) {
  const { operations, sourceFormat, effect, name } = preview
  const isFree = draft.gatewayId !== null && !proposalFault(preview, draft, '/basePath')
  const checks = [
    `Valid ${sourceFormat === 'swagger-2.0' ? 'Swagger 2.0' : formatName[sourceFormat]}: every reference leads somewhere, no two paths clash`,
    ...(effect === 'new-api' && draft.name === name ? [`The name ${name} is free`] : []),
    ...(isFree && draft.basePath === preview.proposal.basePath
      ? [`${draft.basePath} is free at the gateway`]
      : []),
  ]
  const paths = operations.slice(0, 3).map(({ method, path }) => `${method} ${path}`)
  return (
    <ul className="flex flex-col gap-1 text-sm text-ink-2">
      {checks.map((check) => (
        <li key={check} className="flex items-start gap-1.5">
          <Check aria-hidden className="mt-0.75 size-3.5 shrink-0 text-ok" />
          {check}
        </li>
      ))}
      {paths.length > 0 && (
        <li className="truncate pl-5 font-mono text-xs text-ink-3">
          {paths.join(', ')}
          {operations.length > paths.length && ` and ${operations.length - paths.length} more`}
        </li>
      )}
    </ul>
  )
}

function Effect({ preview, name }: { preview: ImportPreview; name: string }) {
  if (name !== preview.name) return null
  const { label } = preview
  switch (preview.effect) {
    case 'new-api':
      return null
    case 'new-version':
      return (
        <Notice tone="info" title={`A new version of ${name}`}>
          {name} is in the catalog. This adds version {label}, and the gateway serves it in the place of the
          earlier one.
        </Notice>
      )
    case 'same-content':
      return (
        <Notice tone="info" title={`${name} ${label} is in the catalog, with the same content`}>
          Nothing is imported again. It can be deployed, or exposed at another base path.
        </Notice>
      )
    case 'version-taken':
      return (
        <Notice tone="err" title={`${name} ${label} is in the catalog, with other content`}>
          Versions do not change. Give the document a new version, or import it under another name.
        </Notice>
      )
  }
}
