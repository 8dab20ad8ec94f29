'use client'
import { useState } from 'react'
import { z } from 'zod'
import { dayMs } from '#domain/certificate.ts'
import type { FindingView } from '#domain/topology.ts'
import { nothing, send, sendJson } from '../../shell/api.ts'
import { useShell } from '../../shell/shell-context.tsx'
import { Field } from '../../ui/field.tsx'
import { Input } from '../../ui/input.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { findingTitle } from '#diagram/looks.ts'
import { TopologyForm } from './topology-form.tsx'

interface Props {
  finding: FindingView
  onClose: () => void
}

const daysUsual = 90
const accepted = z.object({ until: z.string() })

/** Somebody answers for a finding until the end of a day, after which it is back. */
export function AcceptDialog({ finding, onClose }: Props) {
  const { account } = useShell()
  const [owner, setOwner] = useState(finding.accepted?.owner ?? account.name)
  const [reason, setReason] = useState(finding.accepted?.reason ?? '')
  const [day, setDay] = useState(finding.accepted?.until.slice(0, 10) ?? dayIn(daysUsual))
  return (
    <TopologyForm
      title={`Accept: ${findingTitle[finding.code]}`}
      description={finding.why}
      submit="Accept"
      fields={['/owner', '/reason', '/until']}
      disabled={owner.trim() === '' || reason.trim() === '' || day === ''}
      onClose={onClose}
      save={async () => {
        const body = { findingId: finding.id, severity: finding.severity, owner, reason, until: endOf(day) }
        await sendJson('POST', '/acceptances', body, accepted)
        return `${owner} answers for it until ${day}`
      }}
    >
      {(faultAt) => (
        <>
          <Field label="Who answers for it" required error={faultAt('/owner')}>
            {(control) => (
              <Input {...control} value={owner} onChange={(event) => setOwner(event.target.value)} />
            )}
          </Field>
          <Field label="Reason" required error={faultAt('/reason')}>
            {(control) => (
              <Textarea
                {...control}
                rows={3}
                autoFocus
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
          <Field
            label="Until the end of"
            description="Then it is back, and sooner should it become graver."
            required
            error={faultAt('/until')}
          >
            {(control) => (
              <Input
                {...control}
                type="date"
                min={dayIn(0)}
                value={day}
                onChange={(event) => setDay(event.target.value)}
              />
            )}
          </Field>
        </>
      )}
    </TopologyForm>
  )
}

/** Takes back what somebody answered for. */
export function WithdrawDialog({ finding, onClose }: Props) {
  return (
    <TopologyForm
      title="Withdraw the acceptance?"
      submit="Withdraw"
      danger
      onClose={onClose}
      save={async () => {
        await send(`/acceptances/${finding.accepted?.id ?? ''}`, nothing, { method: 'DELETE' })
        return 'The finding is back'
      }}
    >
      {() => (
        <p className="text-sm text-ink-2">
          {findingTitle[finding.code]}: nobody answers for it any more, and it counts again at once.
        </p>
      )}
    </TopologyForm>
  )
}

function dayIn(days: number): string {
  return new Date(Date.now() + days * dayMs).toISOString().slice(0, 10)
}

function endOf(day: string): string {
  return `${day}T23:59:59.999Z`
}
