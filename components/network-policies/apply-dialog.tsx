'use client'
import { useState } from 'react'
import type { AppliedNetworkPolicies } from '#domain/applied-network-policies.ts'
import { count } from '#domain/listing.ts'
import { Chooser } from '../documents/chooser.tsx'
import { type ReadFile, readFiles } from '../documents/read-files.ts'
import { Field } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { toast } from '../ui/toast.tsx'
import { networkPolicyQueries, saveApplied } from './queries.ts'

interface Props {
  view: AppliedNetworkPolicies
  onClose: () => void
}

/** Takes the documents of the policies that are applied, in the place of those that were said before. */
export function ApplyDialog({ view, onClose }: Props) {
  const [files, setFiles] = useState<readonly ReadFile[]>([])
  const [fileProblem, setFileProblem] = useState<string | null>(null)
  const [namespace, setNamespace] = useState(view.applied?.namespace ?? '')
  const [app, setApp] = useState(view.applied?.app ?? '')
  const take = async (given: readonly File[]) => {
    setFileProblem(null)
    try {
      const read = await readFiles(given)
      setFiles(read)
      if (read.length === 0) setFileProblem('There is no YAML, JSON or Markdown among these files.')
    } catch (error) {
      setFileProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <FormDialog
      title={view.applied ? 'Replace the applied NetworkPolicies' : 'Say which NetworkPolicies are applied'}
      description={`What is applied in the cluster around ${view.gatewayName}. Nothing is changed there by it.`}
      submit="Keep and judge them"
      disabled={files.length === 0}
      fields={['/files', '/namespace', '/app']}
      save={() =>
        saveApplied(view, {
          files: [...files],
          ...(namespace.trim() === '' ? {} : { namespace: namespace.trim() }),
          ...(app.trim() === '' ? {} : { app: app.trim() }),
        })
      }
      refreshes={[networkPolicyQueries.of(view.gatewayId).queryKey, ['topology']]}
      onSaved={({ applied, findings }) => {
        toast.success(`${count(applied?.policies ?? 0, 'policy', 'policies')} kept`, {
          description:
            findings.length === 0
              ? 'Nothing that is declared is blocked.'
              : count(findings.length, 'finding'),
        })
        onClose()
      }}
      onClose={onClose}
    >
      {(faultAt) => (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <Chooser onFiles={(given) => void take(given)} isReading={false} />
            <span className="text-xs text-ink-3" aria-live="polite">
              {files.length > 0 && files.map(({ name }) => name).join(', ')}
            </span>
          </div>
          <p className="text-xs text-ink-2">
            Services, Namespaces and Deployments among them tell which pods the policies are about; of those,
            labels and ports are kept alone.
          </p>
          {(fileProblem ?? faultAt('/files')) && (
            <Notice tone="err" alert title="These files cannot be taken">
              {fileProblem ?? faultAt('/files')}
            </Notice>
          )}
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label="Namespace of the gateway"
              description="Empty: the only one that the documents can mean."
              error={faultAt('/namespace')}
            >
              {(control) => (
                <Input
                  {...control}
                  value={namespace}
                  onChange={(event) => setNamespace(event.target.value)}
                />
              )}
            </Field>
            <Field
              label="Label app of its pods"
              description="Empty: found by image or name."
              error={faultAt('/app')}
            >
              {(control) => (
                <Input {...control} value={app} onChange={(event) => setApp(event.target.value)} />
              )}
            </Field>
          </div>
        </>
      )}
    </FormDialog>
  )
}
