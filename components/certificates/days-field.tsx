'use client'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'

interface Props {
  label: string
  description?: string
  /** What was typed, which may be anything. */
  text: string
  setText: (text: string) => void
  /** What the server said of it. */
  error: string | undefined
  /** Whether nothing may stand there. */
  isOptional?: boolean
}

/** A field for a number of days. */
export function DaysField({ label, description, text, setText, error, isOptional = false }: Props) {
  const isFine = !Number.isNaN(daysIn(text)) || (isOptional && text.trim() === '')
  return (
    <Field
      label={label}
      description={description}
      error={isFine ? error : 'Give a number of days, such as 30.'}
    >
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          className="tnum"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </Field>
  )
}

/** The number of days that was typed; NaN where it is none. */
export function daysIn(text: string): number {
  const days = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(days) ? days : Number.NaN
}
