'use client'
import { CircleAlert } from 'lucide-react'
import { Label as Radix } from 'radix-ui'
import { type ComponentProps, type ReactNode, useId } from 'react'
import { cn } from './class-names.ts'

/** What a control inside a Field must carry so that its label, description and error belong to it. */
export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean | undefined
  'aria-required': boolean | undefined
}

export function Label({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return <Radix.Root {...props} className={cn('text-sm font-medium text-ink', className)} />
}

interface Props {
  label: ReactNode
  description?: ReactNode
  /** Said next to the field and tied to it for screen readers. */
  error?: string | undefined
  required?: boolean
  /** Puts the control before the label on one line, for switches and checkboxes. */
  inline?: boolean
  /** A small thing at the right end of the label. */
  aside?: ReactNode
  className?: string
  children: (control: ControlProps) => ReactNode
}

/** A labelled control with its description above it and its error under it. */
export function Field({
  label,
  description,
  error,
  required = false,
  inline = false,
  aside,
  className,
  children,
}: Props) {
  const id = useId()
  const descriptionId = description ? `${id}-description` : undefined
  const errorId = error ? `${id}-error` : undefined
  const control: ControlProps = {
    id,
    'aria-describedby': [descriptionId, errorId].filter(Boolean).join(' ') || undefined,
    'aria-invalid': error ? true : undefined,
    'aria-required': required || undefined,
  }
  const words = (
    <div className="min-w-0 flex-1">
      <div className="flex items-baseline gap-2">
        <Label htmlFor={id}>
          {label}
          {required && (
            <span className="ml-1.5 text-2xs font-normal text-ink-3" aria-hidden>
              required
            </span>
          )}
        </Label>
        {aside && <span className="ml-auto text-xs text-ink-3">{aside}</span>}
      </div>
      {description && (
        <p id={descriptionId} className="text-xs text-ink-3">
          {description}
        </p>
      )}
    </div>
  )
  return (
    <div className={cn('flex flex-col gap-1', className)} data-invalid={error ? '' : undefined}>
      {inline ? (
        <div className="flex items-start gap-2.5">
          <span className="flex h-5 items-center">{children(control)}</span>
          {words}
        </div>
      ) : (
        <>
          {words}
          {children(control)}
        </>
      )}
      {error && (
        <p id={errorId} role="alert" className="flex items-start gap-1.5 text-xs text-err">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {error}
        </p>
      )}
    </div>
  )
}
