'use client'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { organisation as organisationShape, type OrganisationView } from '#domain/organisation.ts'
import { sendJson } from '../shell/api.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { toast } from '../ui/toast.tsx'

const label = 'Warn so many days before a certificate ends'

/** From when on certificates are warned of, where neither they nor an API say otherwise. */
export function WarningDays({ organisation: initial }: { organisation: OrganisationView }) {
  const may = useMay('organisation.write')
  const router = useRouter()
  const [organisation, setOrganisation] = useState(initial)
  const [text, setText] = useState(String(initial.warningDays))
  const change = useMutation({
    mutationFn: (warningDays: number) =>
      sendJson('PATCH', '/organisation', { warningDays }, organisationShape, {
        ifMatch: organisation.version,
      }),
    onSuccess: (changed) => {
      setOrganisation(changed)
      setText(String(changed.warningDays))
      toast.success(`Certificates are warned of ${changed.warningDays} days before their end`)
      // The frame around every page judges by it too.
      router.refresh()
    },
  })
  const problem = change.error ? asProblem(change.error) : null
  const wanted = organisationShape.shape.warningDays.safeParse(Number(text.trim() || Number.NaN))
  const fault = wanted.success ? undefined : 'Give a whole number of days from 1 to 365.'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wanted.success) change.mutate(wanted.data)
  }
  return (
    <Section title="Certificates">
      <Panel className="px-4 py-3">
        <form noValidate onSubmit={submit} className="flex flex-col gap-3">
          <Field
            label={label}
            description="Alerts, findings, the timeline and the map go by it. A longer window of a certificate counts more, an API's tls-certificate-monitoring takes its place, and of a short life it is never more than the last third."
            error={fault ?? problem?.faults.find(({ pointer }) => pointer === '/warningDays')?.detail}
          >
            {(control) => (
              <div className="flex items-center gap-2">
                <Input
                  {...control}
                  inputMode="numeric"
                  className="w-24 tnum"
                  value={text}
                  disabled={!may}
                  onChange={(event) => setText(event.target.value)}
                />
                {may && (
                  <Button
                    type="submit"
                    busy={change.isPending}
                    disabled={!wanted.success || wanted.data === organisation.warningDays}
                  >
                    Save
                  </Button>
                )}
              </div>
            )}
          </Field>
          {problem && <ProblemPanel problem={problem} />}
        </form>
      </Panel>
    </Section>
  )
}
