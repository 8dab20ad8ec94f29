'use client'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Input } from '../ui/input.tsx'
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
      {open && <RequestReview onClose={() => setOpen(false)} />}
    </>
  )
}

const subjects = [
  { value: 'draft', label: 'The draft', hint: 'what the next deployment would make of it' },
  { value: 'deployed', label: 'What is deployed' },
] as const

function RequestReview({ onClose }: { onClose: () => void }) {
  const router = useRouter()
  const { data: gateways = [] } = useQuery(reviewQueries.standings())
  const [chosen, setChosen] = useState<string | null>(null)
  const [of, setOf] = useState<'draft' | 'deployed'>('draft')
  const [note, setNote] = useState('')
  const gatewayId = chosen ?? gateways[0]?.gatewayId ?? ''
  return (
    <FormDialog
      title="Request a review"
      description="Somebody who changed nothing in it signs it off, by the hash of its manifest."
      submit="Request review"
      disabled={gatewayId === ''}
      save={() => requestReview(gatewayId, { of, note: note.trim() })}
      refreshes={[reviewQueries.all]}
      onSaved={(review) => router.push(`/reviews/${review.id}`)}
      onClose={onClose}
    >
      {() => (
        <>
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
        </>
      )}
    </FormDialog>
  )
}
