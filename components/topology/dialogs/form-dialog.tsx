'use client'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { asProblem } from '../../shell/problem-error.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogContent } from '../../ui/dialog.tsx'
import { ProblemPanel } from '../../ui/problem-panel.tsx'
import { toast } from '../../ui/toast.tsx'
import { topologyQueries } from '../topology-queries.ts'
import { DraftRefusal } from './drafts.ts'

interface Props {
  title: string
  description?: string
  submit: string
  danger?: boolean
  disabled?: boolean
  /** Does the writing and gives the words of the toast. */
  save: () => Promise<string>
  onClose: () => void
  /** Gets the last refusal, to show it at its field. */
  children: (refusal: DraftRefusal | null) => ReactNode
}

/** A dialog around one write: it closes when the server has said yes, and keeps everything when it says no. */
export function FormDialog({ title, description, submit, danger, disabled, save, onClose, children }: Props) {
  const client = useQueryClient()
  const form = useId()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<DraftRefusal | null>(null)
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefusal(null)
    try {
      const words = await save()
      await client.invalidateQueries({ queryKey: topologyQueries.all })
      toast.success(words)
      onClose()
    } catch (error) {
      // A network that was made on the way is there, whatever came after it.
      void client.invalidateQueries({ queryKey: topologyQueries.all })
      setRefusal(error instanceof DraftRefusal ? error : new DraftRefusal('flow', asProblem(error)))
    } finally {
      setBusy(false)
    }
  }
  const atField = (refusal?.problem.faults.length ?? 0) > 0
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={title}
        {...(description ? { description } : {})}
        footer={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              form={form}
              variant={danger ? 'danger' : 'primary'}
              busy={busy}
              disabled={disabled}
            >
              {submit}
            </Button>
          </>
        }
      >
        <form
          id={form}
          onSubmit={(event) => void onSubmit(event)}
          className="flex flex-col gap-3.5"
          noValidate
        >
          {refusal && !atField && <ProblemPanel problem={refusal.problem} />}
          {children(refusal)}
        </form>
      </DialogContent>
    </Dialog>
  )
}
