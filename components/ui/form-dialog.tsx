'use client'
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { asProblem, type ProblemError } from '../shell/problem-error.ts'
import { Button } from './button.tsx'
import { Dialog, DialogClose, DialogContent } from './dialog.tsx'
import { ProblemPanel } from './problem-panel.tsx'

/** What the server said of a field, by its JSON pointer, with what lies inside of it. */
export type FaultAt = (pointer: string) => string | undefined

interface FormContentProps<T> {
  title: string
  description?: string
  size?: 'sm' | 'md' | 'lg' | 'xl'
  /** The word on the button that writes; null where there is nothing to be done. */
  submit: string | null
  /** The word on the button that leaves. */
  cancel?: string
  danger?: boolean
  disabled?: boolean
  /** Stands beside the buttons; what is typed there belongs to the form of this id. */
  foot?: (form: string) => ReactNode
  /** The pointers whose faults stand at their fields, so that the whole problem need not be shown for them. */
  fields?: readonly string[]
  save: () => Promise<T>
  /** What is asked for again once it is written. */
  refreshes?: readonly QueryKey[]
  onSaved: (saved: T) => void
  children: (faultAt: FaultAt) => ReactNode
}

export interface FormDialogProps<T> extends FormContentProps<T> {
  onClose: () => void
}

/** A dialog around one write: it ends when the server has said yes, and keeps everything when it says no. */
export function FormDialog<T>({ onClose, ...content }: FormDialogProps<T>) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <FormContent {...content} />
    </Dialog>
  )
}

/** The same inside of a dialog that shows other things before or after. */
export function FormContent<T>(props: FormContentProps<T>) {
  const { title, description, size = 'md', disabled = false, fields = [] } = props
  const form = useId()
  const client = useQueryClient()
  const saving = useMutation({
    mutationFn: props.save,
    onSuccess: async (saved) => {
      const refreshes = props.refreshes ?? []
      await Promise.all(refreshes.map((queryKey) => client.invalidateQueries({ queryKey })))
      props.onSaved(saved)
    },
  })
  const problem = saving.error ? asProblem(saving.error) : null
  return (
    <DialogContent
      title={title}
      size={size}
      {...(description ? { description } : {})}
      footer={
        <>
          {props.foot?.(form)}
          <DialogClose asChild>
            <Button>{props.cancel ?? 'Cancel'}</Button>
          </DialogClose>
          {props.submit !== null && (
            <Button
              type="submit"
              form={form}
              variant={props.danger ? 'danger' : 'primary'}
              busy={saving.isPending}
              disabled={disabled}
            >
              {props.submit}
            </Button>
          )}
        </>
      }
    >
      <form
        id={form}
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          // Enter in a field does what the button does, and nothing where that cannot be pressed.
          if (props.submit !== null && !disabled && !saving.isPending) saving.mutate()
        }}
      >
        <FormProblem problem={problem} fields={fields} />
        {props.children((pointer) => faultAt(problem, pointer))}
      </form>
    </DialogContent>
  )
}

/** What the server said of a field, with what lies inside of it. */
export function faultAt(problem: ProblemError | null, pointer: string): string | undefined {
  return problem?.faults.find((fault) => isWithin(fault.pointer, pointer))?.detail
}

/** A problem that no field of the form says. */
export function FormProblem({
  problem,
  fields,
}: {
  problem: ProblemError | null
  fields: readonly string[]
}) {
  if (!problem || areAllSaid(problem, fields)) return null
  return <ProblemPanel problem={problem} />
}

function areAllSaid({ faults }: ProblemError, fields: readonly string[]): boolean {
  return faults.length > 0 && faults.every(({ pointer }) => fields.some((field) => isWithin(pointer, field)))
}

function isWithin(pointer: string, field: string): boolean {
  return pointer === field || pointer.startsWith(`${field}/`)
}
