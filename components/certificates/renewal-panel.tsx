'use client'
import { useState } from 'react'
import type { Standing } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import { renewalMethods } from '#domain/trust.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'
import { Select } from '../ui/select.tsx'
import { daysIn, DaysField } from './days-field.tsx'
import { renewalLabel } from './looks.ts'
import { certificateQueries, changeCertificate } from './queries.ts'

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
      {open && <Change certificate={certificate} close={() => setOpen(false)} />}
    </Section>
  )
}

const hints: Readonly<Record<CertificateRecord['renewalMethod'], string>> = {
  'built-in': 'a CA here issues it again',
  'cert-manager': 'cert-manager issues it, its Secret is brought here',
  manual: 'somebody brings a new one',
}

function Change({ certificate, close }: { certificate: CertificateRecord; close: () => void }) {
  const [name, setName] = useState(certificate.name)
  const [method, setMethod] = useState(certificate.renewalMethod)
  const [days, setDays] = useState(certificate.rotationWindowDays?.toString() ?? '')
  const rotationWindowDays = days.trim() === '' ? null : daysIn(days)
  return (
    <FormDialog
      title={`Change ${certificate.name}`}
      description="Its name and renewal; what it shows stays."
      submit="Save"
      disabled={Number.isNaN(rotationWindowDays ?? 0)}
      fields={['/name', '/renewalMethod', '/rotationWindowDays']}
      save={() =>
        changeCertificate(certificate, { name: name.trim(), renewalMethod: method, rotationWindowDays })
      }
      refreshes={[certificateQueries.all]}
      onSaved={close}
      onClose={close}
    >
      {(faultAt) => (
        <>
          <Field label="Name" error={faultAt('/name')} required>
            {(control) => (
              <Input
                {...control}
                value={name}
                maxLength={100}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="Renewed" error={faultAt('/renewalMethod')}>
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
          <DaysField
            label="Own window in days"
            description="Days before its end at which it is to be renewed. Empty for what is usual here."
            text={days}
            setText={setDays}
            isOptional
            error={faultAt('/rotationWindowDays')}
          />
        </>
      )}
    </FormDialog>
  )
}
