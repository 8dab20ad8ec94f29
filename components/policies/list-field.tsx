'use client'
import { Plus, X } from 'lucide-react'
import { Fragment, type ReactNode, useId } from 'react'
import { Button } from '../ui/button.tsx'
import { faultAt } from './field-faults.ts'
import type { FieldPart } from './form-part.ts'
import { startValue } from './form-schema.ts'

interface Props extends FieldPart<'list'> {
  /** Draws one row with the button that removes it, where it may be removed. */
  children: (row: FieldPart, remove: ReactNode) => ReactNode
}

/** Rows that can be added and taken away. */
export function ListField({ name, field, pointer, value, onChange, faults, readOnly, children }: Props) {
  const id = useId()
  const rows: unknown[] = Array.isArray(value) ? value : []
  const error = faultAt(faults, pointer)
  const singular = field.title.replace(/s$/, '').toLowerCase()
  const rowTitle = (index: number) => `${singular} ${index + 1}`
  const removable = !readOnly && rows.length > field.itemsMin
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="text-sm font-medium">
        {field.title}
        {field.required && <span className="ml-1.5 text-2xs font-normal text-ink-3">required</span>}
      </legend>
      {field.description && <p className="-mt-1 text-xs text-ink-3">{field.description}</p>}
      {rows.map((row, index) => (
        // Rows have no identity of their own; what they hold travels with their place.
        <Fragment key={index}>
          {children(
            {
              name,
              field: { ...field.item, title: rowTitle(index) },
              pointer: `${pointer}/${index}`,
              value: row,
              onChange: (next) => onChange(rows.toSpliced(index, 1, next)),
              faults,
              readOnly,
            },
            removable && (
              <RemoveButton title={rowTitle(index)} onRemove={() => onChange(rows.toSpliced(index, 1))} />
            ),
          )}
        </Fragment>
      ))}
      {!readOnly && rows.length < field.itemsMax && (
        <Button
          size="sm"
          variant="ghost"
          className="-ml-2 self-start text-accent hover:text-accent"
          data-pointer={`${pointer}/-`}
          onClick={() => onChange([...rows, startValue(field.item)])}
        >
          <Plus aria-hidden />
          Add {singular}
        </Button>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs text-err">
          {error}
        </p>
      )}
    </fieldset>
  )
}

function RemoveButton({ title, onRemove }: { title: string; onRemove: () => void }) {
  return (
    <Button variant="ghost" size="icon-sm" aria-label={`Remove ${title}`} onClick={onRemove}>
      <X aria-hidden />
    </Button>
  )
}
