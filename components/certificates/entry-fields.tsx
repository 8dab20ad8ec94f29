'use client'
import type { CertificateKind } from '#domain/certificate.ts'
import type { ProblemError } from '../shell/problem-error.ts'
import { Field } from '../ui/field.tsx'
import { faultAt } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
import { Select } from '../ui/select.tsx'

interface Props {
  name: string
  setName: (name: string) => void
  kind: CertificateKind
  setKind: (kind: CertificateKind) => void
  isCaPossible?: boolean
  problem: ProblemError | null
}

const kinds: { value: CertificateKind; label: string; hint: string }[] = [
  { value: 'server', label: 'Server', hint: 'shown to whoever calls' },
  { value: 'client', label: 'Client', hint: 'shown to whoever is called' },
  { value: 'ca', label: 'CA', hint: 'signs others' },
]

/** What the certificate is called here, and what it is for. */
export function EntryFields({ name, setName, kind, setKind, isCaPossible = false, problem }: Props) {
  return (
    <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
      <Field
        label="Name"
        description="It stays while the certificate is renewed."
        error={faultAt(problem, '/name')}
        required
      >
        {(control) => (
          <Input
            {...control}
            value={name}
            maxLength={100}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Use" description="What it is shown as." error={faultAt(problem, '/kind')}>
        {(control) => (
          <Select
            {...control}
            value={kind}
            onValueChange={(value) => {
              const chosen = kinds.find((each) => each.value === value)
              if (chosen) setKind(chosen.value)
            }}
            options={kinds.filter(({ value }) => isCaPossible || value !== 'ca')}
          />
        )}
      </Field>
    </div>
  )
}
