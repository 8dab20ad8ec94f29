'use client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import type { InstanceView } from '#domain/catalog.ts'
import type { documentForms, ExportedFile } from '#domain/documents.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { ChipButton } from '../ui/chip.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Field } from '../ui/field.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { apiQueries } from './queries.ts'

type Form = (typeof documentForms)[number]

const forms: { value: Form; label: string; hint: string }[] = [
  { value: 'members', label: 'As tls of the instance', hint: 'spec.tls and services.*.tls, with Secrets' },
  { value: 'policies', label: 'As policies', hint: 'tls and tls-outbound, as Flex attaches them' },
]

const whatLabel: Record<ExportedFile['what'], string> = {
  flex: 'Flex YAML',
  'cert-manager': 'cert-manager',
  'network-policies': 'NetworkPolicies',
  openapi: 'OpenAPI',
}

/** The API and its contexts as documents for elsewhere. */
export function ExportPanel({ instance }: { instance: InstanceView }) {
  const [form, setForm] = useState<Form | null>(null)
  return (
    <Section title="Export" description="The draft and its contexts, without any key or password.">
      <Panel className="flex flex-col gap-4 p-4">
        <div className="flex flex-wrap items-end gap-3">
          <Field label="TLS is written" className="min-w-64 flex-1">
            {(control) => (
              <Select
                {...control}
                value={form ?? 'members'}
                onValueChange={(value) => setForm(value === 'policies' ? 'policies' : 'members')}
                options={forms}
              />
            )}
          </Field>
          {form === null && <Button onClick={() => setForm('members')}>Write the documents</Button>}
        </div>
        {form !== null && <Documents instanceId={instance.id} form={form} />}
      </Panel>
    </Section>
  )
}

function Documents({ instanceId, form }: { instanceId: string; form: Form }) {
  const documents = useQuery(apiQueries.documents(instanceId, form))
  const [chosen, setChosen] = useState<string | null>(null)
  if (documents.isPending) return <Skeleton className="h-64" />
  if (documents.error)
    return <ProblemPanel problem={asProblem(documents.error)} onRetry={() => void documents.refetch()} />
  const { files, notes } = documents.data
  const file = files.find(({ name }) => name === chosen) ?? files[0]
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div role="group" aria-label="Files" className="flex flex-wrap gap-2">
        {files.map(({ name, what }) => (
          <ChipButton key={name} on={name === file?.name} onClick={() => setChosen(name)}>
            {whatLabel[what]}
          </ChipButton>
        ))}
        <Button size="sm" className="ml-auto" onClick={() => files.forEach(save)}>
          <Download aria-hidden />
          Download all
        </Button>
      </div>
      {file && (
        <div className="overflow-hidden rounded-md border border-line-2">
          <div className="flex items-center gap-2 border-b border-line bg-canvas px-2.5 py-1">
            <span className="min-w-0 flex-1 truncate font-mono text-xs">{file.name}</span>
            <CopyButton text={file.text} label={`Copy ${file.name}`} />
            <Button
              size="icon-sm"
              variant="ghost"
              aria-label={`Download ${file.name}`}
              onClick={() => save(file)}
            >
              <Download aria-hidden />
            </Button>
          </div>
          <pre
            tabIndex={0}
            aria-label={file.name}
            className="max-h-96 overflow-auto px-3 py-2 font-mono text-xs"
          >
            {file.text}
          </pre>
        </div>
      )}
      {notes.length > 0 && (
        <ul className="flex list-disc flex-col gap-0.5 pl-4 text-xs text-ink-2">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function save({ name, text }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
