'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Standing } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import { renewalMethods } from '#domain/trust.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'
import { Select } from '../ui/select.tsx'
import { faultAt, FormProblem, notDays } from './entry-fields.tsx'
import { renewalLabel } from './looks.ts'
import { type CertificateChange, certificateQueries, changeCertificate } from './queries.ts'

interface Props {
  certificate: CertificateRecord
  standing: Standing
  mayWrite: boolean
}

/** How and when it is renewed. */
export function RenewalPanel({ certificate, standing: { validity }, mayWrite }: Props) {
  const [open, setOpen] = useState(false)
  const { renewalMethod, rotationWindowDays } = certificate
  return (
    <Section
      title="Renewal"
      action={
        mayWrite && (
          <Button size="sm" aria-haspopup="dialog" onClick={() => setOpen(true)}>
            Change
          </Button>
        )
      }
    >
      <Panel className="px-4 py-3">
        <Facts>
          <Fact label="Renewed">{renewalLabel[renewalMethod]}</Fact>
          <Fact label="Own window">
            {rotationWindowDays === null ? (
              <span className="text-ink-2">none: what is usual here, or what an API asks for</span>
            ) : (
              `${count(rotationWindowDays, 'day')} before its end`
            )}
          </Fact>
          {validity && (
            <Fact label="Warned of">
              {count(validity.warningDays, 'day')} before its end
              <span className="text-ink-3">, an alert that goes by itself once it is renewed</span>
            </Fact>
          )}
        </Facts>
      </Panel>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <Change certificate={certificate} close={() => setOpen(false)} />}
      </Dialog>
    </Section>
  )
}

const formId = 'change-certificate'
const hints: Readonly<Record<CertificateRecord['renewalMethod'], string>> = {
  'built-in': 'a CA here issues it again',
  'cert-manager': 'cert-manager issues it, its Secret is brought here',
  manual: 'somebody brings a new one',
}

function Change({ certificate, close }: { certificate: CertificateRecord; close: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(certificate.name)
  const [method, setMethod] = useState(certificate.renewalMethod)
  const [days, setDays] = useState(certificate.rotationWindowDays?.toString() ?? '')
  const saving = useMutation({
    mutationFn: (change: CertificateChange) => changeCertificate(certificate, change),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: certificateQueries.all })
      close()
    },
  })
  const problem = saving.error ? asProblem(saving.error) : null
  const window = days.trim() === '' ? null : Number(days)
  const isNumber = window === null || Number.isFinite(window)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isNumber) saving.mutate({ name: name.trim(), renewalMethod: method, rotationWindowDays: window })
  }
  return (
    <DialogContent
      title={`Change ${certificate.name}`}
      description="Its name and renewal; what it shows stays."
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button type="submit" form={formId} variant="primary" busy={saving.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={faultAt(problem, '/name')} required>
          {(control) => (
            <Input
              {...control}
              value={name}
              maxLength={100}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Renewed" error={faultAt(problem, '/renewalMethod')}>
          {(control) => (
            <Select
              {...control}
              value={method}
              onValueChange={(value) => {
                const chosen = renewalMethods.find((each) => each === value)
                if (chosen) setMethod(chosen)
              }}
              options={renewalMethods.map((value) => ({
                value,
                label: renewalLabel[value],
                hint: hints[value],
              }))}
            />
          )}
        </Field>
        <Field
          label="Own window in days"
          description="Days before its end at which it is to be renewed. Empty for what is usual here."
          error={isNumber ? faultAt(problem, '/rotationWindowDays') : notDays}
        >
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              className="tnum"
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          )}
        </Field>
        <FormProblem problem={problem} beside={['/name', '/renewalMethod', '/rotationWindowDays']} />
      </form>
    </DialogContent>
  )
}
