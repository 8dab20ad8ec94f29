'use client'
import type { CertificateKind } from '#domain/certificate.ts'
import type { ProblemError } from '../shell/problem-error.ts'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
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

/** Said of a field with days that holds something else. */
export const notDays = 'Give a number of days, such as 30.'

/** What the server said of a field, with what lies inside of it. */
export function faultAt(problem: ProblemError | null, pointer: string): string | undefined {
  return problem?.faults.find((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))
    ?.detail
}

/** A problem that no field of the form says. */
export function FormProblem({
  problem,
  beside,
}: {
  problem: ProblemError | null
  beside: readonly string[]
}) {
  if (!problem) return null
  const isSaid = ({ pointer }: { pointer: string }) =>
    beside.some((field) => pointer === field || pointer.startsWith(`${field}/`))
  if (problem.faults.length > 0 && problem.faults.every(isSaid)) return null
  return <ProblemPanel problem={problem} />
}
