'use client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import type { InstanceView } from '#domain/catalog.ts'
import type { documentForms, ExportedFile } from '#domain/documents.ts'
import { FileView, keepText } from '../documents/file-view.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { ChipButton } from '../ui/chip.tsx'
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
        <Button size="sm" className="ml-auto" onClick={() => files.forEach(keepText)}>
          <Download aria-hidden />
          Download all
        </Button>
      </div>
      {file && <FileView file={file} />}
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
