'use client'
import { z } from 'zod'
import type { ChainStep } from '#domain/chain.ts'
import { policyRules } from '#domain/policy-rule.ts'
import { Field } from '../ui/field.tsx'
import { Switch } from '../ui/switch.tsx'
import type { DraftAction } from './draft.ts'
import type { FieldFault } from './field-faults.ts'
import { readSchema } from './form-schema.ts'
import { SchemaForm } from './schema-form.tsx'

interface Props {
  step: ChainStep
  faults: readonly FieldFault[]
  readOnly: boolean
  dispatch: (action: DraftAction) => void
}

const field = readSchema(
  z.toJSONSchema(z.strictObject({ rules: policyRules.default([]).meta(wordsOfRules()) }), { io: 'input' }),
)

function wordsOfRules() {
  return {
    title: 'Rules',
    description:
      'Regular expressions over the whole text. A request must match all parts of one rule; without rules the policy is for every request. Paths are those behind the base path.',
  }
}

/** Which requests a step is for, and whether it only tries. */
export function StepScope({ step, faults, readOnly, dispatch }: Props) {
  return (
    <div className="flex flex-col gap-4">
      <Field
        inline
        label="Dry run"
        description="Decides and reports as it would, and lets every request through unchanged."
      >
        {(control) => (
          <Switch
            {...control}
            checked={step.dryRun}
            disabled={readOnly}
            onCheckedChange={(dryRun) => dispatch({ do: 'dryRun', id: step.id, dryRun })}
          />
        )}
      </Field>
      {field.type === 'group' && (
        <SchemaForm
          field={field}
          pointer=""
          value={{ rules: step.rules }}
          onChange={(value) => dispatch({ do: 'rules', id: step.id, rules: rulesIn(value) })}
          faults={faults}
          readOnly={readOnly}
        />
      )}
    </div>
  )
}

// Only this form writes there; what is half typed is judged when it is saved.
function rulesIn(value: unknown): ChainStep['rules'] {
  return (value as { rules?: ChainStep['rules'] }).rules ?? []
}
