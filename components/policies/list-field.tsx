'use client'
import { Plus, X } from 'lucide-react'
import { useId } from 'react'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { faultAt } from './field-faults.ts'
import { type FormField, startValue } from './form-schema.ts'
import { SchemaField } from './schema-field.tsx'
import { type FormPart, SchemaForm } from './schema-form.tsx'

interface Props extends FormPart {
  name: string
  field: FormField & { type: 'list' }
}

/** Rows that can be added and taken away. */
export function ListField({ name, field, pointer, value, onChange, faults, readOnly }: Props) {
  const id = useId()
  const rows: unknown[] = Array.isArray(value) ? value : []
  const error = faultAt(faults, pointer)
  const replace = (index: number, row: unknown) => onChange(rows.toSpliced(index, 1, row))
  const singular = field.title.replace(/s$/, '').toLowerCase()
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="text-sm font-medium">
        {field.title}
        {field.required && <span className="ml-1.5 text-2xs font-normal text-ink-3">required</span>}
      </legend>
      {field.description && <p className="-mt-1 text-xs text-ink-3">{field.description}</p>}
      {rows.map((row, index) => (
        <Row
          // Rows have no identity of their own; what they hold travels with their place.
          key={index}
          name={name}
          item={field.item}
          title={`${singular} ${index + 1}`}
          pointer={`${pointer}/${index}`}
          value={row}
          onChange={(next) => replace(index, next)}
          onRemove={
            readOnly || rows.length <= field.itemsMin ? null : () => onChange(rows.toSpliced(index, 1))
          }
          faults={faults}
          readOnly={readOnly}
        />
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

interface RowProps extends FormPart {
  name: string
  item: FormField
  title: string
  onRemove: (() => void) | null
}

function Row({ name, item, title, onRemove, ...part }: RowProps) {
  const remove = onRemove && (
    <Button variant="ghost" size="icon-sm" aria-label={`Remove ${title}`} onClick={onRemove}>
      <X aria-hidden />
    </Button>
  )
  if (item.type !== 'group') {
    return (
      <div className="flex items-start gap-1">
        <div className="min-w-0 flex-1 [&_label]:sr-only">
          <SchemaField name={name} field={{ ...item, title }} {...part} />
        </div>
        <span className="pt-1">{remove}</span>
      </div>
    )
  }
  const small = item.members.filter(({ field }) => !field.hidden).length <= 2
  return (
    <div className="relative rounded-md border border-line p-3">
      {remove && <span className="absolute top-1.5 right-1.5 z-10">{remove}</span>}
      <div className={cn(small && onRemove && 'pr-7')}>
        <SchemaForm field={item} {...part} />
      </div>
    </div>
  )
}
