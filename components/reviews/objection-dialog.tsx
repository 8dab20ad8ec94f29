'use client'
import { useState } from 'react'
import type { SignOff } from '#domain/sign-off.ts'
import { Field } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Textarea } from '../ui/textarea.tsx'
import { subjectOf } from './looks.ts'
import { raiseObjection, reviewQueries } from './queries.ts'

/** Says something against a sign-off, after which it counts no more. */
export function ObjectionButton({ signOff }: { signOff: SignOff }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="rounded-sm text-ink-3 hover:text-err"
      >
        Object
      </button>
      {open && <Objection signOff={signOff} onClose={() => setOpen(false)} />}
    </>
  )
}

function Objection({ signOff, onClose }: { signOff: SignOff; onClose: () => void }) {
  const [reason, setReason] = useState('')
  return (
    <FormDialog
      title={`Object to the sign-off by ${signOff.by}`}
      description={`${subjectOf(signOff)}: the sign-off is kept and counts no more. What runs goes on.`}
      submit="Object"
      danger
      disabled={reason.trim() === ''}
      save={() => raiseObjection(signOff.id, reason.trim())}
      refreshes={[reviewQueries.all]}
      onSaved={onClose}
      onClose={onClose}
    >
      {() => (
        <Field label="Why" required>
          {(control) => (
            <Textarea
              {...control}
              rows={3}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
      )}
    </FormDialog>
  )
}
