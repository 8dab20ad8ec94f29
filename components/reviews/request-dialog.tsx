'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useId, useState } from 'react'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Select } from '../ui/select.tsx'
import { requestReview, reviewQueries } from './queries.ts'

/** Asks others to judge a draft, or what is deployed. */
export function RequestReviewButton() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="primary" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Request review
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <RequestForm />}
      </Dialog>
    </>
  )
}

const subjects = [
  { value: 'draft', label: 'The draft', hint: 'what the next deployment would make of it' },
  { value: 'deployed', label: 'What is deployed' },
] as const

function RequestForm() {
  const router = useRouter()
  const client = useQueryClient()
  const form = useId()
  const { data: gateways = [] } = useQuery(reviewQueries.standings())
  const [chosen, setChosen] = useState<string | null>(null)
  const [of, setOf] = useState<'draft' | 'deployed'>('draft')
  const [note, setNote] = useState('')
  const gatewayId = chosen ?? gateways[0]?.gatewayId ?? ''
  const ask = useMutation({
    mutationFn: () => requestReview(gatewayId, { of, note: note.trim() }),
    onSuccess: async (review) => {
      await client.invalidateQueries({ queryKey: reviewQueries.all })
      router.push(`/reviews/${review.id}`)
    },
  })
  return (
    <DialogContent
      title="Request a review"
      description="Somebody who changed nothing in it signs it off, by the hash of its manifest."
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={ask.isPending}
            disabled={gatewayId === ''}
          >
            Request review
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          ask.mutate()
        }}
      >
        {ask.error && <ProblemPanel problem={asProblem(ask.error)} />}
        <Field label="Gateway">
          {(control) => (
            <Select
              {...control}
              value={gatewayId}
              onValueChange={setChosen}
              options={gateways.map(({ gatewayId: value, gatewayName: label }) => ({ value, label }))}
            />
          )}
        </Field>
        <Field label="What">
          {(control) => (
            <Select
              {...control}
              value={of}
              onValueChange={(value) => setOf(value === 'deployed' ? 'deployed' : 'draft')}
              options={subjects}
            />
          )}
        </Field>
        <Field label="What to look at" description="Shown to whoever reviews it.">
          {(control) => (
            <Input
              {...control}
              value={note}
              maxLength={500}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
      </form>
    </DialogContent>
  )
}
