'use client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { count } from '#domain/listing.ts'
import { apiQueries } from '../catalog/queries.ts'
import { gatewayQueries } from '../gateways/queries.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Field } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { toast } from '../ui/toast.tsx'
import { choicesFor, noChoices } from './choices.ts'
import { Chooser } from './chooser.tsx'
import { DocumentPlanView } from './document-plan.tsx'
import { importDocuments, previewDocuments } from './queries.ts'
import { type ReadFile, readFiles } from './read-files.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Files that were dropped on the page. */
  dropped: readonly File[]
}

/** Takes a folder of documents of any mix: shows what it becomes, then makes all of it or nothing. */
export function DocumentsDialog({ open, onOpenChange, dropped }: Props) {
  return open && <Content dropped={dropped} close={() => onOpenChange(false)} />
}

function Content({ dropped, close }: { dropped: readonly File[]; close: () => void }) {
  const router = useRouter()
  const gateways = useQuery(gatewayQueries.list())
  const [chosenGateway, setGateway] = useState<string | null>(null)
  const gatewayId = chosenGateway ?? gateways.data?.[0]?.id
  const [files, setFiles] = useState<readonly ReadFile[]>([])
  const [fileProblem, setFileProblem] = useState<string | null>(null)
  const [choices, setChoices] = useState(noChoices)
  const preview = useMutation({ mutationFn: previewDocuments })
  const take = async (given: readonly File[], to = gatewayId) => {
    setFileProblem(null)
    try {
      const read = await readFiles(given)
      setFiles(read)
      if (read.length === 0) setFileProblem('There is no YAML, JSON or Markdown among these files.')
      else preview.mutate({ files: read, gatewayId: to })
    } catch (error) {
      setFileProblem(error instanceof Error ? error.message : String(error))
    }
  }
  const taken = useRef<readonly File[]>([])
  useEffect(() => {
    if (dropped.length === 0 || taken.current === dropped || gatewayId === undefined) return
    taken.current = dropped
    void take(dropped)
  })
  const isReady = preview.data !== undefined && preview.data.unreadable.length === 0
  return (
    <FormDialog
      size="xl"
      title="Import documents"
      description="Flex YAML, Secrets, cert-manager, NetworkPolicies and OpenAPI in any mix. Nothing is deployed by it."
      submit="Import everything"
      disabled={!isReady || preview.isPending}
      save={() =>
        importDocuments({
          ...{ files, gatewayId },
          ...(preview.data ? choicesFor(preview.data.plan, choices) : {}),
        })
      }
      refreshes={[apiQueries.all]}
      onSaved={({ apis, notes }) => {
        toast.success(`${count(apis.length, 'API')} imported`, {
          description: `Everything is a draft: look at it, then deploy.${notes.length === 0 ? '' : ` ${count(notes.length, 'note')} said what was left out.`}`,
        })
        router.refresh()
        close()
      }}
      onClose={close}
    >
      {() => (
        <>
          <div className="flex flex-wrap items-end gap-3">
            <Chooser onFiles={(given) => void take(given)} isReading={preview.isPending} />
            {(gateways.data?.length ?? 0) > 1 && (
              <Field label="Gateway" className="min-w-56">
                {(control) => (
                  <Select
                    {...control}
                    value={gatewayId ?? ''}
                    onValueChange={(value) => {
                      setGateway(value)
                      if (files.length > 0) preview.mutate({ files, gatewayId: value })
                    }}
                    options={(gateways.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                  />
                )}
              </Field>
            )}
            {files.length > 0 && (
              <span className="ml-auto self-center text-xs text-ink-3">
                {count(files.length, 'file')} read
              </span>
            )}
          </div>
          {fileProblem && (
            <Notice tone="err" alert title="These files cannot be taken">
              {fileProblem}
            </Notice>
          )}
          {preview.error && <ProblemPanel problem={asProblem(preview.error)} />}
          <div aria-live="polite">
            {preview.isPending ? (
              <Skeleton className="h-64" />
            ) : preview.data ? (
              <DocumentPlanView preview={preview.data} choices={choices} onChoose={setChoices} />
            ) : (
              !fileProblem && <Nothing />
            )}
          </div>
        </>
      )}
    </FormDialog>
  )
}

function Nothing() {
  return (
    <p className="rounded-lg border border-dashed border-line-2 px-6 py-10 text-center text-sm text-ink-2">
      Choose the files of a deployment, its folder, or a ZIP of it. What they become is shown before anything
      is made.
    </p>
  )
}
