'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'

/** What the server said at a field, by its JSON pointer. */
export type FaultAt = (pointer: string) => string | undefined

interface Props<T> {
  title: string
  description?: string
  submit: string
  danger?: boolean
  disabled?: boolean
  size?: 'sm' | 'md' | 'lg'
  save: () => Promise<T>
  onSaved: (saved: T) => void
  onClose: () => void
  children: (faultAt: FaultAt) => ReactNode
}

/** A dialog around one write of trust: it keeps everything when the server says no. */
export function TrustDialog<T>(props: Props<T>) {
  const { title, description, submit, danger = false, disabled = false, size = 'md' } = props
  const form = useId()
  const client = useQueryClient()
  const saving = useMutation({
    mutationFn: props.save,
    onSuccess: async (saved) => {
      await refreshTrust(client)
      props.onSaved(saved)
    },
  })
  const problem = saving.error ? asProblem(saving.error) : null
  const faultAt = (pointer: string) => problem?.faults.find((fault) => fault.pointer === pointer)?.detail
  return (
    <Dialog open onOpenChange={(open) => !open && props.onClose()}>
      <DialogContent
        title={title}
        size={size}
        {...(description ? { description } : {})}
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button
              type="submit"
              form={form}
              variant={danger ? 'danger' : 'primary'}
              busy={saving.isPending}
              disabled={disabled}
            >
              {submit}
            </Button>
          </>
        }
      >
        <form
          id={form}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            saving.mutate()
          }}
        >
          {problem && problem.faults.length === 0 && <ProblemPanel problem={problem} />}
          {props.children(faultAt)}
        </form>
      </DialogContent>
    </Dialog>
  )
}

/** Asks again for all that trust is shown in. */
export async function refreshTrust(client: ReturnType<typeof useQueryClient>): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['trust'] }),
    client.invalidateQueries({ queryKey: ['topology'] }),
  ])
}
