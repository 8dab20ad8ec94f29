'use client'
import { owners } from '#domain/party.ts'
import { Field } from '../ui/field.tsx'
import type { FaultAt } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
import { Select } from '../ui/select.tsx'
import type { AuthorityDraft } from './queries.ts'

export const runByLabel = { organisation: 'the organisation', 'third-party': 'a third party' } as const
const runByHint = {
  organisation: 'It vouches for what is ours: white and green contexts.',
  'third-party': 'It vouches for what is theirs: grey contexts.',
} as const

/** The fields that say themselves what the server refused of them. */
export const authorityFields = ['/name', '/runBy']

interface Props {
  draft: AuthorityDraft
  onDraft: (draft: AuthorityDraft) => void
  faultAt: FaultAt
}

/** What a CA is called here, and who runs it. */
export function AuthorityFields({ draft, onDraft, faultAt }: Props) {
  return (
    <>
      <Field label="Name" required error={faultAt('/name')}>
        {(control) => (
          <Input
            {...control}
            value={draft.name}
            onChange={(event) => onDraft({ ...draft, name: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Run by"
        description="Decides what a context that trusts it may be."
        error={faultAt('/runBy')}
      >
        {(control) => (
          <Select
            {...control}
            value={draft.runBy}
            onValueChange={(value) =>
              onDraft({ ...draft, runBy: owners.find((owner) => owner === value) ?? draft.runBy })
            }
            options={owners.map((value) => ({ value, label: runByLabel[value], hint: runByHint[value] }))}
          />
        )}
      </Field>
    </>
  )
}
