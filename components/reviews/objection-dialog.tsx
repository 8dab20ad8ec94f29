'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { SignOff } from '#domain/sign-off.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
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
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <Content signOff={signOff} onDone={() => setOpen(false)} />}
      </Dialog>
    </>
  )
}

function Content({ signOff, onDone }: { signOff: SignOff; onDone: () => void }) {
  const client = useQueryClient()
  const form = useId()
  const [reason, setReason] = useState('')
  const raise = useMutation({
    mutationFn: () => raiseObjection(signOff.id, reason.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: reviewQueries.all })
      onDone()
    },
  })
  return (
    <DialogContent
      title={`Object to the sign-off by ${signOff.by}`}
      description={`${subjectOf(signOff)}: the sign-off is kept and counts no more. What runs goes on.`}
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button
            type="submit"
            form={form}
            variant="danger"
            busy={raise.isPending}
            disabled={reason.trim() === ''}
          >
            Object
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          raise.mutate()
        }}
      >
        {raise.error && <ProblemPanel problem={asProblem(raise.error)} />}
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
      </form>
    </DialogContent>
  )
}
