'use client'
import { useMemo } from 'react'
import type { ChainStep, PolicyDescription } from '#domain/chain.ts'
import { Mono } from '../ui/code-line.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { Fact, Facts } from '../ui/panel.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../ui/tabs.tsx'
import type { DraftAction } from './draft.ts'
import { type FieldFault, faultAt } from './field-faults.ts'
import { readSchema } from './form-schema.ts'
import { categoryTitle } from './policy-words.ts'
import { SchemaForm } from './schema-form.tsx'
import { StepScope } from './step-scope.tsx'
import { StepUpstreams } from './step-upstreams.tsx'
import { YamlView } from './yaml-view.tsx'

interface Props {
  step: ChainStep
  policy: PolicyDescription | undefined
  faults: readonly FieldFault[]
  /** What may be deployed and should not. */
  warnings: readonly FieldFault[]
  /** What the upstreams of the API are called. */
  upstreams: readonly string[]
  readOnly: boolean
  dispatch: (action: DraftAction) => void
}

/** The selected step: as a form, as YAML, and what it is about. */
export function StepPanel({ step, policy, faults, warnings, upstreams, readOnly, dispatch }: Props) {
  const field = useMemo(() => (policy ? readSchema(policy.schema) : null), [policy])
  const configure = (config: Record<string, unknown>) => dispatch({ do: 'configure', id: step.id, config })
  const whole = faultAt(faults, '')
  return (
    <Tabs defaultValue="form" key={step.id}>
      <div className="relative">
        <TabsList>
          <TabsTrigger value="form">Form</TabsTrigger>
          <TabsTrigger value="scope">Applies to</TabsTrigger>
          <TabsTrigger value="yaml">YAML</TabsTrigger>
          <TabsTrigger value="about">About</TabsTrigger>
        </TabsList>
        <span className="absolute top-2 right-0 hidden text-xs text-ink-3 sm:block">
          {step.kind} {step.policyVersion}
        </span>
      </div>
      <TabsContent value="form" className="flex flex-col gap-4">
        {whole && <Notice tone="err" title={whole} />}
        {warnings.map(({ detail }) => (
          <Notice key={detail} tone="warn" title={`${detail.charAt(0).toUpperCase()}${detail.slice(1)}`} />
        ))}
        {field?.type === 'group' ? (
          <SchemaForm
            field={field}
            pointer=""
            value={step.config}
            // A group of fields always hands back a group.
            onChange={(value) => configure(value as Record<string, unknown>)}
            faults={faults}
            readOnly={readOnly}
          />
        ) : (
          <Notice tone="err" title={`There is no policy called ${step.kind} here`}>
            A gateway would refuse it. Remove the step.
          </Notice>
        )}
        <Field
          label="Label"
          description="Tells two steps of one kind apart. Shown in place of the policy's name."
        >
          {(control) => (
            <Input
              {...control}
              value={step.label}
              maxLength={120}
              placeholder={policy?.title}
              readOnly={readOnly}
              onChange={(event) => dispatch({ do: 'label', id: step.id, label: event.target.value })}
            />
          )}
        </Field>
      </TabsContent>
      <TabsContent value="scope" className="flex flex-col gap-4">
        {policy?.perUpstream === true && (
          <StepUpstreams step={step} upstreams={upstreams} readOnly={readOnly} dispatch={dispatch} />
        )}
        {(policy?.perUpstream !== true || step.dryRun || step.rules.length > 0) && (
          <StepScope step={step} faults={faults} readOnly={readOnly} dispatch={dispatch} />
        )}
      </TabsContent>
      <TabsContent value="yaml">
        <YamlView config={step.config} onChange={configure} readOnly={readOnly} />
        <FaultList faults={faults} />
      </TabsContent>
      <TabsContent value="about" className="flex flex-col gap-3">
        <p className="text-sm">{policy?.summary}</p>
        <Facts>
          <Fact label="Kind">
            <Mono>{step.kind}</Mono>
          </Fact>
          <Fact label="Version">{step.policyVersion}</Fact>
          {policy && <Fact label="Category">{categoryTitle[policy.category]}</Fact>}
          {policy?.first && <Fact label="Order">Runs before all others, wherever it stands</Fact>}
        </Facts>
      </TabsContent>
    </Tabs>
  )
}

function FaultList({ faults }: { faults: readonly FieldFault[] }) {
  if (faults.length === 0) return null
  return (
    <ul className="mt-2 flex flex-col gap-0.5 text-xs text-err">
      {faults.map(({ pointer, detail }) => (
        <li key={pointer + detail}>
          <Mono>{pointer || '/'}</Mono>: {detail}
        </li>
      ))}
    </ul>
  )
}
