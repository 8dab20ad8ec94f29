'use client'
import type { DocumentPlan, DocumentPreview } from '#domain/documents.ts'
import { count } from '#domain/listing.ts'
import { severityLook } from '#diagram/looks.ts'
import { Mono } from '../ui/code-line.tsx'
import { Notice } from '../ui/notice.tsx'
import { WordState } from '../ui/state.tsx'
import type { Choices } from './choices.ts'
import { PlannedConsumers, PlannedContexts } from './plan-choices.tsx'
import { Group, Head } from './plan-group.tsx'

interface Props {
  preview: DocumentPreview
  choices: Choices
  onChoose: (choices: Choices) => void
}

/** What documents become, and what is to be said against them. */
export function DocumentPlanView({ preview, choices, onChoose }: Props) {
  const { plan, findings, unreadable, notes, documents, gatewayName } = preview
  if (unreadable.length > 0)
    return (
      <Notice
        tone="err"
        alert
        title={`${count(unreadable.length, 'place')} cannot be read; nothing is imported until all can`}
      >
        <Remarks remarks={unreadable} />
      </Notice>
    )
  return (
    <div className="grid gap-x-8 gap-y-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <section aria-label="What they become" className="flex min-w-0 flex-col gap-4">
        <p className="text-sm text-ink-2">
          {count(documents, 'document')} become this, as drafts at <strong>{gatewayName}</strong>.
        </p>
        <Apis apis={plan.apis} />
        <PlannedContexts {...{ plan, choices, onChoose }} />
        <PlannedConsumers {...{ plan, choices, onChoose }} />
        <Things title="Certificates" things={plan.certificates}>
          {({ kind, subject, notAfter, hasKey }) =>
            `${kind}, ${subject}, until ${notAfter.slice(0, 10)}, ${hasKey ? 'with its key' : 'without its key'}`
          }
        </Things>
        <Things title="CAs" things={plan.authorities}>
          {({ subject, notAfter }) => `${subject}, until ${notAfter.slice(0, 10)}`}
        </Things>
        <AppliedSet set={plan.networkPolicies} gatewayName={gatewayName} />
        <Things title="Networks" things={plan.networks}>
          {() => 'organisation internal, a cluster'}
        </Things>
      </section>
      <section aria-label="Findings" className="flex min-w-0 flex-col gap-4">
        <div>
          <h3 className="mb-2 text-xs font-medium text-ink-2">
            {findings.length === 0 ? 'Nothing is to be said against them' : count(findings.length, 'finding')}
          </h3>
          <ul className="flex flex-col gap-2">
            {findings.map(({ code, severity, sentence, fix, file, line, column }) => (
              <li
                key={`${file}:${line}:${column} ${code} ${sentence}`}
                className="rounded-md border border-line px-2.5 py-1.5"
              >
                <div className="flex flex-wrap items-baseline gap-x-2">
                  <WordState tone={severityLook[severity].tone}>{severityLook[severity].label}</WordState>
                  <Mono>{code}</Mono>
                  <span className="ml-auto text-xs text-ink-3 tnum">
                    {file}:{line}
                  </span>
                </div>
                <p className="text-sm break-words">{sentence}</p>
                <p className="text-xs text-ink-2">{fix}</p>
              </li>
            ))}
          </ul>
        </div>
        {notes.length > 0 && (
          <details>
            <summary className="cursor-pointer text-xs font-medium text-ink-2">
              {count(notes.length, 'note')}: what is left out, and what is still to do
            </summary>
            <Remarks remarks={notes} />
          </details>
        )}
      </section>
    </div>
  )
}

function Apis({ apis }: Pick<DocumentPlan, 'apis'>) {
  if (apis.length === 0) return <p className="text-sm text-ink-3">There is no API among them.</p>
  return (
    <Group title={count(apis.length, 'API')}>
      {apis.map(({ name, label, host, basePath, upstreamUrl, policies, contexts, isNew }) => (
        <li key={`${name} ${host} ${basePath}`} className="px-2.5 py-1.5">
          <Head name={`${name} ${label}`} isNew={isNew} known="one more version or place" />
          <p className="text-xs break-all text-ink-2">
            <Mono>{host === '*' ? basePath : `${host}${basePath}`}</Mono> to <Mono>{upstreamUrl}</Mono>
          </p>
          <p className="text-xs text-ink-3">
            {policies.length === 0 ? 'no policies' : policies.join(', ')}
            {contexts.length > 0 && `; contexts ${contexts.join(', ')}`}
          </p>
        </li>
      ))}
    </Group>
  )
}

function AppliedSet({ set, gatewayName }: { set: DocumentPlan['networkPolicies']; gatewayName: string }) {
  if (set === null) return null
  return (
    <Group title="NetworkPolicies">
      <li className="px-2.5 py-1.5">
        <Head
          name={`${count(set.policies.length, 'policy', 'policies')} applied around ${gatewayName}`}
          isNew={set.isNew}
          known="takes the place of what is applied"
        />
        <p className="text-xs break-words text-ink-2">
          Its pods run in {set.namespace} with <Mono>{set.pods}</Mono>. {set.policies.join(', ')}
        </p>
      </li>
    </Group>
  )
}

interface Thing {
  readonly name: string
  readonly isNew: boolean
}

function Things<T extends Thing>({
  title,
  things,
  children,
}: {
  title: string
  things: readonly T[]
  children: (thing: T) => string
}) {
  if (things.length === 0) return null
  return (
    <Group title={title}>
      {things.map((thing) => (
        <li key={thing.name} className="px-2.5 py-1.5">
          <Head name={thing.name} isNew={thing.isNew} known="there already" />
          <p className="text-xs break-words text-ink-2">{children(thing)}</p>
        </li>
      ))}
    </Group>
  )
}

function Remarks({ remarks }: { remarks: DocumentPreview['notes'] }) {
  return (
    <ul className="mt-1.5 flex flex-col gap-1 text-xs text-ink-2">
      {remarks.map(({ file, line, column, detail }) => (
        <li key={`${file}:${line}:${column} ${detail}`} className="break-words">
          <Mono>
            {file}:{line}
          </Mono>{' '}
          {detail}
        </li>
      ))}
    </ul>
  )
}
